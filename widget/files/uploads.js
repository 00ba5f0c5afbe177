/**
 * Brings chosen files to the server, one after the other, until they are there. The server knows an
 * upload by its key, so beginning one again is harmless; one tab of the browser uploads at a time.
 * Over XMLHttpRequest, since `fetch` tells nothing of how far it has come.
 *
 * @typedef {import('../chat/outbox.js').Enclosure} Enclosure
 */
import { FILE_WORDS } from '../words/files.js';

/** An upload of which nothing has moved for so long is begun again. */
const SILENCE_MS_MAX = 60_000;

/** Half of a character: a name may have one, an address may not. */
const HALF = /[\ud800-\udfff]/gu;

/** The uploads of this tab. */
export class Uploads {
  /**
   * @param {import('../chat/talk.js').Talk} talk
   * @param {import('./shelf.js').Shelf} shelf
   * @param {import('../chat/pace.js').Pace} pace
   * @param {() => Enclosure[]} wanted  what is to be sent, oldest first
   * @param {(file: Enclosure, outcome: Partial<Enclosure>) => void} settle
   */
  constructor(talk, shelf, pace, wanted, settle) {
    this.talk = talk;
    this.shelf = shelf;
    this.pace = pace;
    this.wanted = wanted;
    this.settle = settle;
    this.running = false;
    /** How much of a file has left, from 0 to 1, by key. @type {Map<string, number>} */
    this.parts = new Map();
    /** What shows it. @type {Map<string, HTMLProgressElement>} */
    this.bars = new Map();
    /** The upload under way. @type {{ key: string, call: XMLHttpRequest } | null} */
    this.under_way = null;
    addEventListener('online', () => this.pace.wake());
  }

  /** Uploads what is wanted and not there yet. */
  async run() {
    if (this.running) return;
    this.running = true;
    try {
      while (this.#next()) {
        const failure = await this.talk.tabs.alone('upload', () => this.#send());
        if (failure) await this.pace.pause(failure.retry_after_ms);
      }
    } finally {
      this.running = false;
    }
  }

  /**
   * The file is not wanted any more.
   *
   * @param {string} key
   */
  stop(key) {
    if (this.under_way?.key === key) this.under_way.call.abort();
    this.parts.delete(key);
    this.bars.delete(key);
    void this.shelf.drop(key);
  }

  /** Uploads until everything is there, or something has to be tried later. */
  async #send() {
    for (let file; (file = this.#next()); ) {
      const conversation = this.talk.current();
      if (!conversation) break;
      const blob = await this.shelf.get(file.key);
      if (!blob) {
        this.settle(file, { failed: FILE_WORDS.gone });
        continue;
      }
      const answer = await this.#transfer(file, blob, conversation.token);
      if (answer?.ok) {
        this.pace.reset();
        this.#progress(file.key, 1);
        this.settle(file, { id: (await answer.json()).id, of: conversation.id });
        continue;
      }
      // Given up by the customer meanwhile.
      if (!this.wanted().some(({ key }) => key === file.key)) continue;
      const failure = await this.talk.wire.failure(answer);
      if (failure.gone) this.talk.lose(conversation);
      if (!failure.final || failure.gone) return failure;
      this.settle(file, { failed: failure.why || FILE_WORDS.refused_plain });
    }
    return null;
  }

  #next() {
    const conversation = this.talk.current();
    return conversation && this.wanted().find((file) => !file.failed && file.of !== conversation.id);
  }

  /**
   * @param {Enclosure} file
   * @param {Blob} blob
   * @param {string} token
   * @returns {Promise<Response | null>}  null when no answer came
   */
  #transfer({ key, name }, blob, token) {
    const call = new XMLHttpRequest();
    this.under_way = { key, call };
    this.#progress(key, 0);
    return new Promise((done) => {
      const cut = () => call.abort();
      let watchdog = setTimeout(cut, SILENCE_MS_MAX);
      call.upload.onprogress = ({ loaded, total }) => {
        clearTimeout(watchdog);
        watchdog = setTimeout(cut, SILENCE_MS_MAX);
        this.#progress(key, total ? loaded / total : 0);
      };
      call.onloadend = () => {
        clearTimeout(watchdog);
        this.under_way = null;
        if (!call.status) return done(null);
        const headers = { 'content-type': call.getResponseHeader('content-type') ?? '', 'retry-after': call.getResponseHeader('retry-after') ?? '' };
        done(new Response(call.responseText, { status: call.status, headers }));
      };
      call.open('POST', `${this.talk.wire.base}/v1/files`);
      call.setRequestHeader('authorization', `Bearer ${token}`);
      call.setRequestHeader('content-type', 'application/octet-stream');
      call.setRequestHeader('upload-key', key);
      call.setRequestHeader('upload-name', encodeURIComponent(name.replace(HALF, '\u{fffd}')));
      call.send(blob);
    });
  }

  /**
   * @param {string} key
   * @param {number} part
   */
  #progress(key, part) {
    this.parts.set(key, part);
    const bar = this.bars.get(key);
    if (bar) bar.value = part;
  }
}
