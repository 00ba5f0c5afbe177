/**
 * Before the first message: the topic, then name and email as far as the site asks for them.
 *
 * @typedef {import('./wire.js').Site} Site
 * @typedef {import('./wire.js').Intro} Intro
 */
import { h, icon } from '../dom.js';
import { WORDS } from '../words/chat.js';
import { fill } from '../words/fill.js';

const ONWARD = 'M9 5l7 7-7 7';

/** What the server takes as a name. */
const NAME_CHARS_MAX = 120;

/** The longest address there is (RFC 5321, 4.5.3.1.3). */
const EMAIL_CHARS_MAX = 254;

/** The two steps. */
export class Introduction {
  /**
   * @param {(topic: string) => void} choose
   * @param {(intro: Intro) => void} introduce
   */
  constructor(choose, introduce) {
    this.choose = choose;
    this.introduce = introduce;
    this.element = h('div', { class: 'view' });
    /** What is shown: the site and the step. */
    this.sign = '';
    /** @type {Field[]} */
    this.fields = [];
  }

  /**
   * @param {Site | null} site
   * @param {string | undefined} topic  chosen, so that the second step is shown
   * @param {Intro} intro               what is known already
   */
  show(site, topic, intro) {
    // What the customer is filling in must not be built anew under his hands.
    const sign = JSON.stringify([site, topic]);
    if (sign === this.sign) return;
    this.sign = sign;
    if (!site) this.element.replaceChildren(h('p', { class: 'greeting' }, WORDS.loading));
    else if (topic === undefined) this.element.replaceChildren(...this.#topics(site));
    else this.element.replaceChildren(this.#form(site, intro));
  }

  /**
   * Where the keyboard begins.
   *
   * @returns {HTMLElement | null}
   */
  first() {
    return this.element.querySelector('input, button');
  }

  /** @param {Site} site */
  #topics(site) {
    const topics = site.topics.map(({ id, label }) =>
      h('li', {}, h('button', { type: 'button', onclick: () => this.choose(id) }, h('span', { dir: 'auto' }, label), icon(ONWARD))),
    );
    return [
      h('p', { class: 'greeting' }, site.greeting),
      h('h3', { id: 'topics' }, WORDS.topics),
      h('ul', { class: 'topics', 'aria-labelledby': 'topics' }, ...topics),
    ];
  }

  /**
   * @param {Site} site
   * @param {Intro} intro
   */
  #form(site, intro) {
    this.fields = [];
    if (site.ask_name !== 'off') this.fields.push(new Field('name', 'text', WORDS.name, '', WORDS.name_missing, site.ask_name, intro.name));
    if (site.ask_email !== 'off') this.fields.push(new Field('email', 'email', WORDS.email, WORDS.email_why, WORDS.email_wrong, site.ask_email, intro.email));
    return h(
      'form',
      { novalidate: true, 'aria-label': WORDS.about, onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
      h('h3', {}, WORDS.about),
      ...this.fields.map((field) => field.element),
      h('button', { class: 'go' }, WORDS.go_on),
    );
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const wrong = this.fields.filter((field) => !field.check());
    if (wrong.length) return wrong[0].input.focus();
    this.introduce(Object.fromEntries(this.fields.map(({ input }) => [input.name, input.value.trim() || undefined])));
  }
}

/** One question, with what is wrong about its answer. */
class Field {
  /**
   * @param {'name' | 'email'} name
   * @param {'text' | 'email'} type
   * @param {string} label
   * @param {string} hint
   * @param {string} wrong
   * @param {import('./wire.js').Ask} ask
   * @param {string} [value]
   */
  constructor(name, type, label, hint, wrong, ask, value) {
    this.hint = hint;
    this.wrong = wrong;
    const required = ask === 'required';
    const maxlength = name === 'name' ? NAME_CHARS_MAX : EMAIL_CHARS_MAX;
    this.input = h('input', { id: name, name, type, dir: 'auto', autocomplete: name, required, maxlength, 'aria-describedby': `${name}-why` });
    this.input.value = value ?? '';
    this.why = h('p', { class: 'why', id: `${name}-why` }, hint);
    this.element = h('div', { class: 'field' }, h('label', { for: name }, required ? label : fill(WORDS.optional, { label })), this.input, this.why);
  }

  /** True when the answer will do; shows what is wrong otherwise. */
  check() {
    this.input.value = this.input.value.trim();
    const good = this.input.checkValidity();
    this.input.setAttribute('aria-invalid', String(!good));
    this.why.className = `why${good ? '' : ' bad'}`;
    this.why.textContent = good ? this.hint : this.wrong;
    return good;
  }
}
