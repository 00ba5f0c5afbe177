/**
 * The chat's panel: topic, then name and email, then the conversation. Reads the talk, and shows it;
 * it never speaks with the server itself, except to learn how the site wants it to look.
 */
import { dress, h, icon } from '../dom.js';
import { WORDS } from '../words/chat.js';
import { fill } from '../words/fill.js';
import { Attach } from './attach.js';
import { Bell } from './bell.js';
import { Composer } from './composer.js';
import { Introduction, questions } from './introduction.js';
import { known } from './known.js';
import { Log } from './log.js';
import { Pace } from './pace.js';
import { lazily, part } from './part.js';
import { STYLE } from './style.js';
import { Talk } from './talk.js';

/** Up to this width the panel fills the screen; the same as in style.js. */
const PHONE = '(max-width: 480px), (max-height: 420px)';

const CROSS = 'M6 6l12 12M18 6L6 18';
const BACK = 'M15 5l-7 7 7 7';

/**
 * What the loader calls when the chat is first wanted.
 *
 * @param {import('../widget.js').Launcher} launcher
 */
export function start(launcher) {
  return new Chat(launcher);
}

/** The panel. */
export class Chat {
  /** @param {import('../widget.js').Launcher} launcher */
  constructor(launcher) {
    this.launcher = launcher;
    /** @type {import('./wire.js').Site | null} */
    this.site = null;
    /** The topic chosen, while name and email are asked. @type {string | undefined} */
    this.topic = undefined;
    this.unreachable = false;
    this.talk = new Talk(launcher.base, () => this.show(), () => this.#arrived());
    this.talk.known = known(launcher.told);
    /** What was last wrong with what the customer said before the first message. */
    this.refused = '';
    this.bell = new Bell(this.talk.memory);

    this.back = h('button', { class: 'back', type: 'button', 'aria-label': WORDS.back, onclick: () => this.#goBack() }, icon(BACK));
    this.title = h('h2', {}, WORDS.title);
    this.header = h(
      'div',
      { class: 'head' },
      this.back,
      this.title,
      this.bell.button,
      h('button', { type: 'button', 'aria-label': WORDS.close, onclick: () => this.close() }, icon(CROSS)),
    );
    this.notice = h('p', { class: 'notice', role: 'status' });
    this.introduction = new Introduction((topic) => this.#choose(topic), (intro) => this.#introduce(intro));
    const root = /** @type {ShadowRoot} */ (launcher.root.getRootNode());
    this.attach = new Attach(this.talk, root, () => this.show());
    this.log = new Log(this.talk.outbox, this.attach, () => this.#look());
    this.first_words = h('p', { class: 'first-words' }, WORDS.first);
    this.typing = h('div', { class: 'typing', 'aria-live': 'off' });
    /** @type {import('../rating/rating.js').Rating | null} */
    this.rating = null;
    this.composer = new Composer(this.talk.memory, this.attach, (text) => this.#say(text));
    this.conversation = h('div', { class: 'talk' }, this.first_words, this.log.element, this.typing, this.composer.element);
    this.panel = h(
      'div',
      {
        class: 'panel',
        role: 'dialog',
        'aria-label': WORDS.title,
        tabindex: -1,
        hidden: true,
        onkeydown: (/** @type {KeyboardEvent} */ event) => {
          if (event.key === 'Tab') this.#turn(event);
          if (event.key !== 'Escape' || event.isComposing) return;
          event.stopPropagation();
          this.close();
        },
      },
      this.header,
      this.notice,
      this.introduction.element,
      this.conversation,
    );

    dress(root, STYLE);
    this.attach.drops(this.panel, () => !this.conversation.hidden);
    launcher.root.prepend(this.panel);
    document.addEventListener('visibilitychange', () => this.#look());
    globalThis.visualViewport?.addEventListener('resize', () => this.#fit());
    globalThis.visualViewport?.addEventListener('scroll', () => this.#fit());
    /** A customer's conversations, where the site vouches for him. @type {import('../mine/mine.js').Mine | null} */
    this.mine = null;
    /** When customers are answered, where that is not day and night. @type {import('../hours/hours.js').Hours | null} */
    this.hours = null;
    this.talk.begin();
    void this.#learn();
    if (this.#wasOpen() && !matchMedia(PHONE).matches) this.#unfold();
    this.learned();
  }

  /** Opens the panel and puts the keyboard where one goes on. */
  open() {
    if (this.panel.hidden) this.#unfold();
    this.#focus();
  }

  /** Closes the panel; the keyboard goes back to the button. */
  close() {
    if (this.panel.hidden) return;
    const inside = this.panel.contains(this.#focused());
    this.panel.hidden = true;
    this.#remember(false);
    this.launcher.expand(false);
    if (inside) this.launcher.button.focus();
    this.show();
  }

  /** The page has said something of the customer. */
  learned() {
    if (this.talk.learn(known(this.launcher.told))) this.composer.field.value = '';
    void this.#meet();
    this.show();
  }

  #mine = lazily(() => part(this.talk.wire.base, '/assets/mine-HASH.js', '/assets/mine.js'));
  #hours = lazily(() => part(this.talk.wire.base, '/assets/hours-HASH.js', '/assets/hours.js'));
  #rating = lazily(() => part(this.talk.wire.base, '/assets/rating-HASH.js', '/assets/rating.js'));

  /** Fetches what a customer sees whom the site vouches for. */
  async #meet() {
    if (!this.mine && !this.talk.known.proof) return;
    try {
      const { start } = await this.#mine();
      this.mine ??= start(this, this.panel.getRootNode());
      await this.mine?.learn();
    } catch {
      // Without it he begins anew; the next word of the page tries again.
    }
  }

  /** Shows everything as it is now. */
  show() {
    const { talk, site } = this;
    // What the site asks for may have changed since this page learned it.
    if (talk.trouble && talk.trouble !== 'lost' && talk.trouble !== this.refused) void this.#learn(true);
    this.refused = talk.trouble;
    const inside = this.panel.contains(this.#focused());
    const waiting = talk.waiting();
    const chosen = talk.intro.topic !== undefined;
    const talking = Boolean(talk.conversation) || chosen;
    const others = this.mine?.list.length;
    const choice = Boolean(site && (site.topics.length > 1 || others));
    // One topic is no choice; but after trouble nothing goes on without the customer.
    if (site && !talking && !choice && this.topic === undefined && !talk.trouble) return this.#choose(site.topics[0]?.id ?? '', true);
    const introducing = !talking && this.topic !== undefined;
    const empty = talking && !talk.messages.size && !waiting.length && (talk.complete || !talk.conversation);

    this.title.textContent = site?.title ?? WORDS.title;
    this.panel.setAttribute('aria-label', this.title.textContent);
    const begun = talk.conversation || waiting.length > 0;
    // What was begun can be put aside only where it is found again.
    const findable = this.mine && talk.current()?.of && talk.messages.size && !waiting.length;
    this.back.hidden = introducing ? !choice : begun ? !findable : !chosen || !(choice || this.#asks(talk.intro.topic));
    this.header.classList.toggle('deep', !this.back.hidden);
    const notice = this.#notice(waiting.length > 0, talking);
    if (this.notice.textContent !== notice) this.notice.textContent = notice;

    this.mine?.show();
    if (this.hours) this.hours.show();
    else if (site?.availability || talk.standing?.answer_by) void this.#tell();
    this.introduction.element.hidden = talking;
    if (!talking) this.introduction.show(site, this.topic, talk.intro, talk.known);
    this.conversation.hidden = !talking;
    this.first_words.hidden = !empty;
    this.log.element.hidden = empty;
    this.typing.hidden = !talk.typing;
    if (talk.typing) this.typing.replaceChildren(h('span', { class: 'dots' }, h('i'), h('i'), h('i')), fill(WORDS.typing, { name: talk.typing }));
    this.log.show(talk.list(), waiting, talk.outbox.stuck, talk.complete || !talk.conversation);
    if (this.rating) this.rating.show(talk.standing);
    else if (talk.standing?.resolved_by) this.#resolved();
    this.launcher.count(talk.conversation ? talk.unread().filter((message) => message.rev > (talk.standing?.emailed ?? 0)).length : (this.panel.hidden && this.mine?.unread) || 0);
    this.composer.fit();
    // A conversation that has just begun is what an upload waited for.
    void this.attach.files?.uploads.run();
    // What had the keyboard may be gone with the step it belonged to.
    const focused = this.#focused();
    if (inside && (!focused || focused.closest('[hidden]'))) this.#focus();
  }

  /**
   * @param {boolean} waiting
   * @param {boolean} talking
   */
  #notice(waiting, talking) {
    if (!navigator.onLine) return WORDS.offline;
    if (this.talk.trouble === 'lost') return WORDS.lost;
    if (this.talk.trouble) return waiting ? `${this.talk.trouble} ${WORDS.kept}` : this.talk.trouble;
    if (this.talk.broken || (talking && this.talk.outbox.stuck)) return WORDS.reconnecting;
    return this.unreachable && !talking ? WORDS.unreachable : '';
  }

  /**
   * Learns how the site wants the chat, however long it takes.
   *
   * @param {boolean} [again]
   */
  async #learn(again = false) {
    const pace = new Pace();
    addEventListener('online', () => pace.wake());
    while (again || !this.site) {
      try {
        this.site = await this.talk.wire.site();
        this.unreachable = again = false;
        this.composer.chars_max = this.site.message_chars_max;
        this.attach.allow(this.site);
      } catch {
        this.unreachable = true;
        this.show();
        await pace.pause(0);
      }
    }
    this.show();
    // Opened before there was anything to go on with.
    if (this.#focused() === this.panel) this.#focus();
  }

  /** Fetches what tells of the hours. */
  async #tell() {
    try {
      const { start } = await this.#hours();
      this.hours ??= start(this, this.panel.getRootNode());
      this.show();
    } catch {
      // It is for courtesy; the next change tries again.
    }
  }

  /** Fetches what a resolved conversation looks like. */
  async #resolved() {
    try {
      const rating = (await this.#rating()).start(this.talk, this.panel.getRootNode());
      if (this.rating) return;
      this.rating = rating;
      this.typing.after(rating.element);
      this.show();
    } catch {
      // It is for courtesy; the next change tries again.
    }
  }

  /**
   * @param {string} topic
   * @param {boolean} [silently]  not by the customer's hand
   */
  #choose(topic, silently = false) {
    this.topic = topic;
    if (!this.#asks(topic)) return this.#introduce({}, silently);
    this.show();
    if (!silently) this.#focus();
  }

  /**
   * @param {import('./wire.js').Intro} intro
   * @param {boolean} [silently]
   */
  #introduce(intro, silently = false) {
    this.talk.introduce({ ...intro, topic: this.topic });
    this.topic = undefined;
    this.show();
    if (!silently) this.#focus();
  }

  #goBack() {
    const { intro } = this.talk;
    if (this.talk.conversation) return void this.#meet().then(() => this.talk.leave());
    // From the conversation to name and email, from there to the topics.
    this.topic = this.#asks(intro.topic) ? intro.topic : undefined;
    this.talk.introduce({ ...intro, topic: undefined });
    this.show();
    this.#focus();
  }

  /**
   * Whether there is anything to ask before the first message about this topic.
   *
   * @param {string | undefined} topic
   */
  #asks(topic) {
    return !this.site || questions(this.site, topic, this.talk.known).length > 0;
  }

  /** @param {string} text */
  #say(text) {
    this.log.following = true;
    this.talk.say(text, this.attach.files?.take());
  }

  #arrived() {
    if (this.panel.hidden || !document.hasFocus()) this.bell.ring();
  }

  #unfold() {
    this.panel.hidden = false;
    this.#remember(true);
    this.launcher.expand(true);
    this.#fit();
    this.composer.fit();
    this.log.toUnread(this.talk.unread()[0]);
    this.#look();
  }

  /** What is in view has been seen, if somebody looks. */
  #look() {
    if (this.panel.hidden || document.visibilityState !== 'visible' || this.conversation.hidden) return;
    const unread = this.talk.unread();
    if (unread.length) this.talk.see(this.log.seenUpTo(unread, this.talk.rev));
  }

  #focus() {
    if (this.panel.hidden) return;
    const first = this.introduction.element.hidden ? this.composer.field : this.introduction.first();
    // On a touch screen the keyboard would cover what there is to read.
    const touch = matchMedia('(pointer: coarse)').matches && this.talk.messages.size > 0;
    (touch || !first ? this.panel : first).focus({ preventScroll: true });
  }

  /**
   * Where the panel fills the screen, the keyboard stays in it: nobody sees the page behind.
   *
   * @param {KeyboardEvent} event
   */
  #turn(event) {
    // First and last is always a button.
    const all = [...this.panel.querySelectorAll('button')].filter((it) => it.offsetParent);
    if (event.shiftKey) all.reverse();
    const focused = this.#focused();
    if ((focused !== this.panel && focused !== all.at(-1)) || !matchMedia(PHONE).matches) return;
    event.preventDefault();
    all[0].focus();
  }

  #focused() {
    return /** @type {ShadowRoot} */ (this.panel.getRootNode()).activeElement;
  }

  /** On a phone, the panel is as high as what the on-screen keyboard leaves. */
  #fit() {
    const { visualViewport: view } = globalThis;
    if (!view || this.panel.hidden) return;
    const zoomed = view.scale > 1.01;
    this.panel.style.setProperty('--height', zoomed ? '100dvh' : `${view.height}px`);
    this.panel.style.setProperty('--top', zoomed ? '0' : `${view.offsetTop}px`);
    if (this.log.following) this.log.toEnd();
  }

  /** @param {boolean} open  kept for the tab, so that the panel stays open on the next page */
  #remember(open) {
    try {
      sessionStorage.setItem(`${this.talk.memory.prefix}open`, open ? '1' : '');
    } catch {
      // Storage is blocked: the next page begins with the panel closed.
    }
  }

  #wasOpen() {
    try {
      return sessionStorage.getItem(`${this.talk.memory.prefix}open`) === '1';
    } catch {
      return false;
    }
  }
}
