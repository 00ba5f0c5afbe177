/**
 * Where a customer books a session, moves it and cancels it: the free times by day on his own clock or on
 * another one, and what he has. The page of sessions shows it, and so does the chat. What is free, kept and
 * booked is the server's to say; here is asked and shown.
 *
 * @typedef {{ id: string, state: string, opens: number, closes: number, with: string, held_until: number | null, changeable_until: number | null, join: string | null }} Session
 * @typedef {{ minutes: number, time_zone: string, days: { date: string, at: number[] }[], prepare: string | null, session: Session | null }} Offer
 * @typedef {(method: string, path: string, body?: object) => Promise<any>} Ask  rejects with what has a `why`
 */
import { h } from '../dom.js';
import { fill } from '../words/fill.js';
import { SESSION_WORDS } from '../words/session.js';

/** What the server takes as a message. */
const ABOUT_CHARS_MAX = 2_000;

/** The times, and what was booked. */
export class Picker {
  /** @param {Ask} ask */
  constructor(ask) {
    this.ask = ask;
    this.element = h('div', { class: 'session' });
    /** @type {Offer | null} */
    this.offer = null;
    this.zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    /** The day that is shown, of those that have free times. */
    this.day = 0;
    /** The customer chooses another time for what he has. @type {boolean} */
    this.moves = false;
    /** What he has typed. */
    this.about = '';
    /** He was asked whether he means it. */
    this.asked = false;
    this.trouble = '';
  }

  /** Asks what is so, and shows it. */
  async look() {
    try {
      this.offer = await this.ask('GET', `/v1/session?time_zone=${encodeURIComponent(this.zone)}`);
    } catch (error) {
      this.trouble = why(error);
    }
    this.#show();
  }

