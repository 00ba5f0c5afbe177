/**
 * The conversation on the screen: messages in their order with days between them, each with what
 * became of it. A message keeps its element as long as it lives, so that a screen reader hears each
 * once and a selection survives.
 *
 * @typedef {import('./wire.js').Message} Message
 * @typedef {import('./outbox.js').Entry} Entry
 * @typedef {{ id: string, from: 'customer' | 'agent', name: string, at: number, message?: Message, entry?: Entry }} Item
 */
import { h } from '../dom.js';
import { WORDS } from '../words/chat.js';
import { fill } from '../words/fill.js';
import { bodyNodes, plainText } from './body.js';

/** Messages of one person within this time stand together under one name. */
const TOGETHER_MS = 5 * 60_000;

/** How near to the end counts as at the end, in pixels. */
const END_PX = 40;

/** How much of a message has to be in view to count as seen, in pixels. */
const SEEN_PX = 24;

const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const calendar = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });

/** The list of messages. */
export class Log {
  /**
   * @param {import('./outbox.js').Outbox} outbox
   * @param {import('./attach.js').Attach} attach
   * @param {() => void} moved  what is in view may be different
   */
  constructor(outbox, attach, moved) {
    this.outbox = outbox;
    this.attach = attach;
    this.moved = moved;
    this.news = h('button', { class: 'news', type: 'button', hidden: true, onclick: () => this.toEnd() }, WORDS.news);
    this.list = h('div', {
      class: 'log',
      role: 'log',
      'aria-live': 'polite',
      'aria-label': WORDS.conversation,
      tabindex: 0,
      onscroll: () => {
        this.following = this.#atEnd();
        if (this.following) this.news.hidden = true;
        moved();
      },
    });
    this.element = h('div', { class: 'log-frame' }, this.list, this.news);
    /** By what they show. @type {Map<string, Row>} */
    this.rows = new Map();
    /** True while the end is to be kept in view. */
    this.following = true;
  }

  /**
   * Shows these messages, and the waiting ones below them.
   *
   * @param {Message[]} messages
   * @param {Entry[]} entries
   * @param {boolean} stuck    whether what waits can't be sent right now
   * @param {boolean} settled  false while the history is still coming
   */
  show(messages, entries, stuck, settled) {
    /** @type {Item[]} */
    const items = messages.map((message) => ({ ...message, id: message.key ?? message.id, name: message.name ?? WORDS.agent, message }));
    for (const entry of entries) items.push({ id: entry.key, from: 'customer', name: '', at: entry.at, entry });
    // A screen reader is not to read out the whole history.
    this.list.setAttribute('aria-live', settled ? 'polite' : 'off');

    const before = this.rows;
    this.rows = new Map();
    let fresh = false;
    /** @type {Element | null} */
    let next = this.list.firstElementChild;
    /**
     * The row of this name, in its place.
     *
     * @param {string} id
     */
    const row = (id) => {
      const row = before.get(id) ?? new Row();
      before.delete(id);
      this.rows.set(id, row);
      if (row.element === next) next = next.nextElementSibling;
      else this.list.insertBefore(row.element, next);
      return row;
    };

    let day = '';
    items.forEach((item, i) => {
      const date = new Date(item.at);
      if (date.toDateString() !== day) {
        day = date.toDateString();
        row(`day ${day}`).showDay(dayName(date));
      }
      fresh ||= !before.has(item.id);
      row(item.id).show(item, !together(items[i - 1], item), !together(item, items[i + 1]), stuck, this);
    });
    for (const { element } of before.values()) element.remove();

    if (this.following) this.toEnd();
    else if (fresh) this.news.hidden = false;
    this.moved();
  }

  /** Goes to the end, and stays there when something is added. */
  toEnd() {
    this.following = true;
    this.news.hidden = true;
    this.list.scrollTop = this.list.scrollHeight;
  }

  /**
   * Goes to where reading has to go on: the first unread message, or the end if that shows it too.
   *
   * @param {Message | undefined} unread
   */
  toUnread(unread) {
    this.toEnd();
    const element = unread && this.rows.get(unread.id)?.element;
    if (!element || element.offsetTop >= this.list.scrollTop) return;
    this.list.scrollTop = element.offsetTop - END_PX;
  }

  /**
   * Up to which change everything has been in view, given the unread messages.
   *
   * @param {Message[]} unread
   * @param {number} rev  the last change
   */
  seenUpTo(unread, rev) {
    if (this.#atEnd()) return rev;
    const end = this.list.scrollTop + this.list.clientHeight - SEEN_PX;
    const below = unread.filter((message) => (this.rows.get(message.id)?.element.offsetTop ?? Infinity) > end);
    return Math.min(rev, ...below.map((message) => message.rev - 1));
  }

  #atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.list;
    return scrollHeight - scrollTop - clientHeight < END_PX;
  }
}

/** One row of the list. Its parts are replaced only when they say something else. */
class Row {
  constructor() {
    this.element = h('div');
    /** @type {Map<string, { sign: string, node: HTMLElement }>} */
    this.parts = new Map();
  }

  /** @param {string} name */
  showDay(name) {
    this.element.className = 'day';
    this.#part(name, 'day', this.element, () => h('span', {}, name));
  }

