/**
 * The loader: what `<script src="https://chat.example.com/widget.js" async></script>` runs. Draws
 * the button at the bottom right and nothing else; the chat itself comes with the first click, or
 * when the page is idle for somebody who has a conversation already. The page gets one new name,
 * `Threadline`, with `open()`, `close()` and `identify({ campaign_id: 'cp100', token: '…' })`; the script tag's
 * `data-*` attributes say the same from the start, and `(window.Threadline ||= []).push({ … })` does
 * wherever the page is.
 *
 * build.rs puts the modules this imports into one classic script, since only such a script can
 * learn where it came from.
 */
import { dress, h, icon } from './dom.js';
import { fill } from './words/fill.js';
import { BUTTON_WORDS } from './words/loader.js';
import { shy } from './loader/always.js';

/** The chat of the same build. */
const CHAT = '/assets/chat-HASH.js';

/** Whatever chat the server has now: for a loader that outlived an upgrade in a browser's cache. */
const CHAT_NOW = '/assets/chat.js';

/** Longest that a busy page keeps the button waiting. */
const IDLE_MS_MAX = 2_000;

const BUBBLE = 'M4 5.5A1.5 1.5 0 0 1 5.5 4h13A1.5 1.5 0 0 1 20 5.5v9a1.5 1.5 0 0 1-1.5 1.5H11l-4.5 4v-4h-1A1.5 1.5 0 0 1 4 14.5Z';
const CROSS = 'M6 6l12 12M18 6L6 18';

// `all: initial` keeps the page's style out, and being important keeps out even `* { … !important }`:
// between two important rules the inner one wins. The page may set the two colours.
const CSS = `
:host { all: initial !important; position: static !important; }
.root { --accent: var(--threadline-accent, #2a5bd0); --on-accent: var(--threadline-on-accent, #fff);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; text-align: start; }
[hidden] { display: none !important; }
svg { inline-size: 24px; block-size: 24px; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; display: block; }
.launcher { position: fixed; z-index: 2147483000; inset-block-end: calc(20px + env(safe-area-inset-bottom)); inset-inline-end: calc(20px + env(safe-area-inset-right));
  inline-size: 56px; block-size: 56px; padding: 0; border: 0; border-radius: 50%; display: grid; place-items: center; cursor: pointer;
  background: var(--accent); color: var(--on-accent); box-shadow: 0 2px 6px #0003, 0 6px 20px #0003; }
.launcher:hover { filter: brightness(1.08); }
.launcher:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; box-shadow: 0 0 0 3px #fff; }
.launcher[aria-busy=true] svg { opacity: .55; }
.badge { position: absolute; inset-block-start: -4px; inset-inline-end: -4px; box-sizing: border-box; min-inline-size: 22px; padding: 0 6px; border: 2px solid #fff; border-radius: 11px;
  background: #b3261e; color: #fff; font: 600 12px/18px system-ui, sans-serif; text-align: center; }
.hint { position: fixed; z-index: 2147483000; inset-block-end: 88px; inset-inline-end: 20px; max-inline-size: 240px; margin: 0; padding: 10px 14px; border-radius: 10px;
  background: #1c2128; color: #fff; box-shadow: 0 6px 20px #0004; }
.hint:empty { padding: 0; }
.sr { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (prefers-reduced-motion: no-preference) {
  .launcher { transition: filter .15s; }
  .launcher[aria-busy=true] svg { animation: wait 1s ease-in-out infinite alternate; }
  @keyframes wait { to { opacity: 1; } }
}
@media print { .root { display: none; } }
`;

const tag = /** @type {HTMLScriptElement} */ (document.currentScript);

/** @type {string} */
const base = new URL(tag.src).origin;

/** The button, and the shadow root in which the chat will live. */
export class Launcher extends HTMLElement {
  constructor() {
    super();
    /** Where the server is. */
    this.base = base;
    /** What the page says of the customer, one after the other. @type {Record<string, unknown>[]} */
    this.told = [{ ...tag.dataset }];
    this.badge = h('span', { class: 'badge', 'aria-hidden': 'true', hidden: true });
    this.picture = h('span', {}, icon(BUBBLE));
    this.button = h(
      'button',
      { class: 'launcher', type: 'button', 'aria-haspopup': 'dialog', 'aria-expanded': 'false', onclick: () => this.toggle() },
      this.picture,
      this.badge,
    );
    this.hint = h('p', { class: 'hint', role: 'status' });
    /** What a screen reader hears of messages that come while the chat is closed. */
    this.heard = h('span', { class: 'sr', role: 'status' });
    /** Where the chat puts its panel. */
    this.root = h('div', { class: 'root' }, this.button, this.hint, this.heard);
    this.unread = 0;
    this.expanded = false;
    /** @type {Promise<import('./chat/chat.js').Chat> | null} */
    this.chat = null;
    const shadow = this.attachShadow({ mode: 'open' });
    dress(shadow, CSS);
    shadow.append(this.root);
    this.label();
  }

