/**
 * Files at the practice desk: those of a post, and those that the agent attaches to the next one.
 *
 * @typedef {{ id: string, name: string, bytes: number, href: string, thumbnail?: string, width?: number, height?: number }} DeskFile
 */
import { h } from './dom.js';

/** The largest that a picture is shown, in pixels. */
const SHOWN_PX_MAX = 320;

/**
 * The files of a post.
 *
 * @param {DeskFile[]} files
 */
export function fileNodes(files) {
  return h('ul', { class: 'files', 'aria-label': 'Files' }, ...files.map((file) => h('li', {}, fileNode(file))));
}

/** @param {DeskFile} file */
function fileNode({ name, bytes, href, thumbnail, width = 1, height = 1 }) {
  if (!thumbnail) return h('a', { class: 'file', href, download: name, dir: 'auto' }, name, ' ', h('span', {}, sizeWords(bytes)));
  const scale = Math.min(1, SHOWN_PX_MAX / width, SHOWN_PX_MAX / height);
  const [w, t] = [Math.round(width * scale), Math.round(height * scale)];
  return h('a', { href, target: '_blank', rel: 'noopener' }, h('img', { src: thumbnail, alt: name, width: w, height: t }));
}

/** What the agent has attached to the next post. */
export class Attached {
  /**
   * @param {HTMLElement} place  for what is attached
   * @param {HTMLElement} bar    for the button
   * @param {() => number | null} thread
   * @param {(work: () => Promise<unknown>) => Promise<boolean>} attempt
   */
  constructor(place, bar, thread, attempt) {
    this.thread = thread;
    this.attempt = attempt;
    /** @type {{ id: string, name: string }[]} */
    this.files = [];
    this.input = h('input', { type: 'file', multiple: true, hidden: true, 'aria-label': 'Attach files', onchange: () => this.#add([...(this.input.files ?? [])]) });
    this.list = h('ul', { class: 'files', 'aria-label': 'Files to be sent', 'aria-live': 'polite' });
    const button = h('button', { type: 'button', class: 'attach', onclick: () => this.input.click() }, 'Attach files');
    place.append(this.list, this.input);
    bar.firstElementChild?.after(button);
  }

  /** They were sent, or belong to another thread. */
  clear() {
    this.files = [];
    this.#show();
  }

  /** @param {File[]} chosen */
  async #add(chosen) {
    this.input.value = '';
    const number = this.thread();
    for (const file of chosen) {
      await this.attempt(async () => {
        const headers = { 'upload-name': encodeURIComponent(file.name), 'content-type': 'application/octet-stream' };
        const answer = await fetch(`/practice/api/threads/${number}/files`, { method: 'POST', headers, body: file });
        const json = await answer.json().catch(() => ({}));
        if (!answer.ok) throw new Error(`${file.name}: ${json.detail ?? `the server answered ${answer.status}.`}`);
        if (this.thread() === number) this.files.push(json);
      });
    }
    this.#show();
  }

  #show() {
    this.list.replaceChildren(
      ...this.files.map(({ id, name }) => {
        const remove = () => {
          this.files = this.files.filter((file) => file.id !== id);
          this.#show();
        };
        return h('li', { class: 'file' }, h('span', { dir: 'auto' }, name), h('button', { type: 'button', 'aria-label': `Remove ${name}`, onclick: remove }, '✕'));
      }),
    );
  }
}

/** @param {number} bytes */
function sizeWords(bytes) {
  return bytes < 1024 ? `${bytes} bytes` : bytes < 1024 ** 2 ? `${Math.round(bytes / 1024)} kB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}