  /**
   * @param {Item} item
   * @param {boolean} first  of those that stand together
   * @param {boolean} last
   * @param {boolean} stuck
   * @param {Log} log
   */
  show({ from, name, at, message, entry }, first, last, stuck, { outbox, attach }) {
    const gone = message?.state === 'withdrawn';
    const bad = entry?.failed !== undefined || message?.state === 'refused';
    const late = message?.state === 'late';
    const loud = last || entry || bad || message?.edited;
    this.element.className = `row ${from}${first ? ' first' : ''}${loud ? ' loud' : ''}`;

    const agent = from === 'agent';
    if (agent) this.#part(`${first} ${message?.picture} ${name}`, 'face', this.element, () => (first ? face(name, message?.picture) : h('div', { class: 'face' })));
    const what = this.#part('', 'what', this.element, () => h('div', { class: 'what' }));
    if (agent) this.#part(name, 'who', what, () => h('div', { class: 'who', dir: 'auto', 'aria-hidden': 'true' }, name));

    /** @type {import('./wire.js').Block[]} */
    const body = entry || gone ? [{ t: 'p', c: [{ t: 'text', v: entry?.text ?? WORDS.withdrawn }] }] : (message?.body ?? []);
    const speaker = () => h('span', { class: 'sr' }, fill(WORDS.says, { name: agent ? name : WORDS.you }));
    const files = gone ? [] : ((entry ?? message)?.files ?? []);
    const says = !files.length || (entry ? entry.text : plainText(body).trim());
    this.#part(JSON.stringify([gone, body, Boolean(says)]), 'bubble', what, () =>
      says ? h('div', { class: `bubble${gone ? ' gone' : ''}` }, speaker(), ...bodyNodes(body)) : h('span', { hidden: true }),
    );
    this.#part(JSON.stringify([files, Boolean(attach.files)]), 'files', what, () =>
      files.length ? h('div', { class: 'files' }, !says && speaker(), ...attach.nodes(message, entry)) : h('span', { hidden: true }),
    );

    const outcome = entry ? waiting(entry, stuck) : arrived(message);
    this.#part(JSON.stringify([at, outcome, message?.edited, bad]), 'meta', what, () => {
      const date = new Date(at);
      return h(
        'div',
        // Heard only when there is something to know.
        { class: `meta${bad ? ' bad' : late ? ' late' : ''}`, 'aria-live': bad || late ? 'polite' : 'off' },
        h('time', { datetime: date.toISOString(), title: moment.format(date) }, clock.format(date)),
        message?.edited && !gone && ` · ${WORDS.edited}`,
        outcome && ` · ${outcome}`,
        entry?.failed !== undefined && choices(entry, outbox),
      );
    });
  }

  /**
   * @param {string} sign  all that the part depends on
   * @param {string} name
   * @param {HTMLElement} parent
   * @param {() => HTMLElement} build
   */
  #part(sign, name, parent, build) {
    const part = this.parts.get(name);
    if (part?.sign === sign) return part.node;
    const node = build();
    if (part) part.node.replaceWith(node);
    else parent.append(node);
    this.parts.set(name, { sign, node });
    return node;
  }
}

/**
 * @param {Entry} entry
 * @param {import('./outbox.js').Outbox} outbox
 */
function choices(entry, outbox) {
  const discard = () => {
    outbox.drop(entry.key);
    outbox.changed();
  };
  return h(
    'span',
    { class: 'choices' },
    h('button', { type: 'button', class: 'link', onclick: () => outbox.retry(entry) }, WORDS.retry),
    h('button', { type: 'button', class: 'link', onclick: discard }, WORDS.discard),
  );
}

/**
 * @param {Entry} entry
 * @param {boolean} stuck
 */
function waiting(entry, stuck) {
  if (entry.failed !== undefined) return fill(WORDS.failed, { why: entry.failed });
  return stuck || !navigator.onLine ? WORDS.waiting : WORDS.sending;
}

/** @param {Message | undefined} message */
function arrived(message) {
  if (message?.state === 'stored') return WORDS.stored;
  if (message?.state === 'late') return WORDS.late;
  if (message?.state === 'posted') return WORDS.posted;
  if (message?.state === 'refused') return fill(WORDS.refused, { why: message.why ?? WORDS.refused_plain });
  return '';
}

/**
 * @param {Item | undefined} a
 * @param {Item | undefined} b
 */
function together(a, b) {
  if (!a || !b || a.from !== b.from || a.name !== b.name) return false;
  // What the last one says of itself has to be true of all.
  if ((a.message?.state === 'late') !== (b.message?.state === 'late')) return false;
  return Math.abs(b.at - a.at) < TOGETHER_MS && new Date(a.at).toDateString() === new Date(b.at).toDateString();
}

/**
 * The agent's picture, or the initials where there is none or it can't be had.
 *
 * @param {string} name
 * @param {string | null | undefined} picture
 */
function face(name, picture) {
  const letters = name.split(/\s+/).filter(Boolean).map((word) => [...word][0].toUpperCase());
  const initials = letters.length > 1 ? letters[0] + letters.at(-1) : (letters[0] ?? '?');
  const element = h('div', { class: 'face', 'aria-hidden': 'true' }, initials);
  if (picture?.startsWith('https://')) {
    const show = () => element.replaceChildren(image);
    const image = h('img', { src: picture, alt: '', referrerpolicy: 'no-referrer', onload: show });
  }
  return element;
}

/** @param {Date} date */
function dayName(date) {
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86_400_000);
  return days === 0 ? WORDS.today : days === 1 ? WORDS.yesterday : calendar.format(date);
}
