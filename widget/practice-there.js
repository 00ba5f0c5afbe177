/**
 * Who is at the practice desk, where the chat is open only while somebody is: who they are, and the button with which
 * the agent comes and goes. It is asked every few seconds, because others come and go as well.
 */

const LOOK_EVERY_MS = 3_000;

/**
 * @typedef {{ asks: boolean, there: string[] }} There
 * @param {HTMLElement} element  what is shown, hidden where it does not matter who is there
 * @param {HTMLInputElement} agent  who uses the page
 * @param {(method: string, path: string, body?: object) => Promise<any>} ask
 */
export function followPresence(element, agent, ask) {
  const button = /** @type {HTMLButtonElement} */ (element.querySelector('button'));
  const who = /** @type {HTMLElement} */ (element.querySelector('span'));
  const name = () => agent.value.trim();
  /** @param {There} presence */
  const show = ({ asks, there }) => {
    element.hidden = !asks;
    const is_there = there.includes(name());
    button.textContent = is_there ? 'I am away' : 'I am here';
    button.setAttribute('aria-pressed', String(is_there));
    const words = there.length ? `Here: ${there.join(', ')}` : 'Nobody is here: the chat is closed';
    if (who.textContent !== words) who.textContent = words;
  };
  const look = async () => show(await ask('GET', 'presence'));
  button.addEventListener('click', () => {
    const is_there = button.getAttribute('aria-pressed') !== 'true';
    ask('POST', 'presence', { agent: name(), is_there }).then(show, ({ message }) => {
      who.textContent = message;
    });
  });
  agent.addEventListener('change', () => void look().catch(() => {}));
  const round = () => look().catch(() => {}).finally(() => setTimeout(round, LOOK_EVERY_MS));
  void round();
}
