/**
 * The files of messages: pictures as small pictures, everything else by name and size, and a word
 * where one does not come. A picture opens in a tab of its own, everything else is saved; nothing is
 * ever shown by the page itself.
 *
 * @typedef {import('../chat/outbox.js').Enclosure} Enclosure
 * @typedef {import('../chat/wire.js').SentFile} SentFile
 */
import { h, icon } from '../dom.js';
import { FILE_WORDS } from '../words/files.js';
import { fill } from '../words/fill.js';
import { draw, frame, paper } from './picture.js';
import { size } from './size.js';
import { CROSS } from './tray.js';

/** The largest that a picture is shown, in pixels. */
const SHOWN_PX_MAX = 220;

/** The smallest that it is, so that a finger hits it. */
const SHOWN_PX_MIN = 48;

/** How far from view a picture is fetched. */
const NEAR = '400px';

/** Draws the files of messages. */
export class Attachments {
  /** @param {import('./files.js').Files} files */
  constructor(files) {
    this.files = files;
    /** What is to be done when an element comes near. @type {WeakMap<Element, () => void>} */
    this.near = new WeakMap();
    this.watch = new IntersectionObserver(
      (changes) => {
        for (const { target, isIntersecting } of changes) {
          if (!isIntersecting) continue;
          this.watch.unobserve(target);
          this.near.get(target)?.();
        }
      },
      { rootMargin: NEAR },
    );
  }

  /**
   * A file of a message that the server has.
   *
   * @param {SentFile} file
   */
  sent(file) {
    const { name, state, why, bytes, width, height } = file;
    if (state === 'here' && width && height) return this.#picture(file, width, height);
    const fact = state === 'coming' ? FILE_WORDS.coming : why || (bytes == null ? '' : size(bytes));
    if (state === 'here') return this.#paper(file, fact);
    return h('div', { class: `paper${state === 'coming' ? '' : ' bad'}` }, paper(), text(name, fact));
  }

  /**
   * A file of a message that still waits in this browser.
   *
   * @param {Enclosure} file
   */
  waiting(file) {
    const { key, name, bytes, failed, id } = file;
    return h(
      'div',
      { class: 'paper' },
      this.files.preview(file, 44),
      text(name, size(bytes), !failed && !id && this.files.bar(file)),
      !failed && h('button', { type: 'button', class: 'give-up', 'aria-label': fill(FILE_WORDS.give_up, { name }), onclick: () => this.files.remove(key) }, icon(CROSS)),
    );
  }

  /**
   * @param {SentFile} file
   * @param {number} width
   * @param {number} height
   */
  #picture(file, width, height) {
    const scale = Math.min(1, SHOWN_PX_MAX / width, SHOWN_PX_MAX / height);
    const [w, t] = [width, height].map((side) => Math.max(SHOWN_PX_MIN, Math.round(side * scale)));
    const canvas = frame(w, t);
    canvas.style.aspectRatio = `${w} / ${t}`;
    const show = async () => {
      try {
        await draw(canvas, await this.files.fetch(`/v1/thumbnails/${file.id}`), w, t);
      } catch {
        element.replaceWith(this.#paper(file, size(file.bytes ?? 0)));
      }
    };
    const element = h('button', { type: 'button', class: 'picture', 'aria-label': fill(FILE_WORDS.open, { name: file.name }), onclick: () => this.#open(file, element) }, canvas);
    this.near.set(canvas, show);
    this.watch.observe(canvas);
    return element;
  }

  /**
   * @param {SentFile} file
   * @param {string} fact
   */
  #paper(file, fact) {
    const words = text(file.name, fact);
    const action = h('span', { class: 'sr' }, `${FILE_WORDS.download} `);
    return h('button', { type: 'button', class: 'paper', onclick: () => this.#save(file, words.fact) }, paper(), action, words);
  }

  /**
   * Shows a picture in a tab of its own. The tab has to be there before the link is, or a browser
   * takes it for a pop-up.
   *
   * @param {SentFile} file
   * @param {HTMLElement} element
   */
  async #open(file, element) {
    const tab = open('about:blank', '_blank');
    if (tab) tab.opener = null;
    try {
      const href = await this.files.link(file);
      if (tab) tab.location.replace(href);
    } catch {
      tab?.close();
      element.replaceWith(this.#paper(file, FILE_WORDS.broken));
    }
  }

  /**
   * Saves a file. It is fetched by the page, so that nothing that goes wrong can lead the customer
   * away from it.
   *
   * @param {SentFile} file
   * @param {HTMLElement} fact  where to say how it goes
   */
  async #save(file, fact) {
    const before = fact.textContent;
    fact.textContent = FILE_WORDS.loading;
    try {
      const href = URL.createObjectURL(await this.files.fetch(`/v1/files/${file.id}/${encodeURIComponent(file.name)}`));
      h('a', { href, download: file.name }).click();
      setTimeout(() => URL.revokeObjectURL(href), 60_000);
      fact.textContent = before === FILE_WORDS.broken ? '' : before;
    } catch (error) {
      fact.textContent = (error instanceof Error && 'why' in error && String(error.why)) || FILE_WORDS.broken;
    }
  }
}

/**
 * A file's name and what there is to know about it.
 *
 * @param {string} name
 * @param {string} fact
 * @param {import('../dom.js').Child} [more]
 */
function text(name, fact, more) {
  const facts = h('span', { class: 'fact', role: 'status' }, fact);
  return Object.assign(h('span', { class: 'file' }, h('span', { class: 'name', dir: 'auto' }, name), facts, more), { fact: facts });
}
