/**
 * What the customer wrote and the server does not have yet. Each message is kept under a name of
 * its own, so that two tabs writing at once can't overwrite each other, and leaves only when the
 * server has acknowledged it. Any tab may send, one at a time, oldest first; the server knows a
 * message by its key, so sending one twice is harmless.
 *
 * @typedef {{ key: string, text: string, at: number, files?: Enclosure[], failed?: string }} Entry  `failed`: why it is not tried again
 *
 * A file of a message is uploaded before the message is sent (`widget/files/`).
 *
 * @typedef {{ key: string, name: string, type: string, bytes: number, id?: string, of?: string, failed?: string }} Enclosure
 *   `id`: what the server calls it; `of`: the conversation that it was uploaded for
 */
import { WORDS } from '../words/chat.js';
import { Pace } from './pace.js';
import { Failure } from './wire.js';

const NAME = 'out:';

/** Bytes of chance in a message's key: no two customers' keys ever meet. */
const KEY_BYTES = 16;

/**
 * What was written after a message waits this long for its files, and goes ahead then: words are not
 * to be late because a recording is large.
 */
const AHEAD_MS = 5_000;

/** The waiting messages, and the sending of them. */
export class Outbox {
  /**
   * @param {import('./memory.js').Memory} memory
   * @param {import('./tabs.js').Tabs} tabs
   * @param {(entry: Entry) => Promise<boolean>} deliver  true when the server has it, false when its files come first
   * @param {() => boolean} may                           whether there is enough to begin a conversation with
   * @param {(entry: Entry) => boolean} ready             false while its files are on their way
   * @param {() => void} changed
   */
  constructor(memory, tabs, deliver, may, ready, changed) {
    this.memory = memory;
    this.tabs = tabs;
    this.deliver = deliver;
    this.may = may;
    this.ready = ready;
    this.changed = changed;
    this.pace = new Pace();
    this.running = false;
    /** True while the last try did not reach the server. */
    this.stuck = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.ahead = undefined;
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

  /** A new key, which no other message or file has. */
  key() {
    const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  }

  /**
   * @param {string} text
   * @param {Enclosure[]} files
   */
  add(text, files) {
    this.#keep({ key: this.key(), text, at: this.#now(), ...(files.length ? { files } : {}) });
    return this.run();
  }

  /**
   * Tries a failed message again, behind what waits already.
   *
   * @param {Entry} entry
   */
  retry({ key, text, files }) {
    // What was uploaded may be what the server does not have any more.
    const fresh = files?.map(({ key, name, type, bytes }) => ({ key, name, type, bytes }));
    this.#keep({ key, text, at: this.#now(), ...(fresh ? { files: fresh } : {}) });
    return this.run();
  }

  /**
   * What became of a file. One that is refused leaves its message, which goes on without it, and
   * stands for itself with the reason.
   *
   * @param {string} key  the file's
   * @param {Partial<Enclosure>} outcome
   */
  settle(key, outcome) {
    const entry = this.#with(key);
    if (!entry) return;
    const files = entry.files.map((file) => (file.key === key ? { ...file, ...outcome } : file));
    if (!outcome.failed) return this.#keep({ ...entry, files });
    const alone = files.filter((file) => file.key === key);
    if (!entry.text && files.length === 1) return this.#keep({ ...entry, files, failed: outcome.failed });
    this.#keep({ key: this.key(), text: '', at: this.#now(), files: alone, failed: outcome.failed });
    this.without(key);
  }

  /**
   * Takes a file out of its message.
   *
   * @param {string} key  the file's
   */
  without(key) {
    const entry = this.#with(key);
    if (!entry || entry.failed) return;
    const files = entry.files.filter((file) => file.key !== key);
    if (files.length) this.#keep({ ...entry, files });
    else if (entry.text) this.#keep({ key: entry.key, text: entry.text, at: entry.at });
    else this.drop(entry.key);
    void this.run();
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
        if (await this.deliver(entry)) this.drop(entry.key);
        this.pace.reset();
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
    for (const entry of this.entries()) {
      if (entry.failed) continue;
      if (this.ready(entry)) return entry;
      const wait_ms = Math.min(AHEAD_MS, entry.at + AHEAD_MS - Date.now());
      if (wait_ms <= 0) continue;
      clearTimeout(this.ahead);
      this.ahead = setTimeout(() => this.run(), wait_ms);
      return undefined;
    }
    return undefined;
  }

  /**
   * The message that has this file.
   *
   * @param {string} key
   */
  #with(key) {
    const entry = this.entries().find(({ files }) => files?.some((file) => file.key === key));
    return entry?.files && { ...entry, files: entry.files };
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
