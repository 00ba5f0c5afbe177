/**
 * A conversation that is resolved: who did that, and how the customer found it. What the chat loads
 * when it first meets one.
 *
 * @typedef {import('../chat/wire.js').Standing} Standing
 */
import { dress, h, icon } from '../dom.js';
import { fill } from '../words/fill.js';
import { RATING_WORDS } from '../words/rating.js';
import { RATING_STYLE } from './style.js';

const STAR = 'M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1.1 5.9-5.3-2.9-5.3 2.9 1.1-5.9L3.5 9.7l5.9-.8Z';

const STARS_MAX = 5;

/** Longest comment that the server takes, in characters. */
const COMMENT_CHARS_MAX = 2_000;

/**
 * @param {import('../chat/talk.js').Talk} talk
 * @param {ShadowRoot} root
 */
export function start(talk, root) {
  dress(root, RATING_STYLE);
  return new Rating(talk);
}

/** The words below the last message, and the stars. */
export class Rating {
  /** @param {import('../chat/talk.js').Talk} talk */
  constructor(talk) {
    this.talk = talk;
    this.line = h('p', { role: 'status' });
    this.place = h('div');
    this.element = h('div', { class: 'closing' }, this.line, this.place);
    /** What is shown. */
    this.sign = '';
    /** The customer wants to give other stars than before. */
    this.again = false;
  }

  /** @param {Standing | null} standing */
  show(standing) {
    const resolved = standing && standing.state !== 'open';
    this.element.hidden = !resolved;
    // What the customer is filling in must not be built anew under his hands.
    const sign = JSON.stringify([standing, this.again]);
    if (sign === this.sign) return;
    this.sign = sign;
    if (!resolved) {
      this.again = false;
      this.line.textContent = '';
      this.place.replaceChildren();
      return;
    }
    const thanks = standing.rating === 'given' && !this.again;
    const said = fill(RATING_WORDS.resolved, { name: standing.resolved_by ?? '' });
    this.line.textContent = thanks ? `${said} ${fill(RATING_WORDS.thanks, { stars: starWords(standing.score ?? 0) })}` : said;
    if (thanks) this.place.replaceChildren(h('button', { type: 'button', class: 'link', onclick: () => this.#change() }, RATING_WORDS.change));
    else if (standing.rating === 'not_asked') this.place.replaceChildren();
    else this.place.replaceChildren(this.#form(standing.score ?? 0));
  }

  /** @param {number} before */
  #form(before) {
    const key = this.talk.outbox.key();
    const choices = Array.from({ length: STARS_MAX }, (_, i) => h('input', { type: 'radio', name: 'stars', value: i + 1, 'aria-label': starWords(i + 1), checked: i + 1 === before, onchange: () => light() }));
    const labels = choices.map((choice) => h('label', {}, choice, icon(STAR)));
    const comment = h('textarea', { 'aria-label': RATING_WORDS.comment, placeholder: RATING_WORDS.comment, maxlength: COMMENT_CHARS_MAX, dir: 'auto' });
    const trouble = h('p', { class: 'why bad', role: 'alert' });
    const more = h('div', { hidden: true }, comment, h('button', { class: 'go' }, RATING_WORDS.send), trouble);
    const score = () => choices.findIndex((choice) => choice.checked) + 1;
    const light = () => {
      labels.forEach((label, i) => label.classList.toggle('lit', i < score()));
      more.hidden = !score();
    };
    light();
    const send = async (/** @type {Event} */ event) => {
      event.preventDefault();
      trouble.textContent = '';
      try {
        await this.talk.rate({ key, score: score(), comment: comment.value.trim() });
        this.again = false;
        this.show(this.talk.standing);
      } catch (error) {
        trouble.textContent = (error instanceof Error && 'why' in error && String(error.why)) || RATING_WORDS.failed;
      }
    };
    return h('form', { onsubmit: send }, h('fieldset', {}, h('legend', {}, RATING_WORDS.ask), h('div', { class: 'stars' }, ...labels)), more);
  }

  #change() {
    this.again = true;
    this.show(this.talk.standing);
    /** @type {HTMLInputElement | null} */ (this.place.querySelector('input:checked'))?.focus();
  }
}

/** @param {number} n */
function starWords(n) {
  return fill(n === 1 ? RATING_WORDS.star : RATING_WORDS.stars, { n });
}
