/**
 * Before the first message: the topic, then name and email as far as the site asks for them and does
 * not know them, and what the topic asks for.
 *
 * @typedef {import('./wire.js').Site} Site
 * @typedef {import('./wire.js').Intro} Intro
 * @typedef {import('./known.js').Known} Known
 *
 * @typedef {object} Question
 * @property {'name' | 'email' | 'field'} about
 * @property {string} id             of the field, when it is about one
 * @property {string} label
 * @property {string} hint
 * @property {string} missing        what to say when it is not answered
 * @property {string} wrong          what to say to an answer that will not do
 * @property {boolean} required
 * @property {'line' | 'text' | 'choice'} kind
 * @property {string[]} [choices]
 * @property {RegExp | null} [form]  what the whole answer has to fit
 * @property {number} chars_max
 */
import { h, icon } from '../dom.js';
import { WORDS } from '../words/chat.js';
import { fill } from '../words/fill.js';
import { claims, refused } from './known.js';

const ONWARD = 'M9 5l7 7-7 7';

/** What the server takes as a name. */
const NAME_CHARS_MAX = 120;

/** The longest address there is (RFC 5321, 4.5.3.1.3). */
const EMAIL_CHARS_MAX = 254;

/**
 * What is asked about a topic.
 *
 * @param {Site} site
 * @param {string | undefined} topic
 * @param {Known} known  what the page knows is not asked
 * @returns {Question[]}
 */
export function questions(site, topic, known) {
  const { ask_name } = site;
  const { ask_email, fields } = site.topics.find((it) => it.id === topic) ?? { ask_email: 'off', fields: [] };
  const { name, email } = { ...(refused.has(known.proof) ? {} : claims(known.proof)), ...known };
  /** @type {Question[]} */
  const asked = [];
  if (ask_name !== 'off' && !name) {
    const { name: label, name_missing: missing } = WORDS;
    asked.push({ about: 'name', id: '', label, hint: '', missing, wrong: missing, required: ask_name === 'required', kind: 'line', chars_max: NAME_CHARS_MAX });
  }
  if (ask_email !== 'off' && !email) {
    const { email: label, email_why: hint, email_wrong: wrong } = WORDS;
    asked.push({ about: 'email', id: '', label, hint, missing: wrong, wrong, required: ask_email === 'required', kind: 'line', chars_max: EMAIL_CHARS_MAX });
  }
  for (const { id, label, help, kind, choices, required, pattern, error } of fields) {
    asked.push({ about: 'field', id, label, hint: help ?? '', missing: WORDS.answer_missing, wrong: error ?? '', required, kind, choices, form: form(pattern), chars_max: site.answer_chars_max });
  }
  return asked;
}

/**
 * @param {string | null} pattern
 */
function form(pattern) {
  try {
    return pattern ? new RegExp(`^(?:${pattern})$`, 'u') : null;
  } catch {
    // One of the few that only the server understands.
    return null;
  }
}

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
    /** Stands above the topics. */
    this.above = h('div');
    /** What is shown: the site and the step. */
    this.sign = '';
    /** @type {Answer[]} */
    this.answers = [];
  }

  /**
   * @param {Site | null} site
   * @param {string | undefined} topic  chosen, so that the second step is shown
   * @param {Intro} intro               what was said already
   * @param {Known} known               what the page knows
   */
  show(site, topic, intro, known) {
    // What the customer is filling in must not be built anew under his hands.
    const sign = JSON.stringify([site, topic]);
    if (sign === this.sign) return;
    this.sign = sign;
    if (!site) this.element.replaceChildren(h('p', { class: 'greeting' }, WORDS.loading));
    else if (topic === undefined) this.element.replaceChildren(...this.#topics(site));
    else this.element.replaceChildren(this.#form(site, topic, intro, known));
  }

  /**
   * Where the keyboard begins.
   *
   * @returns {HTMLElement | null}
   */
  first() {
    return this.element.querySelector('input, textarea, select, button');
  }

  /** @param {Site} site */
  #topics(site) {
    const topics = site.topics.map(({ id, label }) =>
      h('li', {}, h('button', { type: 'button', onclick: () => this.choose(id) }, h('span', { dir: 'auto' }, label), icon(ONWARD))),
    );
    return [
      h('p', { class: 'greeting' }, site.greeting),
      this.above,
      h('h3', { id: 'topics' }, WORDS.topics),
      h('ul', { class: 'topics', 'aria-labelledby': 'topics' }, ...topics),
    ];
  }

  /**
   * @param {Site} site
   * @param {string} topic
   * @param {Intro} intro
   * @param {Known} known
   */
  #form(site, topic, intro, known) {
    const asked = questions(site, topic, known);
    this.answers = asked.map((question) => {
      const { about, id } = question;
      return new Answer(question, about === 'field' ? (intro.fields?.[id] ?? known.facts[id] ?? undefined) : intro[about]);
    });
    const of_topic = this.answers.filter(({ question }) => question.about === 'field').map(({ element }) => element);
    const of_customer = this.answers.filter(({ question }) => question.about !== 'field').map(({ element }) => element);
    const label = site.topics.find(({ id }) => id === topic)?.label ?? '';
    return h(
      'form',
      { novalidate: true, 'aria-label': of_customer.length ? WORDS.about : label, onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
      of_customer.length > 0 && h('h3', {}, WORDS.about),
      ...of_customer,
      of_topic.length > 0 && h('h3', { dir: 'auto' }, label),
      ...of_topic,
      h('button', { class: 'go' }, WORDS.go_on),
    );
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const wrong = this.answers.filter((answer) => !answer.check());
    if (wrong.length) return wrong[0].input.focus();
    /** @type {Intro} */
    const intro = { fields: {} };
    for (const { question, input } of this.answers) {
      if (question.about !== 'field') intro[question.about] = input.value || undefined;
      else if (input.value && intro.fields) intro.fields[question.id] = input.value;
    }
    this.introduce(intro);
  }
}

/** One question and its answer, with what is wrong about it. */
class Answer {
  /**
   * @param {Question} question
   * @param {string} [value]
   */
  constructor(question, value) {
    this.question = question;
    const { about, id: field, label, hint, required, kind, choices = [], chars_max: maxlength } = question;
    const name = about === 'field' ? `field-${field}` : about;
    const common = { id: name, name, dir: 'auto', required, 'aria-describedby': `${name}-why` };
    /** @type {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} */
    this.input =
      kind === 'choice'
        ? h('select', common, h('option', { value: '' }, WORDS.choose), ...choices.map((choice) => h('option', { value: choice }, choice)))
        : kind === 'text'
          ? h('textarea', { ...common, rows: 3, maxlength })
          : h('input', { ...common, type: about === 'email' ? 'email' : 'text', autocomplete: about === 'field' ? 'off' : about, maxlength });
    if (kind !== 'choice' || choices.includes(value ?? '')) this.input.value = value ?? '';
    this.why = h('p', { class: 'why', id: `${name}-why` }, hint);
    this.element = h('div', { class: 'field' }, h('label', { for: name, dir: 'auto' }, required ? label : fill(WORDS.optional, { label })), this.input, this.why);
  }

  /** True when the answer will do; shows what is wrong otherwise. */
  check() {
    const { input, question } = this;
    if (!(input instanceof HTMLSelectElement)) input.value = input.value.trim();
    const fits = !input.value || !question.form || question.form.test(input.value);
    const good = input.checkValidity() && fits;
    input.setAttribute('aria-invalid', String(!good));
    this.why.className = `why${good ? '' : ' bad'}`;
    this.why.textContent = good ? question.hint : input.value ? question.wrong : question.missing;
    return good;
  }
}