  /** Opens the chat, or closes it. */
  toggle(open = !this.expanded) {
    if (!open && !this.chat) return;
    this.button.setAttribute('aria-busy', 'true');
    this.hint.textContent = '';
    return this.load()
      .then((chat) => (open ? chat.open() : chat.close()))
      .catch(() => {
        this.hint.textContent = BUTTON_WORDS.load_failed;
      })
      .finally(() => this.button.removeAttribute('aria-busy'));
  }

  /** The chat, fetched once. What failed is tried again at the next call. */
  load() {
    this.chat ??= import(base + CHAT)
      // A browser may remember that an address failed, so the second try has one of its own.
      .catch(() => import(`${base}${CHAT_NOW}?${Date.now()}`))
      .then((module) => module.start(this))
      .catch((error) => {
        this.chat = null;
        throw error;
      });
    return this.chat;
  }

  /**
   * Takes in what the page knows of the customer.
   *
   * @param {unknown} said
   */
  tell(said) {
    this.told.push({ .../** @type {object} */ (Object(said)) });
    this.chat?.then((chat) => chat.learned()).catch(() => {});
  }

  /**
   * Shows how many messages wait to be read.
   *
   * @param {number} unread
   */
  count(unread) {
    this.unread = unread;
    this.badge.hidden = !unread;
    this.badge.textContent = unread > 99 ? '99+' : String(unread);
    this.label();
  }

  /**
   * Shows that the chat is open or closed.
   *
   * @param {boolean} expanded
   */
  expand(expanded) {
    this.expanded = expanded;
    this.button.setAttribute('aria-expanded', String(expanded));
    this.picture.replaceChildren(icon(expanded ? CROSS : BUBBLE));
    this.label();
  }

  label() {
    const { expanded, unread } = this;
    const sentence = expanded ? BUTTON_WORDS.close : unread > 1 ? BUTTON_WORDS.open_unread : unread ? BUTTON_WORDS.open_unread_one : BUTTON_WORDS.open;
    const words = fill(sentence, { n: unread });
    this.button.setAttribute('aria-label', words);
    const heard = unread && !expanded ? words : '';
    // Written anew it would be heard anew.
    if (this.heard.textContent !== heard) this.heard.textContent = heard;
  }
}

/**
 * Puts the button on the page, and says when the page is ready for the rest.
 *
 * @param {unknown[]} waiting  what the page said before there was anybody to listen
 */
function begin(waiting) {
  customElements.define('threadline-chat', Launcher);
  const launcher = new Launcher();
  shy?.(launcher);
  const place = () => launcher.isConnected || document.body.append(launcher);
  /** @param {() => void} work */
  const idle = (work) => ('requestIdleCallback' in globalThis ? requestIdleCallback(work, { timeout: IDLE_MS_MAX }) : setTimeout(work, 50));
  const key = `threadline:${base}:conversation`;
  const resume = () => {
    try {
      if (localStorage.getItem(key)) launcher.load().catch(() => {});
    } catch {
      // Storage is blocked, so there is nothing to resume.
    }
  };

  if (document.readyState === 'loading') addEventListener('DOMContentLoaded', () => idle(place), { once: true });
  else idle(place);
  if (document.readyState === 'complete') idle(resume);
  else addEventListener('load', () => idle(resume), { once: true });
  // A conversation begun in another tab is this tab's too.
  addEventListener('storage', (event) => event.key === key && event.newValue && resume());

  /** @param {unknown[]} said */
  const tell = (...said) => said.forEach((one) => launcher.tell(one));
  tell(...waiting);
  Object.defineProperty(globalThis, 'Threadline', {
    writable: false,
    configurable: false,
    value: Object.freeze({
      /** Says what the page knows of the customer: `name`, `email`, what the site signed as `token`, and any ids; later words replace earlier ones. */
      identify: tell,
      /** The same, for a page that may speak before this script runs. */
      push: tell,
      /** Opens the chat. */
      open() {
        place();
        return launcher.toggle(true);
      },
      /** Closes the chat. */
      close() {
        return launcher.toggle(false);
      },
    }),
  });
}

const early = /** @type {any} */ (globalThis).Threadline;
if (!early || Array.isArray(early)) begin(early ?? []);
