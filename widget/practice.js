/**
 * The practice desk: a page that stands in for Slack while somebody tries Threadline out. Left the
 * threads, right the posts of the one that is open; on every change both are read again, since a
 * page on the same computer can afford it.
 *
 * @typedef {{ number: number, customer: string | null, topic: string, last_at: number, last_line: string, unanswered: boolean }} Thread
 * @typedef {{ label: string, text: string, href?: string, title?: string | null, odd?: string }} CardField
 * @typedef {{ verb: string, label: string, asks: 'person' | 'topic' | 'note' | 'saved' | 'snooze' | 'escalate' | null }} Button
 * @typedef {object} Card
 * @property {string} title
 * @property {string} standing
 * @property {{ before: string, at: number } | null} time
 * @property {{ words: string, time: { before: string, at: number } | null } | null} ticket
 * @property {string | null} holder
 * @property {CardField[]} fields
 * @property {{ label: string, text: string }[]} texts
 * @property {string[]} small_print
 * @property {Button[]} buttons
 * @property {Button[]} more
 * @property {string[]} topics
 * @property {{ name: string, first: string }[]} replies
 * @typedef {object} Post
 * @property {number} post
 * @property {'card' | 'customer' | 'agent' | 'bot' | 'private'} kind
 * @property {string} name
 * @property {number} at
 * @property {import('./chat/wire.js').Block[]} body
 * @property {Card} [card]
 * @property {import('./practice-files.js').DeskFile[]} [files]
 * @property {boolean} edited
 * @property {boolean} deleted
 * @property {('waiting' | 'emailed' | 'received' | 'seen')[]} marks
 * @property {string} [to]
 * @property {{ verb: string, label: string }} [retry] what tries again what this post says was given up
 * @property {{ label: string, verb: string }[]} [buttons]
 */
import { bodyNodes, safeHref } from './chat/body.js';
import { h } from './dom.js';
import { Attached, fileNodes } from './practice-files.js';
import { followPresence } from './practice-there.js';

const MARKS = {
  waiting: ['⏳', 'It waits until the customer’s browser is there'],
  emailed: ['✉️', 'It went to the customer by email'],
  received: ['✓', 'The customer’s browser has it'],
  seen: ['👁', 'The customer has seen it'],
};

/** What stands in the field for what a verb needs. @type {Record<string, string>} */
const ASKED = {
  person: 'Whose name? Or: me',
  note: 'What should the team know?',
  snooze: 'For how long, and why? As in: 2 hours waits for a part',
  escalate: 'Why is help needed? Begin with a tier to ask that one',
};

/** Where the browser keeps who answers. */
const AGENT = 'threadline:practice:agent';

const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const calendar = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {string} id
 * @param {T} _tag
 * @returns {HTMLElementTagNameMap[T]}
 */
const at = (id, _tag) => /** @type {any} */ (document.getElementById(id));

const desk = at('desk', 'div');
const list = at('threads', 'ul');
const posts = at('posts', 'ol');
const text = at('text', 'textarea');
const agent = at('agent', 'input');
const trouble = at('trouble', 'p');

/** The number of the open thread. @type {number | null} */
let open = Number(location.hash.slice(1)) || null;

/** The post that is being edited. @type {number | null} */
let editing = null;

/** What the card asks for before it sends a verb. @type {Button | null} */
let asking = null;

/** What is shown, so that only what changed is built anew. */
let shown_threads = '';
/** @type {Map<number, { sign: string, element: HTMLElement }>} */
let shown_posts = new Map();

/** @type {Promise<void> | null} */
let reading = null;
/** @type {Promise<void> | null} */
let next_reading = null;

/**
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 */
async function ask(method, path, body) {
  const headers = body && { 'content-type': 'application/json' };
  const answer = await fetch(`/practice/api/${path}`, { method, headers, body: body && JSON.stringify(body) });
  const json = answer.status === 204 ? null : await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(json?.detail ?? json?.title ?? `The server answered ${answer.status}.`);
  return json;
}

