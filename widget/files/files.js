/**
 * Files, both ways: what the chat loads when the first one is chosen or comes. Knows the tray, the
 * uploads and the files of messages; text never passes through here.
 *
 * @typedef {import('../chat/outbox.js').Enclosure} Enclosure
 * @typedef {import('../chat/outbox.js').Entry} Entry
 * @typedef {import('../chat/wire.js').Message} Message
 * @typedef {import('../chat/wire.js').SentFile} SentFile
 */
import { dress, h } from '../dom.js';
import { FILE_WORDS } from '../words/files.js';
import { fill } from '../words/fill.js';
import { Attachments } from './attachments.js';
import { draw, frame, paper } from './picture.js';
import { Shelf } from './shelf.js';
import { FILES_STYLE } from './style.js';
import { Tray } from './tray.js';
import { Uploads } from './uploads.js';

/** A larger picture is not opened only to preview it. */
const PREVIEW_BYTES_MAX = 30 * 1024 * 1024;

/**
 * What the chat calls when it first has to do with a file.
 *
 * @param {import('../chat/talk.js').Talk} talk
 * @param {import('../chat/pace.js').Pace} pace
 * @param {ShadowRoot} root
 * @param {() => void} changed
 */
export function start(talk, pace, root, changed) {
  dress(root, FILES_STYLE);
  return new Files(talk, pace, changed);
}

/** The chat's files. */
export class Files {
  /**
   * @param {import('../chat/talk.js').Talk} talk
   * @param {import('../chat/pace.js').Pace} pace
   * @param {() => void} changed
   */
  constructor(talk, pace, changed) {
    this.talk = talk;
    this.changed = changed;
    this.shelf = new Shelf(talk.memory.prefix);
    this.uploads = new Uploads(
      talk,
      this.shelf,
      pace,
      () => this.#wanted(),
      (file, outcome) => this.#settle(file, outcome),
    );
    this.attachments = new Attachments(this);
    this.tray = new Tray(this, `${talk.memory.prefix}tray`);
    this.tray.show();
    void this.shelf.sweep(this.#wanted().map(({ key }) => key));
  }

  /**
   * Takes in what was chosen, dropped or pasted.
   *
   * @param {File[]} chosen
   * @param {import('../chat/wire.js').SiteFiles} most
   */
  async add(chosen, most) {
    for (const file of chosen) {
      const item = { key: this.talk.outbox.key(), name: file.name, type: file.type, bytes: file.size, failed: await this.tray.objection(file, most) };
      if (!item.failed) await this.shelf.put(item.key, file);
      this.tray.items.push(item);
      this.#change();
    }
  }

  /** What goes with the message that is sent now. */
  take() {
    const taken = this.tray.take();
    this.#change();
    return taken;
  }

  /** True when the tray has something that can be sent. */
  get any() {
    return this.tray.items.some((item) => !item.failed);
  }

  /**
   * The customer does not want to send it.
   *
   * @param {string} key
   */
  remove(key) {
    this.tray.items = this.tray.items.filter((item) => item.key !== key);
    this.talk.outbox.without(key);
    this.uploads.stop(key);
    this.#change();
  }

  /**
   * The files of a message, or nothing.
   *
   * @param {Message | undefined} message
   * @param {Entry | undefined} entry
   */
  nodes(message, entry) {
    return entry ? (entry.files ?? []).map((file) => this.attachments.waiting(file)) : (message?.files ?? []).map((file) => this.attachments.sent(file));
  }

  /**
   * A small picture of a file of this browser, if it is one, or what stands for it.
   *
   * @param {Enclosure} file
   * @param {number} px
   */
  preview({ key, type, bytes }, px) {
    if (!type.startsWith('image/') || bytes > PREVIEW_BYTES_MAX) return paper();
    const canvas = frame(px, px);
    const show = async () => {
      const blob = await this.shelf.get(key);
      if (blob) await draw(canvas, blob, px, px, true);
    };
    // What says it is a picture may be none.
    show().catch(() => canvas.replaceWith(paper()));
    return canvas;
  }

  /**
   * What shows how far an upload has come.
   *
   * @param {Enclosure} file
   */
  bar({ key, name }) {
    const bar = h('progress', { max: 1, 'aria-label': fill(FILE_WORDS.uploading, { name }) });
    bar.value = this.uploads.parts.get(key) ?? 0;
    this.uploads.bars.set(key, bar);
    return bar;
  }

  /**
   * Bytes from the server.
   *
   * @param {string} path
   */
  async fetch(path) {
    const answer = await this.#ask('GET', path);
    return answer.blob();
  }

  /**
   * An address that opens this file and no other, for some minutes.
   *
   * @param {SentFile} file
   */
  async link({ id }) {
    const answer = await this.#ask('POST', `/v1/files/${id}/link`);
    return this.talk.wire.base + (await answer.json()).href;
  }

  /**
   * @param {string} method
   * @param {string} path
   */
  async #ask(method, path) {
    const headers = { authorization: `Bearer ${this.talk.current()?.token}` };
    const answer = await fetch(this.talk.wire.base + path, { method, headers, credentials: 'omit' }).catch(() => null);
    if (!answer?.ok) throw await this.talk.wire.failure(answer);
    return answer;
  }

  #wanted() {
    const entries = this.talk.outbox.entries().filter((entry) => !entry.failed);
    return [...entries.flatMap((entry) => entry.files ?? []), ...this.tray.items];
  }

  /**
   * @param {Enclosure} file
   * @param {Partial<Enclosure>} outcome
   */
  #settle(file, outcome) {
    const item = this.tray.items.find(({ key }) => key === file.key);
    if (item) Object.assign(item, outcome);
    else this.talk.outbox.settle(file.key, outcome);
    if (outcome.failed && item) item.failed = fill(FILE_WORDS.refused, { why: outcome.failed });
    void this.talk.outbox.run();
    this.#change();
  }

  #change() {
    this.tray.show();
    this.changed();
    void this.uploads.run();
  }
}
