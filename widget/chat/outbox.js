/**
 * What the customer wrote and the server does not have yet. Each message is kept under a name of
 * its own, so that two tabs writing at once can't overwrite each other, and leaves only when the
 * server has acknowledged it. Any tab may send, one at a time, oldest first; the server knows a
 * message by its key, so sending one twice is harmless.
 *
 * @typedef {{ key: string, text: string, at: number, failed?: string }} Entry  `failed`: why it is not tried again
 */
import { WORDS } from '../words/chat.js';
import { Pace } from './pace.js';
import { Failure } from './wire.js';

const NAME = 'out:';

/** Bytes of chance in a message's key: no two customers' keys ever meet. */
const KEY_BYTES = 16;

/** The waiting messages, and the sending of them. */
export class Outbox {
  /**
   * @param {import('./memory.js').Memory} memory
   * @param {import('./tabs.js').Tabs} tabs
   * @param {(entry: Entry) => Promise<void>} deliver  resolves when the server has it
   * @param {() => boolean} may                        whether there is enough to begin a conversation with
   * @param {() => void} changed
   */
  constructor(memory, tabs, deliver, may, changed) {
    this.memory = memory;
    this.tabs = tabs;
    this.deliver = deliver;
    this.may = may;
    this.changed = changed;
    this.pace = new Pace();
    this.running = false;
    /** True while the last try did not reach the server. */
    this.stuck = false;
  }

  /**
   * What waits, oldest first.
   *
   * @returns {Entry[]}
   */
  entries() {
    return this.memory
      .names(NAME)
      .map((name) => this.memory.get(name))
      .filter((entry) => entry?.key)
      .sort((a, b) => a.at - b.at);
  }

  /** @param {string} text */
  add(text) {
    const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
    const key = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    this.#keep({ key, text, at: this.#now() });
    return this.run();
  }

  /**
   * Tries a failed message again, behind what waits already.
   *
   * @param {Entry} entry
   */
  retry({ key, text }) {
    this.#keep({ key, text, at: this.#now() });
    return this.run();
  }

  /**
   * The server has it, or the customer gave it up.
   *
   * @param {string} key
   */
  drop(key) {
    if (!this.memory.get(NAME + key)) return;
    this.memory.set(NAME + key, null);
    this.tabs.tell({ queue: true });
  }

  /** Sends what waits; returns when nothing does. Called again, it makes the next try come sooner. */
  async run() {
    this.changed();
    if (this.running) return this.pace.wake();
    this.running = true;
    while (this.may() && this.#next()) {
      // Between two tries the turn is free: another tab may know of a better moment.
      const failure = await this.tabs.alone('send', () => this.#send());
      // Being told to wait is no trouble with the connection.
      this.stuck = failure !== null && failure.status !== 429;
      this.changed();
      if (failure && this.may()) await this.pace.pause(failure.retry_after_ms);
    }
    this.running = false;
  }

  /**
   * Sends until nothing waits, or something has to be tried later.
   *
   * @returns {Promise<Failure | null>}
   */
  async #send() {
    for (let entry; this.may() && (entry = this.#next()); ) {
      try {
        await this.deliver(entry);
        this.pace.reset();
        this.drop(entry.key);
      } catch (error) {
        const failure = error instanceof Failure ? error : new Failure(0, '', 0);
        if (!failure.final) return failure;
        this.#keep({ ...entry, failed: failure.why || WORDS.refused_plain });
      }
      this.changed();
    }
    return null;
  }

  #next() {
    return this.entries().find((entry) => !entry.failed);
  }

  /** Later than everything that waits, whatever the computer's clock does. */
  #now() {
    return Math.max(Date.now(), 1 + (this.entries().at(-1)?.at ?? 0));
  }

  /** @param {Entry} entry */
  #keep(entry) {
    this.memory.set(NAME + entry.key, entry);
    this.tabs.tell({ queue: true });
  }
}