/**
 * Does something for the agent, and says so when it fails.
 *
 * @param {() => Promise<unknown>} work
 */
async function attempt(work) {
  try {
    await work();
    trouble.textContent = '';
    return true;
  } catch (error) {
    trouble.textContent = error instanceof Error ? error.message : String(error);
    return false;
  }
}

async function refreshThreads() {
  /** @type {Thread[]} */
  const threads = (await ask('GET', 'threads')).threads;
  at('none', 'p').hidden = threads.length > 0;
  const sign = JSON.stringify([threads, open]);
  if (sign === shown_threads) return;
  shown_threads = sign;
  const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.number;
  list.replaceChildren(...threads.map(threadItem));
  if (focused) /** @type {HTMLElement | null} */ (list.querySelector(`[data-number="${Number(focused)}"]`))?.focus();
}

/** @param {Thread} thread */
function threadItem(thread) {
  const { number, customer, topic, last_at, last_line, unanswered } = thread;
  const button = h(
    'button',
    {
      type: 'button',
      class: unanswered && 'unanswered',
      'data-number': number,
      'aria-current': number === open && 'true',
      onclick: () => {
        location.hash = String(number);
        if (number === open) show(number);
      },
    },
    h('span', { class: 'dot', ...(unanswered ? { role: 'img', 'aria-label': 'Unanswered:' } : {}) }),
    h('span', { class: 'customer' }, `#${number} ${customer ?? 'Customer'}`),
    h('time', { class: 'at', datetime: new Date(last_at).toISOString() }, time(last_at)),
    h('span', { class: 'topic' }, topic),
    h('span', { class: 'last-line' }, last_line),
  );
  return h('li', {}, button);
}

/**
 * Reads the open thread. One reading at a time, or an old answer could overtake a new one; who asks
 * meanwhile waits for one that began after the asking.
 */
function refreshPosts() {
  /** @returns {Promise<void>} */
  const begin = () => {
    next_reading = null;
    reading = readPosts().finally(() => (reading = null));
    return reading;
  };
  if (!reading) return begin();
  return (next_reading ??= reading.catch(() => {}).then(begin));
}

async function readPosts() {
  const number = open;
  if (number === null) return;
  /** @type {{ customer: string | null, topic: string, posts: Post[] }} */
  const thread = await ask('GET', `threads/${number}`);
  if (number !== open) return;
  at('heading', 'h2').textContent = `#${number} ${thread.customer ?? ''} – ${thread.topic}`;
  const at_end = posts.scrollHeight - posts.scrollTop - posts.clientHeight < 60;
  const before = shown_posts;
  shown_posts = new Map();
  for (const post of thread.posts) {
    // What is being edited stays under the agent's hands, whatever becomes of the post meanwhile.
    const at_work = editing === post.post ? 'editing' : post.card && asking?.verb;
    const sign = at_work || JSON.stringify([post, agent.value]);
    const old = before.get(post.post);
    const row = old?.sign === sign ? old : { sign, element: postItem(number, post) };
    shown_posts.set(post.post, row);
  }
  const elements = [...shown_posts.values()].map((row) => row.element);
  // Only what is new or different is touched: a field being edited keeps its place.
  for (const child of [...posts.children]) if (!elements.includes(/** @type {HTMLElement} */ (child))) child.remove();
  elements.forEach((element, i) => {
    if (posts.children[i] !== element) posts.insertBefore(element, posts.children[i] ?? null);
  });
  if (at_end) posts.scrollTop = posts.scrollHeight;
}

/**
 * @param {number} number
 * @param {Post} post
 */