  /** @param {number} at */
  #when(at) {
    const shape = /** @type {const} */ ({ weekday: 'long', day: 'numeric', month: 'long', hour: 'numeric', minute: '2-digit' });
    return new Intl.DateTimeFormat(undefined, { ...shape, timeZone: this.zone }).format(at);
  }

  /** @param {number} at */
  #clock(at) {
    return new Intl.DateTimeFormat(undefined, { timeStyle: 'short', timeZone: this.zone }).format(at);
  }

  #show() {
    const trouble = this.trouble && h('p', { class: 'why bad', role: 'alert' }, this.trouble);
    if (!this.offer) return this.element.replaceChildren(h('div', {}, trouble));
    const { session } = this.offer;
    const parts = session?.state === 'booked' && !this.moves ? this.#booked(session) : session?.state === 'held' ? this.#held(session) : this.#times(session);
    this.element.replaceChildren(...parts, h('div', {}, trouble));
  }

  /** @param {Session} session */
  #booked(session) {
    const { prepare } = /** @type {Offer} */ (this.offer);
    const can = session.changeable_until != null && session.changeable_until > Date.now();
    const sure = h('div', { class: 'row' }, h('span', {}, SESSION_WORDS.sure), this.#button(SESSION_WORDS.yes, () => this.#do('cancel', { id: session.id })), this.#button(SESSION_WORDS.no, () => this.#turn({ asked: false })));
    const change = h('div', { class: 'row' }, this.#button(SESSION_WORDS.change, () => this.#turn({ moves: true })), this.#button(SESSION_WORDS.cancel, () => this.#turn({ asked: true })));
    return [
      h('p', { role: 'status' }, fill(SESSION_WORDS.booked, { name: session.with, at: this.#when(session.opens) })),
      session.join ? h('p', {}, h('a', { href: session.join, target: '_blank', rel: 'noopener noreferrer' }, SESSION_WORDS.join)) : h('p'),
      prepare ? h('p', {}, fill(SESSION_WORDS.prepare, { what: prepare })) : h('p'),
      this.#zones(),
      !can ? h('p', { class: 'soft' }, SESSION_WORDS.late) : this.asked ? sure : change,
    ];
  }

  /** @param {Session} session */
  #held(session) {
    const about = h('textarea', { 'aria-label': SESSION_WORDS.about, placeholder: SESSION_WORDS.about, maxlength: ABOUT_CHARS_MAX, dir: 'auto', oninput: () => (this.about = about.value) });
    about.value = this.about;
    const book = (/** @type {Event} */ event) => {
      event.preventDefault();
      void this.#do('book', { id: session.id, text: this.about.trim() });
    };
    const again = () => {
      if (this.offer) this.offer.session = null;
      this.#show();
    };
    const held = fill(SESSION_WORDS.held, { at: this.#when(session.opens), until: this.#clock(session.held_until ?? 0) });
    return [h('form', { onsubmit: book }, h('p', { role: 'status' }, held), about, h('div', { class: 'row' }, h('button', { class: 'go' }, SESSION_WORDS.book), this.#button(SESSION_WORDS.back, again)))];
  }

  /** @param {Session | null} session */
  #times(session) {
    const { days, minutes } = /** @type {Offer} */ (this.offer);
    const said = session && !this.moves && session.state !== 'held' ? /** @type {Record<string, string>} */ (SESSION_WORDS)[session.state] : '';
    const day = days[Math.min(this.day, days.length - 1)];
    const name = (/** @type {string} */ date) => new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' }).format(Date.parse(date));
    const choose = (/** @type {number} */ at) => (this.moves && session ? this.#do('move', { id: session.id, to: at }) : this.#do('hold', { key: key(), at }));
    return [
      said ? h('p', { role: 'status' }, fill(said, { at: this.#when(session?.opens ?? 0) })) : h('p'),
      h('p', {}, !day ? SESSION_WORDS.none : this.moves ? SESSION_WORDS.move : fill(SESSION_WORDS.choose, { n: minutes })),
      this.#zones(),
      h('div', { class: 'row days' }, ...days.map(({ date }, n) => this.#button(name(date), () => this.#turn({ day: n }), days[n] === day))),
      h('div', { class: 'row times' }, ...(day?.at ?? []).map((at) => this.#button(this.#clock(at), () => choose(at)))),
      this.moves ? this.#button(SESSION_WORDS.keep, () => this.#turn({ moves: false })) : h('p'),
    ];
  }

  #zones() {
    const known = /** @type {any} */ (Intl).supportedValuesOf?.('timeZone') ?? [];
    const names = [...new Set([this.zone, ...known])];
    const zones = h('select', { 'aria-label': SESSION_WORDS.zone, onchange: () => this.#turn({ zone: zones.value, day: 0 }) }, ...names.map((zone) => h('option', { value: zone, selected: zone === this.zone }, zone.replaceAll('_', ' '))));
    return h('label', { class: 'soft' }, `${SESSION_WORDS.zone} `, zones);
  }

  /**
   * @param {string} label
   * @param {() => void} act
   * @param {boolean} [chosen]
   */
  #button(label, act, chosen) {
    return h('button', { type: 'button', onclick: act, 'aria-pressed': chosen === undefined ? null : String(chosen) }, label);
  }

  /** @param {Partial<{ moves: boolean, asked: boolean, day: number, zone: string }>} change */
  #turn(change) {
    const zone = this.zone;
    Object.assign(this, change, { trouble: '' });
    if (zone === this.zone) this.#show();
    else void this.look();
  }

  /**
   * @param {string} what
   * @param {object} body
   */
  async #do(what, body) {
    this.trouble = '';
    try {
      const session = await this.ask('POST', `/v1/session/${what}`, body);
      this.moves = this.asked = false;
      if (this.offer) this.offer.session = session;
      this.#show();
      // What is free has changed; a time that is kept only this browser knows of.
      if (session.state !== 'held') await this.look();
    } catch (error) {
      this.trouble = why(error);
      await this.look();
    }
  }
}

/** What makes it the same wish when it is sent again. */
function key() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @param {unknown} error */
function why(error) {
  return (error instanceof Error && 'why' in error && String(error.why)) || SESSION_WORDS.failed;
}
