/**
 * Where files come into the chat: dropped on it, pasted into the field or picked. What is done with
 * them is a script of its own (`widget/files/`), which is fetched when the first file is there.
 */
import { h, icon } from '../dom.js';
import { WORDS } from '../words/chat.js';
import { Pace } from './pace.js';
import { lazily, part } from './part.js';

const CLIP = 'M20 11l-8.5 8.5a5 5 0 0 1-7-7L13 4a3.3 3.3 0 0 1 4.7 4.7l-8.3 8.3a1.7 1.7 0 0 1-2.4-2.4L14.5 7';

/** The clip, the drop, the paste. */
export class Attach {
  /**
   * @param {import('./talk.js').Talk} talk
   * @param {ShadowRoot} root
   * @param {() => void} changed
   */
  constructor(talk, root, changed) {
    this.talk = talk;
    this.root = root;
    this.changed = changed;
    /** What the site takes; nothing where it takes no files. @type {import('./wire.js').SiteFiles | null} */
    this.most = null;
    /** @type {import('../files/files.js').Files | null} */
    this.files = null;
    this.input = h('input', { type: 'file', multiple: true, hidden: true, 'aria-label': WORDS.attach, onchange: () => this.#picked() });
    this.button = h('button', { class: 'clip', type: 'button', hidden: true, 'aria-label': WORDS.attach, onclick: () => this.input.click() }, icon(CLIP));
    this.trouble = h('p', { class: 'count bad', role: 'alert' });
    /** Where the tray will be. */
    this.place = h('div', { class: 'place' }, this.input, this.trouble);
    if (this.#left()) this.load().catch(() => {});
  }

  /** @param {import('./wire.js').Site} site */
  allow({ files }) {
    this.most = files ?? null;
    this.button.hidden = !files;
    this.input.accept = files?.types.join() ?? '';
  }

  /**
   * Takes what is dropped on an element.
   *
   * @param {HTMLElement} target
   * @param {() => boolean} ready
   */
  drops(target, ready) {
    /** @param {DragEvent} event */
    const brings = (event) => Boolean(this.most && ready() && event.dataTransfer?.types.includes('Files'));
    const mark = (/** @type {boolean} */ on) => target.classList.toggle('dropping', on);
    target.addEventListener('dragover', (event) => {
      if (!brings(event)) return;
      event.preventDefault();
      mark(true);
    });
    target.addEventListener('dragleave', (event) => mark(target.contains(/** @type {Node | null} */ (event.relatedTarget))));
    target.addEventListener('drop', (event) => {
      mark(false);
      if (!brings(event)) return;
      event.preventDefault();
      void this.add([...(event.dataTransfer?.files ?? [])]);
    });
  }

  /** @param {ClipboardEvent} event */
  paste(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length || !this.most) return;
    event.preventDefault();
    void this.add(files);
  }

  /** @param {File[]} chosen */
  async add(chosen) {
    const { most } = this;
    if (!most) return;
    try {
      const files = await this.load();
      await files.add(chosen, most);
    } catch {
      this.trouble.textContent = WORDS.no_files;
    }
  }

  /** The script that knows what to do with files, fetched once. */
  load = lazily(async () => {
    const module = await part(this.talk.wire.base, '/assets/files-HASH.js', '/assets/files.js');
    this.trouble.textContent = '';
    /** @type {import('../files/files.js').Files} */
    const files = module.start(this.talk, new Pace(), this.root, this.changed);
    this.files = files;
    this.place.prepend(files.tray.element);
    this.changed();
    return files;
  });

  /**
   * The files of a message as nodes: none yet while the script is on its way.
   *
   * @param {import('./wire.js').Message | undefined} message
   * @param {import('./outbox.js').Entry | undefined} entry
   */
  nodes(message, entry) {
    if (!this.files) this.load().catch(() => {});
    return this.files?.nodes(message, entry) ?? [];
  }

  #picked() {
    const chosen = [...(this.input.files ?? [])];
    // The same file may be picked once more.
    this.input.value = '';
    void this.add(chosen);
  }

  /** Whether there were files in the tray when the page was left. */
  #left() {
    try {
      return (sessionStorage.getItem(`${this.talk.memory.prefix}tray`) ?? '[]') !== '[]';
    } catch {
      return false;
    }
  }
}
