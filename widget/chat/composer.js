/** Where the customer writes: grows with the text, keeps the draft, and says when it is too long. */
import { h, icon } from '../dom.js';
import { WORDS } from '../words/chat.js';
import { fill } from '../words/fill.js';

const SEND = 'M4 12l16-8-5 16-3.5-6.5ZM11.5 13.5L20 4';

/** The number of characters left is shown from here on. */
const CHARS_LEFT_SHOWN = 200;

/** The field and its button. */
export class Composer {
  /**
   * @param {import('./memory.js').Memory} memory
   * @param {import('./attach.js').Attach} attach
   * @param {(text: string) => void} say
   */
  constructor(memory, attach, say) {
    this.memory = memory;
    this.attach = attach;
    this.say = say;
    this.chars_max = Infinity;
    this.field = h('textarea', {
      rows: 1,
      dir: 'auto',
      'aria-label': WORDS.write,
      placeholder: WORDS.write,
      'aria-describedby': 'count',
      enterkeyhint: 'send',
      autocomplete: 'off',
      oninput: () => {
        this.memory.set('draft', this.field.value || null);
        this.fit();
      },
      onpaste: (/** @type {ClipboardEvent} */ event) => attach.paste(event),
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        // While an input method composes, Enter only picks a word (Safari says so by code 229).
        if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
        event.preventDefault();
        this.#send();
      },
    });
    this.button = h('button', { class: 'send', 'aria-label': WORDS.send }, icon(SEND));
    this.count = h('p', { class: 'count', id: 'count', role: 'status', hidden: true });
    this.element = h(
      'form',
      {
        onsubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          this.#send();
          this.field.focus();
        },
      },
      attach.place,
      h('div', { class: 'composer' }, attach.button, this.field, this.button),
      this.count,
    );
    this.field.value = memory.get('draft') ?? '';
    this.fit();
  }

  /** Makes the field as high as its text, and the button show whether there is something to send. */
  fit() {
    const { field, count } = this;
    const left = this.#left();
    field.style.blockSize = '44px';
    // Two pixels of border, which the height of the content leaves out.
    if (field.scrollHeight > 44) field.style.blockSize = `${field.scrollHeight + 2}px`;
    count.hidden = left >= CHARS_LEFT_SHOWN;
    count.className = `count${left < 0 ? ' bad' : ''}`;
    count.textContent = count.hidden ? '' : fill(left < 0 ? WORDS.chars_over : WORDS.chars_left, { n: Math.abs(left) });
    // Not `disabled`: the keyboard must not lose its place after each message.
    this.button.setAttribute('aria-disabled', String(left < 0 || !(field.value.trim() || this.attach.files?.any)));
  }

  #send() {
    const text = this.field.value.trim();
    if (!(text || this.attach.files?.any) || this.#left() < 0) return;
    this.field.value = '';
    this.memory.set('draft', null);
    this.fit();
    this.say(text);
  }

  /** Counted as the server counts: an emoji is one. */
  #left() {
    return this.chars_max - [...this.field.value.trim()].length;
  }
}
