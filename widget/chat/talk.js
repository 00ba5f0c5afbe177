/**
 * The conversation as this tab knows it. Puts together the wire, the other tabs, the outbox and the
 * memory; the screen reads it and is told when it changed.
 *
 * `rev` counts the changes the customer can see. What the stream and the history bring is complete
 * up to their `rev`; what the answer to a sent message brings is not, so it never moves `rev`.
 */
import { WORDS } from '../words/chat.js';
import { claims } from './known.js';
import { Memory } from './memory.js';
import { Outbox } from './outbox.js';
import { Pace } from './pace.js';
import { Tabs } from './tabs.js';
import { Failure, Wire } from './wire.js';

/** Messages that arrive together are receipted together. */
const RECEIPT_MS = 150;

/** A break shorter than this is nobody's business. */
const BREAK_MS_SHOWN = 2_000;

/** A stream that said nothing for longer than a keep-alive (25 s) is not trusted when it matters. */
const SILENCE_MS_TRUSTED = 30_000;

/** After this, a tab that queued a message is taken for dead, and the leader sends it. */
const QUEUE_MS = 5_000;

/** Typing that nobody ended. */
const TYPING_MS_MAX = 60_000;

/** One customer's conversation. */
export class Talk {
  /**
   * @param {string} base
   * @param {() => void} changed  something is different; called once for changes made together
   * @param {() => void} rang     an agent's message came in, in the one tab that should make a sound
   */
  constructor(base, changed, rang) {
    this.rang = rang;
    this.wire = new Wire(base);
    this.memory = new Memory(base);
    this.tabs = new Tabs(`threadline:${base}`, this.memory.shared, (note) => this.#told(note));
    this.outbox = new Outbox(
      this.memory,
      this.tabs,
      (entry) => this.#deliver(entry),
      () => Boolean(this.conversation) || this.intro.topic !== undefined,
      (entry) => this.#ready(entry),
      () => this.#change(),
    );
    /** What the page knows of the customer. @type {import('./known.js').Known} */
    this.known = { facts: {} };
    /** @type {import('./wire.js').Conversation | null} */
    this.conversation = null;
    /** By id. @type {Map<string, import('./wire.js').Message>} */
    this.messages = new Map();
    this.rev = 0;
    /** What the server knows to be received, and seen. */
    this.told = { received: 0, seen: 0 };
    /** What was seen here. */
    this.seen = 0;
    /** @type {string | null} */
    this.typing = null;
    /** How it stands with the conversation. @type {import('./wire.js').Standing | null} */
    this.standing = null;
    /** Who wants to know that somebody came or went. @type {((availability: import('./wire.js').Availability) => void) | null} */
    this.hours = null;
    /** True from the moment the whole history is here. */
    this.complete = false;
    /** True when the stream has been broken for a while. */
    this.broken = false;
    /** What the customer has to know about a conversation that could not be (begun). @type {'lost' | string} */
    this.trouble = '';

    this.pace = new Pace();
    this.receipt_pace = new Pace();
    this.leading = false;
    /** True when the stream came as far as to be complete. */
    this.ready = false;
    this.heard_at = 0;
    this.hurry = false;
    this.change_queued = false;
    this.changed = changed;
    /** From entering the conversation to leaving it. */
    this.life = new AbortController();
    /** The stream that is open. */
    this.line = new AbortController();
    /** @type {Record<string, ReturnType<typeof setTimeout> | undefined>} */
    this.timers = {};
  }

  /** Takes up what the browser remembers, and listens to the world outside. */
  begin() {
    this.#resume();
    addEventListener('online', () => this.#refresh(true, false));
    addEventListener('offline', () => {
      this.line.abort();
      this.#change();
    });
    document.addEventListener('visibilitychange', () => {
      // The leader may be a tab in the background, whose timers the browser slows down.
      if (document.visibilityState === 'visible') this.#refresh(false, true);
    });
    // A page that rests in the back-forward cache must hold no lock, channel or stream.
    addEventListener('pagehide', () => {
      this.life.abort();
      this.tabs.leave();
    });
    addEventListener('pageshow', (event) => {
      if (event.persisted) this.#resume();
    });
  }

  /**
   * What the customer said before the first message.
   *
   * @returns {import('./wire.js').Intro}
   */
  get intro() {
    return this.memory.get('intro') ?? {};
  }

  /**
   * Takes in what the page knows. True when another customer was here before him, or the one who was has
   * signed out: what is kept of that is forgotten.
   *
   * @param {import('./known.js').Known} known
   */
  learn(known) {
    this.known = known;
    const conversation = this.current();
    const other = conversation?.of !== undefined && known.proof !== undefined && this.whom !== conversation.of;
    if (other) {
      for (const name of this.memory.names('')) if (name !== 'sound') this.memory.set(name, null);
      this.leave();
    } else void this.#tell(false);
    return other;
  }

  /** Whom the site vouches for, as far as the page says. */
  get whom() {
    return claims(this.known.proof).sub;
  }

  /**
   * Tells the server what the page knows, if it does not know that yet.
   *
   * @param {boolean} moved  also when only the page is another one
   */
  async #tell(moved) {
    const conversation = this.current();
    if (!conversation) return;
    const [what, where] = this.memory.get('told') ?? [];
    const now = this.#knows(conversation);
    if (what === now[0] && (!moved || where === now[1])) return;
    this.memory.set('told', now);
    try {
      const of = await this.wire.tell(conversation.token, this.known);
      if (!of || this.current()?.id !== conversation.id) return;
      this.memory.set('conversation', { ...conversation, of });
      this.memory.set('told', this.#knows({ ...conversation, of }));
    } catch (error) {
      // Somebody else's: it is none of this customer's business.
      if (error instanceof Failure && error.status === 403) this.leave();
      else if (!(error instanceof Failure && error.final)) this.memory.set('told', null);
    }
    this.#change();
  }

  /**
   * What there is to tell, and where.
   *
   * @param {import('./wire.js').Conversation} conversation
   */
  #knows({ id, of }) {
    const { proof, ...known } = this.known;
    // What was not accepted is tried again with the next proof.
    return [JSON.stringify([id, known, of ?? proof]), location.href];
  }

  /**
   * Goes on with a conversation, in all tabs.
   *
   * @param {import('./wire.js').Conversation} conversation
   */
  take(conversation) {
    this.memory.set('conversation', conversation);
    this.tabs.tell({ conversation });
    this.#enter(conversation);
  }

  /** Puts the conversation aside, in all tabs. */
  leave() {
    const left = this.current()?.id ?? this.conversation?.id;
    this.memory.set('conversation', null);
    this.memory.set('intro', { ...this.intro, topic: undefined });
    this.tabs.tell({ left });
    this.#leave('');
  }

  /** @param {import('./wire.js').Intro} intro */
  introduce(intro) {
    this.memory.set('intro', intro);
    this.trouble = '';
    void this.outbox.run();
  }

  /**
   * @param {string} text
   * @param {import('./outbox.js').Enclosure[]} [files]
   */
  say(text, files = []) {
    this.trouble = '';
    void this.outbox.add(text, files);
  }

  /**
   * The conversation that is sent to, of whichever tab began it.
   *
   * @returns {import('./wire.js').Conversation | null}
   */
  current() {
    return this.memory.get('conversation') ?? this.conversation;
  }

  /** The messages in the order of their places. */
  list() {
    return [...this.messages.values()].sort((a, b) => a.place[0] - b.place[0] || a.place[1] - b.place[1]);
  }

  /** What the server does not have yet. */
  waiting() {
    const known = new Set([...this.messages.values()].map((message) => message.key));
    return this.outbox.entries().filter((entry) => !known.has(entry.key));
  }

  /** The agents' messages that the customer has not seen. */
  unread() {
    return this.list().filter((message) => message.state === 'shown' && message.rev > this.seen);
  }

  /**
   * The customer has seen every change up to this one.
   *
   * @param {number} rev
   */
  see(rev) {
    if (rev <= this.seen) return;
    this.seen = rev;
    this.#note({ seen: rev });
    this.#acknowledge();
    this.#change();
  }

  #resume() {
    this.tabs.join();
    const conversation = this.memory.get('conversation');
    if (conversation?.token) this.#enter(conversation);
    else if (this.conversation) this.#leave('lost');
    void this.outbox.run();
  }

