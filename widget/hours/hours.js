/**
 * When customers are answered: one line below the head of the chat, in the customer's own time, that
 * changes as the hour strikes; and what was promised to this customer. What the chat loads where a topic
 * is not answered day and night, or something was promised.
 *
 * @typedef {import('../chat/wire.js').TopicAvailability} TopicAvailability
 */
import { dress, h } from '../dom.js';
import { fill } from '../words/fill.js';
import { HOURS_WORDS } from '../words/hours.js';
import { PAUSE_MS, pause } from './pause.js';
import { HOURS_STYLE } from './style.js';

const DAY_MS = 24 * 60 * 60_000;

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long', hour: 'numeric', minute: '2-digit' });
const date = new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' });

/**
 * @param {import('../chat/chat.js').Chat} chat
 * @param {ShadowRoot} root
 */
export function start(chat, root) {
  dress(root, HOURS_STYLE);
  return new Hours(chat);
}

/** The line. */
export class Hours {
  /** @param {import('../chat/chat.js').Chat} chat */
  constructor(chat) {
    this.chat = chat;
    this.element = h('p', { class: 'hours', role: 'status' });
    chat.notice.before(this.element);
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.learned_at = Date.now();
    document.addEventListener('visibilitychange', () => {
      // A sleeping computer's timers sleep too.
      if (document.visibilityState === 'visible' && Date.now() - this.learned_at > PAUSE_MS) void this.#look();
    });
    this.#wait();
  }

  /** Shows what is so for the topic at hand. */
  show() {
    const { site, talk, topic } = this.chat;
    talk.hours = (availability) => this.#learn(availability);
    const promised = talk.standing?.answer_by;
    if (talk.conversation && promised) {
      const words = promised > Date.now() ? HOURS_WORDS.ticket : HOURS_WORDS.late;
      return this.#say(fill(words, { n: talk.conversation.number, by: when(promised) }), true);
    }
    const all = site?.availability?.topics ?? {};
    const at_hand = all[talk.conversation?.topic ?? talk.intro.topic ?? topic ?? ''];
    const about = at_hand ? [at_hand] : Object.values(all);
    const sentences = new Set(about.map(sentence));
    const closed = about.length > 0 && about.every(({ state }) => state === 'closed');
    // Of topics with hours of their own, what is true of all can be said.
    const words = sentences.size === 1 ? [...sentences][0] : closed ? HOURS_WORDS.closed : '';
    this.#say(words, closed);
  }

  /**
   * @param {string} words
   * @param {boolean} closed  nobody is there
   */
  #say(words, closed) {
    this.element.classList.toggle('closed', closed);
    if (this.element.textContent !== words) this.element.textContent = words;
  }

  /** Asks again when it changes. */
  #wait() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#look(), pause(this.chat.site?.availability ?? {}));
  }

  async #look() {
    try {
      this.#learn(await this.chat.talk.wire.ask('GET', '/v1/availability'));
    } catch {
      // The next time; the chat itself says what is wrong with the line.
      this.#wait();
    }
  }

  /** @param {import('../chat/wire.js').Availability} availability */
  #learn(availability) {
    this.learned_at = Date.now();
    if (this.chat.site) this.chat.site.availability = availability;
    this.#wait();
    this.chat.show();
  }
}

/** @param {TopicAvailability} availability */
function sentence({ state, there, closes_at, usual_mins, opens_at, answer_by }) {
  if (state === 'open') {
    const who = there ? fill(others(there.others), { name: there.name, n: there.others }) : '';
    const until = closes_at && closes_at - Date.now() < DAY_MS ? fill(HOURS_WORDS.open, { at: when(closes_at) }) : '';
    const usual = usual_mins ? fill(usual_mins > 1 ? HOURS_WORDS.usual : HOURS_WORDS.usual_one, { n: usual_mins }) : '';
    return [who, until, usual].filter(Boolean).join(' ');
  }
  const closed = opens_at ? fill(HOURS_WORDS.closed_until, { at: when(opens_at) }) : HOURS_WORDS.closed;
  return answer_by ? `${closed} ${fill(HOURS_WORDS.answer, { by: when(answer_by) })}` : closed;
}

/** @param {number} count */
function others(count) {
  return count > 1 ? HOURS_WORDS.there_many : count ? HOURS_WORDS.there_two : HOURS_WORDS.there;
}

/**
 * A time to come, as short as it is clear.
 *
 * @param {number} at
 */
function when(at) {
  const today = new Date().setHours(0, 0, 0, 0);
  const days = Math.round((new Date(at).setHours(0, 0, 0, 0) - today) / DAY_MS);
  return (days === 0 ? clock : days < 7 ? weekday : date).format(at);
}