function postItem(number, post) {
  const own = post.kind === 'agent' && !post.deleted && post.name === agent.value.trim();
  const when = new Date(post.at);
  return h(
    'li',
    { class: `post ${post.kind}${post.deleted ? ' deleted' : ''}`, 'data-post': post.post },
    h('span', { class: 'face', 'aria-hidden': 'true' }, initials(post.name)),
    h(
      'div',
      { class: 'by' },
      h('b', {}, post.name),
      post.kind === 'customer' && h('span', { class: 'tag' }, 'Customer'),
      (post.kind === 'bot' || post.kind === 'card') && h('span', { class: 'tag' }, 'Bot'),
      h('time', { datetime: when.toISOString(), title: when.toLocaleString() }, time(post.at)),
      post.kind === 'private' && h('span', {}, post.to && post.to !== agent.value.trim() ? `Only visible to ${post.to}` : 'Only visible to you'),
    ),
    post.card
      ? rootCard(number, post.card)
      : editing === post.post
        ? editor(number, post)
        : h('div', { class: 'body' }, ...(post.deleted ? ['This message was deleted.'] : bodyNodes(post.body)), post.edited && !post.deleted && h('span', { class: 'edited' }, '(edited)')),
    !post.deleted && post.files && fileNodes(post.files),
    post.buttons && post.to === agent.value.trim() && decisions(number, post.buttons),
    post.marks.length > 0 && h('div', { class: 'marks' }, ...post.marks.map(mark)),
    post.retry && retryButton(number, post.retry),
    own && editing !== post.post && acts(number, post),
  );
}

/**
 * What one can do with a preview.
 *
 * @param {number} thread
 * @param {{ label: string, verb: string }[]} buttons
 */
function decisions(thread, buttons) {
  return h(
    'div',
    { class: 'verbs' },
    ...buttons.map(({ label, verb }) => h('button', { type: 'button', onclick: () => does(thread, verb) }, label)),
  );
}

/**
 * @param {number} thread
 * @param {Card} card
 */
function rootCard(thread, card) {
  const { title, standing, ticket, holder, fields, texts, small_print, buttons, more } = card;
  /** @param {{ before: string, at: number } | null} it */
  const moment = (it) => {
    const when = it && new Date(it.at);
    return when ? [` ${it.before} `, h('time', { datetime: when.toISOString(), title: when.toLocaleString() }, time(it.at))] : [];
  };
  /** @param {CardField} field */
  const value = ({ text, href, title, odd }) => {
    const safe = safeHref(href);
    const shown = safe ? h('a', { href: safe, target: '_blank', rel: 'noopener noreferrer nofollow' }, text) : text;
    return h('dd', { dir: 'auto' }, title && `${title} `, odd && '⚠️ ', shown, odd && h('small', {}, ` (${odd})`));
  };
  return h(
    'div',
    { class: 'root' },
    h('h3', {}, title),
    h(
      'p',
      { class: 'standing' },
      standing,
      ...moment(card.time),
      ticket && ` · ${ticket.words}`,
      ...moment(ticket && ticket.time),
      holder && ` · ${holder}`,
    ),
    fields.length > 0 && h('dl', {}, ...fields.map((field) => h('div', {}, h('dt', {}, field.label), value(field)))),
    ...texts.map(({ label, text }) => h('div', { class: 'long' }, h('b', {}, label), h('p', { dir: 'auto' }, text))),
    ...small_print.map((line) => h('p', { class: 'small-print', dir: 'auto' }, line)),
    h(
      'div',
      { class: 'verbs' },
      ...buttons.map((button) => verbButton(thread, button)),
      more.length > 0 && h('details', {}, h('summary', {}, 'More'), h('div', { class: 'menu' }, ...more.map((button) => verbButton(thread, button)))),
    ),
    asking && question(thread, asking, card),
  );
}

/**
 * A verb as a button; one that needs something asks for it below the buttons.
 *
 * @param {number} thread
 * @param {Button} button
 */
function verbButton(thread, button) {
  const press = () => {
    asking = button.asks ? button : null;
    if (button.asks) void refreshPosts();
    else void does(thread, button.verb);
  };
  return h('button', { type: 'button', onclick: press }, button.label);
}

/**
 * @param {number} thread
 * @param {Button} button
 * @param {Card} card
 */
