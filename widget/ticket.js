/**
 * The customer's page, for who comes from a letter: what is signed in its address is traded for a token,
 * and the chat goes on with that conversation, filling the page. The signed part stands behind the `#`, so
 * it is sent to nobody but in the body of that one request.
 */
import { fill } from './words/fill.js';
import { TICKET_WORDS } from './words/ticket.js';

/** The chat fills the page below its head, whatever its usual place. */
const FULL_PAGE = `
.launcher, .hint, .hours { display: none; }
.panel { position: fixed; inset: var(--head) 0 0; margin-inline: auto; inline-size: auto; block-size: auto; max-inline-size: 760px; max-block-size: none; border-radius: 12px 12px 0 0; }
.panel .head { display: none; }
@media (max-width: 480px), (max-height: 420px) { .panel { border-radius: 0; } }
`;

const time = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long', hour: 'numeric', minute: '2-digit' });

const title = /** @type {HTMLElement} */ (document.querySelector('#title'));
const state = /** @type {HTMLElement} */ (document.querySelector('#state'));

/** @param {string} words */
function say(words) {
  if (state.textContent !== words) state.textContent = words;
}

/**
 * How it stands, in words. Where nothing was promised the server does not say anew whose turn it is with every
 * message: who has the last word tells it.
 *
 * @param {import('./chat/wire.js').Standing} standing
 * @param {import('./chat/wire.js').Message[]} messages
 */
function words(standing, messages) {
  const by = standing.answer_by;
  if (standing.state === 'closed') return TICKET_WORDS.closed;
  if (standing.state === 'resolved') return TICKET_WORDS.resolved;
  if (!by) return messages.at(-1)?.from === 'customer' || (standing.awaiting && !messages.length) ? TICKET_WORDS.awaiting : TICKET_WORDS.pending;
  return by > Date.now() ? fill(TICKET_WORDS.awaiting_by, { by: time.format(by) }) : TICKET_WORDS.late;
}

/**
 * The conversation that the link names; nothing where it cannot be had, which is said.
 *
 * @param {string} link
 */
async function opened(link) {
  let answer;
  try {
    answer = await fetch('/v1/tickets', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ link }) });
  } catch {
    return say(TICKET_WORDS.unreachable);
  }
  if (answer.status === 201) return answer.json();
  say(answer.status === 429 ? TICKET_WORDS.busy : answer.status < 500 ? TICKET_WORDS.wrong : TICKET_WORDS.unreachable);
}

/** The chat's button with its shadow root, once its script has come. */
async function launcher() {
  const script = document.createElement('script');
  // Where scripts have to be of a trusted address, this one is.
  const address = { createScriptURL: () => '/widget.js' };
  const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy('threadline-ticket', address) ?? address;
  script.src = policy.createScriptURL('');
  const failed = new Promise((_, reject) => {
    script.onerror = reject;
  });
  document.head.append(script);
  await Promise.race([failed, customElements.whenDefined('threadline-chat')]);
  for (;;) {
    const button = /** @type {import('./widget.js').Launcher | null} */ (document.querySelector('threadline-chat'));
    if (button?.shadowRoot) return button;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function begin() {
  const found = await opened(location.hash.slice(1));
  if (!found) return;
  const { conversation, token } = found;
  const number = fill(TICKET_WORDS.title, { n: conversation.number });
  title.textContent = document.title = number;
  try {
    const button = await launcher();
    const style = new CSSStyleSheet();
    style.replaceSync(FULL_PAGE);
    const root = /** @type {ShadowRoot} */ (button.shadowRoot);
    const chat = await button.load();
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, style];
    const fit = () => button.style.setProperty('--head', `${document.querySelector('header')?.offsetHeight ?? 0}px`);
    const show = chat.show.bind(chat);
    chat.show = () => {
      show();
      if (chat.talk.standing) say(words(chat.talk.standing, chat.talk.list()));
      fit();
    };
    // This page is the conversation: there is nothing to close it for.
    chat.close = () => {};
    chat.talk.take({ ...conversation, token });
    chat.open();
    globalThis.addEventListener('resize', fit);
    fit();
  } catch {
    say(TICKET_WORDS.unreachable);
  }
}

globalThis.addEventListener('hashchange', () => location.reload());
void begin();