  /** @param {import('./wire.js').Conversation} conversation */
  #enter(conversation) {
    if (conversation.id !== this.conversation?.id) {
      this.messages.clear();
      this.rev = this.seen = 0;
      this.told = { received: 0, seen: 0 };
      this.complete = false;
      this.standing = null;
    }
    this.conversation = conversation;
    this.trouble = '';
    this.life.abort();
    this.life = new AbortController();
    this.leading = false;
    this.#change();
    void this.#live(conversation, this.life.signal);
  }

  /**
   * First what was said, then, when it is this tab's turn to lead, what is being said.
   *
   * @param {import('./wire.js').Conversation} conversation
   * @param {AbortSignal} stop
   */
  async #live(conversation, stop) {
    try {
      if (!(await this.#catchUp(conversation, stop))) return;
      await this.tabs.alone('stream', () => this.#lead(conversation, stop), stop);
    } catch (error) {
      if (!stop.aborted) throw error;
    } finally {
      if (this.life.signal === stop) this.leading = false;
    }
  }

  /**
   * Reads what changed since the last time. False when there is no conversation to read.
   *
   * @param {import('./wire.js').Conversation} conversation
   * @param {AbortSignal} stop
   */
  async #catchUp(conversation, stop) {
    let rev = this.rev;
    for (;;) {
      try {
        const page = await this.wire.history(conversation.token, rev);
        if (stop.aborted) return false;
        for (const message of page.messages) {
          if (this.leading) this.#pass(message, message.rev);
          else this.#put(message);
        }
        const last = page.messages.at(-1)?.rev ?? rev;
        rev = page.more && last > rev ? last : Math.max(rev, page.rev);
        this.#stand(page);
        if (page.more) continue;
        this.rev = Math.max(this.rev, rev);
        this.#type(page.typing);
        this.#stands(page.standing);
        this.complete = true;
        this.#linked(true);
        this.#acknowledge();
        return true;
      } catch (error) {
        if (stop.aborted) return false;
        if (error instanceof Failure && error.gone) return this.lose(conversation);
        this.#linked(false);
        await this.pace.pause(error instanceof Failure ? error.retry_after_ms : 0, stop);
        if (stop.aborted) return false;
      }
    }
  }

  /**
   * Holds the stream and tells the other tabs, until the conversation or the page ends.
   *
   * @param {import('./wire.js').Conversation} conversation
   * @param {AbortSignal} stop
   */
  async #lead(conversation, stop) {
    this.leading = true;
    this.#acknowledge();
    void this.outbox.run();
    stop.addEventListener('abort', () => this.line.abort());
    while (!stop.aborted) {
      let wait_ms = 0;
      this.line = new AbortController();
      this.ready = false;
      this.heard_at = Date.now();
      try {
        await this.wire.follow(conversation.token, this.rev, this.line.signal, (event) => this.#hear(event));
      } catch (error) {
        if (stop.aborted) return;
        if (error instanceof Failure && error.gone) {
          this.lose(conversation);
          return;
        }
        wait_ms = error instanceof Failure ? error.retry_after_ms : 0;
      }
      if (stop.aborted) return;
      this.#type(null);
      this.#linked(false);
      // Where no stream gets through, for want of room or by a proxy that holds it back, asking does.
      if (!this.ready && !(await this.#catchUp(conversation, stop))) return;
      if (!this.hurry) await this.pace.pause(wait_ms, stop);
      this.hurry = false;
    }
  }

  /** @param {import('./wire.js').ServerEvent | null} event */
  #hear(event) {
    this.heard_at = Date.now();
    const { event: kind, data, id } = event ?? {};
    if (kind === 'message') this.#pass(data, Number(id) || data.rev);
    if (kind === 'typing') this.#type(data.by);
    if (kind === 'standing') this.#stands(data);
    if (kind === 'availability') this.hours?.(data);
    if (kind === 'ready') {
      this.ready = true;
      this.pace.reset();
      this.#stand(data);
      this.#linked(true);
      this.#acknowledge();
    }
  }

  /**
   * Takes a change in, and passes it on to the other tabs.
   *
   * @param {import('./wire.js').Message} message
   * @param {number} rev
   */
  #pass(message, rev) {
    this.#note({ message, rev });
    this.#streamed(message, rev);
  }

  /**
   * Takes in a change in its turn.
   *
   * @param {import('./wire.js').Message} message
   * @param {number} rev
   */
  #streamed(message, rev) {
    const news = message.state === 'shown' && !this.messages.has(message.id);
    // Until the history is here, what the leader hears is not all there is before it.
    if (this.complete) this.rev = Math.max(this.rev, rev);
    this.#put(message);
    this.#acknowledge();
    if (news && this.leading) this.rang();
  }

  /** @param {import('./wire.js').Message} message */
  #put(message) {
    const known = this.messages.get(message.id);
    if (known && known.rev > message.rev) return;
    this.messages.set(message.id, message);
    if (message.key) this.outbox.drop(message.key);
    this.#change();
  }

  /** @param {{ received: number, seen: number }} standing  as the server knows it */
  #stand({ received, seen }) {
    this.told.received = Math.max(this.told.received, received);
    this.told.seen = Math.max(this.told.seen, seen);
    this.seen = Math.max(this.seen, seen);
    this.#change();
  }

  /** @param {string | null} by */
  #type(by) {
    if (this.leading && by !== this.typing) this.#note({ typing: by });
    this.typing = by;
    clearTimeout(this.timers.typing);
    if (by) this.timers.typing = setTimeout(() => this.#type(null), TYPING_MS_MAX);
    this.#change();
  }

  /** @param {import('./wire.js').Standing} standing */
  #stands(standing) {
    if (this.leading) this.#note({ standing });
    this.standing = standing;
    this.#change();
  }

  /**
   * Says how the customer found a resolved conversation; rejects when the server does not have it.
   *
   * @param {{ key: string, score: number, comment: string }} rating
   */
  async rate(rating) {
    await this.wire.rate(this.current()?.token ?? '', rating);
    if (this.standing) this.#stands({ ...this.standing, rating: 'given', score: rating.score });
  }

  /** @param {boolean} up */
  #linked(up) {
    if (this.leading) this.#note({ up });
    if (!up) {
      this.timers.broken ??= setTimeout(() => {
        this.broken = true;
        this.#change();
      }, BREAK_MS_SHOWN);
      return;
    }
    clearTimeout(this.timers.broken);
    this.timers.broken = undefined;
    this.broken = false;
    this.#change();
  }

  /**
   * The moment to try at once: the network is back, or somebody looks.
   *
   * @param {boolean} certain  whether the open stream is certainly dead
   * @param {boolean} pass_on  whether the other tabs don't know yet
   */
  #refresh(certain, pass_on) {
    if (certain || Date.now() - this.heard_at > SILENCE_MS_TRUSTED) {
      this.pace.reset();
      this.hurry = this.leading && !this.line.signal.aborted;
      this.line.abort();
    }
    this.pace.wake();
    this.receipt_pace.wake();
    void this.outbox.run();
    if (pass_on) this.tabs.tell({ refresh: certain });
    this.#change();
  }

  /**
   * Sends one waiting message, in a conversation that is begun if there is none.
   *
   * @param {import('./outbox.js').Entry} entry
   */
  async #deliver(entry) {
    const conversation = this.current() ?? (await this.#converse());
    if (!this.#ready(entry)) return false;
    void this.#tell(true);
    try {
      const files = entry.files?.map(({ id }) => id ?? '');
      const message = await this.wire.write(conversation.token, entry.key, entry.text, files);
      if (conversation.id !== this.conversation?.id) return true;
      this.#note({ message });
      this.#put(message);
      return true;
    } catch (error) {
      if (!(error instanceof Failure && error.gone)) throw error;
      this.lose(conversation);
      throw new Failure(0, '', 0);
    }
  }

  /**
   * True when the server has all files of a waiting message; where there is no conversation yet,
   * nothing can be uploaded before it begins.
   *
   * @param {import('./outbox.js').Entry} entry
   */
  #ready({ files }) {
    const conversation = this.current();
    return !files || !conversation || files.every(({ of }) => of === conversation.id);
  }

  async #converse() {
    try {
      const conversation = await this.wire.converse(this.intro, this.known);
      this.memory.set('told', this.#knows(conversation));
      this.take(conversation);
      return conversation;
    } catch (error) {
      if (!(error instanceof Failure && error.final)) throw error;
      // Not the message is wrong, but what was said before it: ask again, and keep the message.
      this.memory.set('intro', { ...this.intro, topic: undefined });
      this.trouble = error.why || WORDS.not_begun;
      throw new Failure(0, '', 0);
    }
  }

  /**
   * The server knows this conversation no more. What was not sent yet begins another one.
   *
   * @param {import('./wire.js').Conversation} conversation
   */
  lose(conversation) {
    const now = this.memory.get('conversation');
    if (now && now.id !== conversation.id) {
      if (now.id !== this.conversation?.id) this.#enter(now);
      return false;
    }
    this.memory.set('conversation', null);
    if (!this.outbox.entries().some((entry) => !entry.failed)) this.memory.set('intro', { ...this.intro, topic: undefined });
    this.tabs.tell({ lost: conversation.id });
    this.#leave('lost');
    return false;
  }

  /** @param {'lost' | ''} trouble */
  #leave(trouble) {
    this.life.abort();
    this.conversation = null;
    this.messages.clear();
    this.rev = this.seen = 0;
    this.told = { received: 0, seen: 0 };
    this.trouble = trouble;
    this.standing = null;
    this.#type(null);
    this.#linked(true);
  }

  /** Tells the server, a moment later, what is here and what was seen. */
  #acknowledge() {
    this.timers.receipt ??= setTimeout(() => this.#receipt(), RECEIPT_MS);
  }

  async #receipt() {
    const conversation = this.conversation;
    const latest = Math.max(0, ...this.list().map((message) => (message.from === 'agent' ? message.rev : 0)));
    const arrived = this.leading && latest > this.told.received;
    const { rev, seen } = this;
    if (conversation && (arrived || seen > this.told.seen)) {
      try {
        await this.wire.receipt(conversation.token, Math.max(rev, seen), seen || null);
        this.receipt_pace.reset();
        this.told.received = Math.max(this.told.received, rev, seen);
        this.told.seen = Math.max(this.told.seen, seen);
        this.#note({ told: this.told });
      } catch (error) {
        if (error instanceof Failure && error.gone) this.lose(conversation);
        else await this.receipt_pace.pause(error instanceof Failure ? error.retry_after_ms : 0, this.life.signal);
      }
      this.timers.receipt = undefined;
      this.#acknowledge();
      return;
    }
    this.timers.receipt = undefined;
  }

  /**
   * Tells the other tabs about this conversation.
   *
   * @param {object} note
   */
  #note(note) {
    this.tabs.tell({ ...note, of: this.conversation?.id });
  }

  /**
   * What another tab tells.
   *
   * @param {any} note
   */
  #told(note) {
    if (note.conversation && note.conversation.id !== this.conversation?.id) this.#enter(note.conversation);
    if (note.lost && note.lost === this.conversation?.id) this.#leave('lost');
    if (note.left && note.left === this.conversation?.id) this.#leave('');
    if (note.refresh !== undefined) this.#refresh(note.refresh, false);
    if (note.queue) {
      if (this.leading || !this.conversation) {
        this.timers.queue ??= setTimeout(() => {
          this.timers.queue = undefined;
          void this.outbox.run();
        }, QUEUE_MS);
      }
      this.#change();
    }
    if (!note.of || note.of !== this.conversation?.id) return;
    if (note.message && note.rev) this.#streamed(note.message, note.rev);
    else if (note.message) this.#put(note.message);
    if (note.typing !== undefined) this.#type(note.typing);
    if (note.standing) this.#stands(note.standing);
    if (note.up !== undefined) this.#linked(note.up);
    if (note.told) this.#stand(note.told);
    if (note.seen) {
      this.seen = Math.max(this.seen, note.seen);
      this.#change();
    }
  }

  #change() {
    if (this.change_queued) return;
    this.change_queued = true;
    queueMicrotask(() => {
      this.change_queued = false;
      this.changed();
    });
  }
}