function question(thread, { verb, label, asks }, { topics, replies }) {
  const words = label.replace('…', '');
  const field =
    asks === 'topic'
      ? h('select', { 'aria-label': words }, ...topics.map((topic) => h('option', {}, topic)))
      : asks === 'saved'
        ? h('select', { 'aria-label': words }, ...replies.map(({ name, first }) => h('option', { value: name }, `${name} – ${first}`)))
        : h('input', { 'aria-label': words, placeholder: ASKED[asks ?? 'note'], required: true });
  const cancel = () => {
    asking = null;
    void refreshPosts();
  };
  setTimeout(() => field.focus());
  return h(
    'form',
    {
      class: 'question',
      onsubmit: (/** @type {SubmitEvent} */ event) => {
        event.preventDefault();
        void does(thread, `${verb} ${field.value}`);
      },
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key === 'Escape') cancel();
      },
    },
    field,
    h('button', { type: 'submit', class: 'main' }, words),
    h('button', { type: 'button', onclick: cancel }, 'Cancel'),
  );
}

/**
 * Does something to the conversation. The key makes it the same click if it is sent again.
 *
 * @param {number} thread
 * @param {string} verb
 */
async function does(thread, verb) {
  const who = agent.value.trim();
  if (!who) return agent.focus();
  const done = { key: crypto.randomUUID(), agent: who, verb };
  if (await attempt(() => ask('POST', `threads/${thread}/deeds`, done))) asking = null;
  await refreshPosts();
}

/**
 * @param {number} thread
 * @param {{ verb: string, label: string }} retry
 */
function retryButton(thread, { verb, label }) {
  return h('div', { class: 'acts' }, h('button', { type: 'button', onclick: () => does(thread, verb) }, label));
}

/** @param {'waiting' | 'emailed' | 'received' | 'seen'} name */
function mark(name) {
  const [sign, title] = MARKS[name] ?? [name, name];
  return h('span', { class: 'mark', role: 'img', 'aria-label': title, title, 'data-mark': name }, sign);
}

/**
 * @param {number} number
 * @param {Post} post
 */
function acts(number, post) {
  const remove = () => attempt(() => ask('DELETE', `threads/${number}/posts/${post.post}`, { agent: post.name }).then(() => refreshPosts()));
  return h(
    'div',
    { class: 'acts' },
    h('button', { type: 'button', onclick: () => edit(post.post) }, 'Edit'),
    h('button', { type: 'button', onclick: remove }, 'Delete'),
  );
}

/** @param {number | null} post */
async function edit(post) {
  editing = post;
  await refreshPosts();
  if (post === null) text.focus();
}

/**
 * @param {number} number
 * @param {Post} post
 */
function editor(number, post) {
  const field = h('textarea', {
    rows: 2,
    'aria-label': 'Edit the post',
    oninput: () => grow(field),
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key === 'Escape') void edit(null);
      if (!sends(event)) return;
      event.preventDefault();
      void save();
    },
  });
  field.value = source(post.body);
  const save = async () => {
    const body = { agent: post.name, text: field.value.trim() };
    if (body.text && (await attempt(() => ask('PATCH', `threads/${number}/posts/${post.post}`, body)))) await edit(null);
  };
  setTimeout(() => {
    grow(field);
    field.focus();
  });
  return h(
    'div',
    { class: 'editor' },
    field,
    h(
      'div',
      {},
      h('button', { type: 'button', class: 'main', onclick: save }, 'Save'),
      h('button', { type: 'button', onclick: () => edit(null) }, 'Cancel'),
    ),
  );
}

/**
 * What somebody would have typed to get this body.
 *
 * @param {import('./chat/wire.js').Block[]} body
 */
function source(body) {
  /** @param {import('./chat/wire.js').Span[]} spans */
  const line = (spans) =>
    spans
      .map((span) => {
        const around = `${span.b ? '*' : ''}${span.i ? '_' : ''}${span.s ? '~' : ''}${span.c ? '\`' : ''}`;
        const words = span.t === 'a' && span.href && span.href !== span.v ? span.href : span.v;
        return around + words + [...around].reverse().join('');
      })
      .join('');
  return body
    .map((block) => {
      if (block.t === 'pre') return `\`\`\`\n${block.v}\n\`\`\``;
      if (block.t === 'ul' || block.t === 'ol') {
        const { indent, start } = block;
        return block.c.map((item, i) => `${'  '.repeat(indent)}${block.t === 'ol' ? `${start + i}.` : '-'} ${line(item)}`).join('\n');
      }
      if (block.t === 'quote') return line(block.c).replace(/^/gm, '> ');
      return block.t === 'p' ? line(block.c) : '';
    })
    .join('\n');
}

