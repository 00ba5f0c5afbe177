/**
 * What is chosen and not sent yet, above the field: each file with a preview, how far its upload has
 * come and a way to take it out again. What can't be sent says why, before a byte of it leaves.
 *
 * @typedef {import('../chat/outbox.js').Enclosure} Enclosure
 */
import { h, icon } from '../dom.js';
import { FILE_WORDS } from '../words/files.js';
import { fill } from '../words/fill.js';
import { size } from './size.js';

/** Takes a file out. */
export const CROSS = 'M6 6l12 12M18 6L6 18';

/** The tray. */
export class Tray {
  /**
   * @param {import('./files.js').Files} files
   * @param {string} name  under which the tab remembers what is in it
   */
  constructor(files, name) {
    this.files = files;
    this.name = name;
    /** @type {Enclosure[]} */
    this.items = this.#remembered();
    this.element = h('ul', { class: 'tray', 'aria-label': FILE_WORDS.tray, 'aria-live': 'polite' });
    /** @type {Map<string, { sign: string, node: HTMLElement }>} */
    this.rows = new Map();
  }

  /**
   * Why a file can't be sent, or nothing.
   *
   * @param {File} file
   * @param {import('../chat/wire.js').SiteFiles} most
   */
  async objection(file, most) {
    if (this.items.filter((item) => !item.failed).length >= most.per_message_max) return fill(FILE_WORDS.too_many, { n: most.per_message_max });
    if (file.size > most.bytes_max) return fill(FILE_WORDS.too_large, { size: size(file.size), most: size(most.bytes_max) });
    if (file.type.startsWith('image/') && !most.types.includes(file.type)) return FILE_WORDS.picture;
    // A folder, or a file that has gone since it was chosen, can't be read.
    const readable = await file.slice(0, 1).arrayBuffer().catch(() => null);
    if (!readable) return FILE_WORDS.unreadable;
    return readable.byteLength ? undefined : FILE_WORDS.empty;
  }

  /** What goes with the message that is sent now. What can't be sent stays until the customer has seen why. */
  take() {
    const taken = this.items.filter((item) => !item.failed);
    this.items = this.items.filter((item) => item.failed);
    this.show();
    return taken;
  }

  /** Shows, and remembers, what is in it. */
  show() {
    this.element.hidden = !this.items.length;
    const before = this.rows;
    this.rows = new Map();
    this.items.forEach((item, i) => {
      const sign = JSON.stringify([item.failed, Boolean(item.id)]);
      const old = before.get(item.key);
      const row = old?.sign === sign ? old : { sign, node: this.#row(item) };
      this.rows.set(item.key, row);
      if (old && old !== row) old.node.replaceWith(row.node);
      else if (this.element.children[i] !== row.node) this.element.insertBefore(row.node, this.element.children[i] ?? null);
    });
    for (const [key, { node }] of before) if (!this.rows.has(key)) node.remove();
    try {
      sessionStorage.setItem(this.name, JSON.stringify(this.items.filter((item) => !item.failed)));
    } catch {
      // Storage is blocked: the tray lasts as long as the page.
    }
  }

  /** @param {Enclosure} item */
  #row(item) {
    const { key, name, bytes, failed, id } = item;
    return h(
      'li',
      { class: failed ? 'bad' : '' },
      !failed && this.files.preview(item, 44),
      h(
        'div',
        { class: 'file' },
        h('span', { class: 'name', dir: 'auto' }, name),
        h('span', { class: 'fact' }, failed ?? size(bytes)),
        !failed && !id && this.files.bar(item),
      ),
      h('button', { type: 'button', 'aria-label': fill(FILE_WORDS.remove, { name }), onclick: () => this.files.remove(key) }, icon(CROSS)),
    );
  }

  /** @returns {Enclosure[]} */
  #remembered() {
    try {
      return JSON.parse(sessionStorage.getItem(this.name) ?? '[]');
    } catch {
      return [];
    }
  }
}
