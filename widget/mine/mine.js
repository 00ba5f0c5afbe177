/**
 * The conversations of a customer whom the site vouches for, on whatever device he began them: they
 * stand above the topics, and one click goes on with one. What the chat loads when the page hands it
 * what the site has signed.
 *
 * @typedef {object} Listed
 * @property {string} id
 * @property {string} topic
 * @property {{ state: 'open' | 'resolved' | 'closed' }} standing
 * @property {number} unread
 * @property {{ from: 'customer' | 'agent', name?: string | null, text: string, at: number } | null} last
 */
import { dress, h } from '../dom.js';
import { fill } from '../words/fill.js';
import { MINE_WORDS } from '../words/mine.js';
import { MINE_STYLE } from './style.js';

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const calendar = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });

/**
 * @param {import('../chat/chat.js').Chat} chat
 * @param {ShadowRoot} root
 */
export function start(chat, root) {
  dress(root, MINE_STYLE);
  return new Mine(chat);
}

/** The list. */
export class Mine {
  /** @param {import('../chat/chat.js').Chat} chat */
  constructor(chat) {
    this.chat = chat;
    /** @type {Listed[]} */
    this.list = [];
    this.trouble = h('p', { class: 'why bad', role: 'alert' });
    this.place = chat.introduction.above;
    this.place.className = 'mine';
    /** What is shown. */
    this.sign = '';
  }

  /** How many messages wait to be read, in all of them. */
  get unread() {
    return this.list.reduce((sum, { unread }) => sum + unread, 0);
  }

  /** Asks the server what there is. */
  async learn() {
    const { talk } = this.chat;
    const { proof } = talk.known;
    /** @type {Listed[]} */
    let list = [];
    try {
      if (proof) list = (await talk.wire.ask('GET', '/v1/conversations', proof)).conversations;
    } catch (error) {
      // What is wrong with a proof is for the site's developers; what is wrong with the line, for the next time.
      if (error instanceof Error && 'status' in error && error.status === 401) console.warn(`Threadline: ${error.message}`);
      else list = this.list;
    }
    // Meanwhile it may be somebody else who is here.
    if (proof !== talk.known.proof) return;
    this.list = list;
    this.chat.show();
  }

  /** Shows the list. */
  show() {
    const sign = JSON.stringify([this.list, this.chat.site?.topics]);
    // What has the keyboard must not be built anew for nothing.
    if (sign === this.sign) return;
    this.sign = sign;
    this.trouble.textContent = '';
    if (!this.list.length) return this.place.replaceChildren();
    this.place.replaceChildren(
      h('h3', { id: 'mine' }, MINE_WORDS.mine),
      h('ul', { class: 'topics', 'aria-labelledby': 'mine' }, ...this.list.map((listed) => h('li', {}, this.#button(listed)))),
      this.trouble,
      h('p', { class: 'another' }, MINE_WORDS.another),
    );
  }

  /** @param {Listed} listed */
  #button({ id, topic, standing, unread, last }) {
    const label = this.chat.site?.topics.find((it) => it.id === topic)?.label ?? topic;
    const text = last?.text || MINE_WORDS.file;
    const word = last && (last.from === 'customer' ? fill(MINE_WORDS.you, { text }) : fill(MINE_WORDS.agent, { name: last.name ?? '', text }));
    const when = last && (new Date(last.at).toDateString() === new Date().toDateString() ? clock : calendar).format(last.at);
    return h(
      'button',
      { type: 'button', onclick: () => this.#take(id) },
      h('span', { class: 'gist' }, h('b', { class: unread ? 'fresh' : 'seen', dir: 'auto' }, label), h('span', { dir: 'auto' }, word)),
      h(
        'span',
        { class: 'side' },
        h('span', {}, standing.state === 'open' ? when : MINE_WORDS.resolved),
        unread > 0 && h('span', { class: 'unread' }, String(unread), h('span', { class: 'sr' }, ` ${MINE_WORDS.unread}`)),
      ),
    );
  }

  /** @param {string} id */
  async #take(id) {
    const { talk } = this.chat;
    const proof = talk.known.proof ?? '';
    this.trouble.textContent = '';
    try {
      const { conversation, token } = await talk.wire.ask('POST', `/v1/conversations/${id}/tokens`, proof);
      if (proof !== talk.known.proof) return;
      talk.take({ ...conversation, token, of: talk.whom });
    } catch {
      this.trouble.textContent = MINE_WORDS.not_opened;
    }
  }
}