/** @param {KeyboardEvent} event */
function sends(event) {
  return event.key === 'Enter' && !event.shiftKey && !event.isComposing && event.keyCode !== 229;
}

/** @param {HTMLTextAreaElement} field */
function grow(field) {
  field.style.height = 'auto';
  field.style.height = `${field.scrollHeight + 2}px`;
}

/** @param {number} ms */
function time(ms) {
  const date = new Date(ms);
  return date.toDateString() === new Date().toDateString() ? clock.format(date) : calendar.format(date);
}

/** @param {string} name */
function initials(name) {
  const letters = name.split(/\s+/).filter(Boolean).map((word) => [...word][0].toUpperCase());
  return letters.length > 1 ? `${letters[0]}${letters.at(-1)}` : (letters[0] ?? '?');
}

/** @param {number | null} number */
function show(number) {
  open = number;
  editing = null;
  asking = null;
  attached.clear();
  shown_posts = new Map();
  posts.replaceChildren();
  desk.classList.toggle('reading', number !== null);
  at('thread', 'div').hidden = number === null;
  at('pick', 'p').hidden = number !== null;
  void refreshThreads();
  if (number === null) return;
  void refreshPosts().then(() => {
    posts.scrollTop = posts.scrollHeight;
    // On a phone the list is gone, and the keyboard with it.
    (matchMedia('(pointer: coarse)').matches ? at('heading', 'h2') : text).focus();
  });
}

function follow() {
  const live = at('live', 'p');
  const events = new EventSource('/practice/api/events');
  events.onopen = () => {
    live.textContent = '';
    void refreshThreads();
    void refreshPosts();
  };
  events.onerror = () => {
    live.textContent = 'Reconnecting…';
    // After an answer that is no stream the browser gives up by itself.
    if (events.readyState === EventSource.CLOSED) setTimeout(follow, 2_000);
  };
  events.addEventListener('changed', (event) => {
    void refreshThreads();
    if (JSON.parse(event.data).number === open) void refreshPosts();
  });
}

/** Remembers who answers, where the browser allows it. */
function rememberAgent() {
  try {
    localStorage.setItem(AGENT, agent.value.trim());
  } catch {
    // Storage is blocked: the name lasts as long as the page.
  }
  void refreshPosts();
}

function rememberedAgent() {
  try {
    return localStorage.getItem(AGENT);
  } catch {
    return null;
  }
}

const attached = new Attached(at('attached', 'div'), at('bar', 'div'), () => open, attempt);

agent.value = rememberedAgent() || 'Grace';
agent.addEventListener('change', rememberAgent);
followPresence(at('presence', 'div'), agent, ask);
agent.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter') return;
  event.preventDefault();
  rememberAgent();
  text.focus();
});
text.addEventListener('input', () => grow(text));
text.addEventListener('keydown', (event) => {
  if (!sends(event)) return;
  event.preventDefault();
  at('reply', 'form').requestSubmit();
});
at('reply', 'form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const number = open;
  const said = { agent: agent.value.trim(), text: text.value.trim(), files: attached.files.map(({ id }) => id) };
  if (number === null || !(said.text || said.files.length)) return;
  if (!said.agent) return agent.focus();
  text.value = '';
  grow(text);
  if (!(await attempt(() => ask('POST', `threads/${number}/posts`, said)))) {
    text.value = said.text;
    return;
  }
  attached.clear();
  await refreshPosts();
  posts.scrollTop = posts.scrollHeight;
});
at('back', 'button').addEventListener('click', () => {
  location.hash = '';
});
addEventListener('hashchange', () => show(Number(location.hash.slice(1)) || null));

show(open);
follow();
