/**
 * The page of sessions: who comes from a letter trades what is signed in its address for a token; who comes by
 * a link of the site's says who he is and what it is about, which opens a conversation. Then he chooses a time.
 */
import { h } from './dom.js';
import { SESSION_WORDS } from './words/session.js';
import { Picker } from './session/picker.js';

/** How long an answer is waited for. */
const PATIENCE_MS = 20_000;

const place = /** @type {HTMLElement} */ (document.querySelector('main'));

/** Why something was not done, in words for the customer. */
class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} why
   */
  constructor(status, why) {
    super(why);
    this.status = status;
    this.why = why;
  }
}

/**
 * @param {string} method
 * @param {string} path
 * @param {string} [token]
 * @param {object} [body]
 */
async function ask(method, path, token, body) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (token) headers.authorization = `Bearer ${token}`;
  if (body) headers['content-type'] = 'application/json';
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(PATIENCE_MS) });
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  throw new Refusal(answer.status, String(said.detail ?? SESSION_WORDS.failed));
}

/** @param {string} words */
function say(words) {
  place.replaceChildren(h('p', { role: 'alert' }, words));
}

/** @param {string} token */
function choose(token) {
  const picker = new Picker((method, path, body) => ask(method, path, token, body));
  place.replaceChildren(picker.element);
  return picker.look();
}

/** Who he is, and what it is about: what opens a conversation. */
async function introduce() {
  const site = await ask('GET', '/v1/site');
  const topics = site.topics.filter((/** @type {{ sessions: boolean }} */ topic) => topic.sessions);
  if (!topics.length) return say(SESSION_WORDS.offered);
  const wanted = new URLSearchParams(location.search).get('topic');
  const name = h('input', { id: 'name', name: 'name', autocomplete: 'name', maxlength: 120 });
  const email = h('input', { id: 'email', name: 'email', type: 'email', autocomplete: 'email', maxlength: 254, required: true });
  const topic = h('select', { id: 'topic' }, ...topics.map((/** @type {{ id: string, label: string }} */ { id, label }) => h('option', { value: id, selected: id === wanted }, label)));
  const trouble = h('p', { class: 'why bad', role: 'alert' });
  const start = async (/** @type {Event} */ event) => {
    event.preventDefault();
    trouble.textContent = '';
    try {
      const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
      const said = { topic: topic.value, name: name.value.trim() || null, email: email.value.trim(), language: navigator.language, time_zone: timeZone };
      const { token } = await ask('POST', '/v1/conversations', undefined, said);
      await choose(token);
    } catch (error) {
      trouble.textContent = error instanceof Refusal ? error.why : SESSION_WORDS.failed;
    }
  };
  const row = (/** @type {string} */ id, /** @type {string} */ label, /** @type {HTMLElement} */ field) => h('p', {}, h('label', { for: id }, label), field);
  place.replaceChildren(
    h('form', { onsubmit: start }, row('topic', SESSION_WORDS.topic, topic), row('name', SESSION_WORDS.name, name), row('email', SESSION_WORDS.email, email), h('button', { class: 'go' }, SESSION_WORDS.start), trouble),
  );
}

async function begin() {
  document.title = SESSION_WORDS.title;
  const link = location.hash.slice(1);
  try {
    if (!link) return await introduce();
    const { token } = await ask('POST', '/v1/tickets', undefined, { link });
    await choose(token);
  } catch (error) {
    say(link && error instanceof Refusal && error.status < 429 ? SESSION_WORDS.wrong : SESSION_WORDS.failed);
  }
}

globalThis.addEventListener('hashchange', () => location.reload());
void begin();
