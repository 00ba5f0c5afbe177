/**
 * What travels between the browser and the server. Knows nothing of tabs, storage or the screen.
 *
 * @typedef {{ t: 'text' | 'a', v: string, href?: string, b?: 1, i?: 1, s?: 1, c?: 1 }} Span
 * @typedef {{ t: 'p' | 'quote', c: Span[] } | { t: 'ul' | 'ol', indent: number, start: number, c: Span[][] } | { t: 'pre', v: string }} Block
 *
 * @typedef {object} Message
 * @property {string} id
 * @property {string} [key]           the sender's own name for it; the customer's messages only
 * @property {number} rev             the change with which it became what it is
 * @property {[number, number]} place  where readers see it
 * @property {'customer' | 'agent'} from
 * @property {string} [name]
 * @property {string | null} [picture]
 * @property {number} at              milliseconds since 1970
 * @property {Block[]} body
 * @property {SentFile[]} [files]
 * @property {boolean} edited
 * @property {'stored' | 'late' | 'posted' | 'refused' | 'shown' | 'withdrawn'} state
 * @property {string} [why]           with `refused`
 *
 * @typedef {object} SentFile
 * @property {string} [id]
 * @property {string} name
 * @property {number} [bytes]
 * @property {number} [width]         of a picture that can be shown
 * @property {number} [height]
 * @property {'here' | 'coming' | 'missing' | 'refused'} state
 * @property {string} [why]           with `missing` and `refused`
 *
 * @typedef {{ bytes_max: number, per_message_max: number, types: string[] }} SiteFiles
 * @typedef {'off' | 'optional' | 'required'} Ask
 * @typedef {object} Field                what a topic asks for
 * @property {string} id
 * @property {string} label
 * @property {string | null} help
 * @property {'line' | 'text' | 'choice'} kind
 * @property {string[]} choices
 * @property {boolean} required
 * @property {string | null} pattern      for the whole answer
 * @property {string | null} error        when it does not fit
 *
 * @typedef {{ state: 'open' | 'closed', closes_at?: number | null, there?: { name: string, others: number } | null, usual_mins?: number | null, opens_at?: number | null, answer_by?: number | null }} TopicAvailability
 * @typedef {{ now: number, changes_at?: number | null, believed_ms: number, topics: Record<string, TopicAvailability> }} Availability
 * @typedef {{ id: string, label: string, ask_email: Ask, fields: Field[] }} Topic
 * @typedef {{ title: string, greeting: string, topics: Topic[], ask_name: Ask, message_chars_max: number, answer_chars_max: number, files?: SiteFiles | null, availability?: Availability | null }} Site
 * @typedef {{ topic?: string, name?: string, email?: string, fields?: Record<string, string> }} Intro  what a customer said before the first message
 * @typedef {{ id: string, number: number, topic: string, token: string, of?: string }} Conversation  `of`: the customer whom the site vouches for
 * @typedef {{ state: 'open' | 'resolved' | 'closed', resolved_by?: string | null, rating?: 'wanted' | 'given' | 'not_asked' | null, score?: number | null, answer_by?: number | null, awaiting: boolean, emailed: number }} Standing
 * @typedef {{ rev: number, received: number, seen: number, typing: string | null, standing: Standing, messages: Message[], more?: boolean }} History
 * @typedef {{ event: string, id: string, data: any }} ServerEvent
 */

import { claims, refused } from './known.js';

/** Longest that a request may take. */
const REQUEST_MS_MAX = 15_000;

/** The server says something at least every 25 s; after twice that the line is dead, though open. */
const SILENCE_MS_MAX = 55_000;

/** A call that did not work. */
export class Failure extends Error {
  /**
   * @param {number} status  0 when no answer came
   * @param {string} why     for the reader; empty when there is nothing to say
   * @param {number} retry_after_ms
   * @param {boolean} problem  it is the server's own word, not a proxy's
   * @param {string} field     what in the request is at fault
   */
  constructor(status, why, retry_after_ms, problem = false, field = '') {
    super(why || `status ${status}`);
    this.status = status;
    this.why = why;
    this.retry_after_ms = retry_after_ms;
    this.problem = problem;
    this.field = field;
  }

  /** The token opens no conversation: the server does not know it (any more). */
  get gone() {
    return this.status === 401 && this.problem;
  }

  /** Asking again with the same words can't help. */
  get final() {
    return this.status >= 400 && this.status < 500 && ![408, 425, 429].includes(this.status);
  }
}

/** The server's HTTP interface. */
export class Wire {
  /** @param {string} base */
  constructor(base) {
    this.base = base;
  }

  /** @returns {Promise<Site>} */
  site() {
    return this.ask('GET', '/v1/site');
  }

  /**
   * @param {Intro} intro
   * @param {import('./known.js').Known} known
   * @returns {Promise<Conversation>}
   */
  async converse(intro, { facts, ...who }) {
    const time_zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const opening = { ...intro, ...who, facts, page: page(), language: navigator.language, time_zone };
    const { answer, of } = await this.#vouched('/v1/conversations', undefined, opening);
    return { ...answer.conversation, token: answer.token, of };
  }

  /**
   * Says what the page knows now. Returns whom the site vouches for.
   *
   * @param {string} token
   * @param {import('./known.js').Known} known
   */
  async tell(token, known) {
    return (await this.#vouched('/v1/context', token, { ...known, page: page() })).of;
  }

  /**
   * The same key is the same message, however often it is sent.
   *
   * @param {string} token
   * @param {string} key
   * @param {string} text
   * @param {string[]} [files]  their ids
   * @returns {Promise<Message>}
   */
  async write(token, key, text, files) {
    return (await this.ask('POST', '/v1/messages', token, { key, text, files })).message;
  }

  /**
   * What changed after a change, oldest first.
   *
   * @param {string} token
   * @param {number} rev
   * @returns {Promise<History>}
   */
  history(token, rev) {
    return this.ask('GET', `/v1/messages?after=${rev}`, token);
  }

  /**
   * @param {string} token
   * @param {number} received
   * @param {number | null} seen
   */
  receipt(token, received, seen) {
    return this.ask('POST', '/v1/receipts', token, { received, seen });
  }

  /**
   * @param {string} token
   * @param {{ key: string, score: number, comment: string }} rating
   */
  rate(token, rating) {
    return this.ask('POST', '/v1/rating', token, rating);
  }

  /**
   * Follows the conversation until the line breaks. Server-sent events over `fetch`, since
   * `EventSource` can send no token.
   *
   * @param {string} token
   * @param {number} rev             the last change that is known here
   * @param {AbortSignal} stop
   * @param {(event: ServerEvent | null) => void} hear  null for a sign of life
   */
  async follow(token, rev, stop, hear) {
    const line = new AbortController();
    const cut = () => line.abort();
    stop.addEventListener('abort', cut);
    let watchdog = setTimeout(cut, REQUEST_MS_MAX);
    try {
      const answer = await fetch(`${this.base}/v1/events`, {
        headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream', 'last-event-id': String(rev) },
        credentials: 'omit',
        cache: 'no-store',
        signal: line.signal,
      });
      if (!answer.ok || !answer.body) throw await failure(answer);
      const reader = answer.body.getReader();
      const decoder = new TextDecoder();
      let text = '';
      for (;;) {
        clearTimeout(watchdog);
        watchdog = setTimeout(cut, SILENCE_MS_MAX);
        const { value, done } = await reader.read();
        if (done) return;
        text += decoder.decode(value, { stream: true });
        const events = text.split(/\r?\n\r?\n/);
        text = events.pop() ?? '';
        hear(null);
        for (const event of events.map(parsed)) if (event) hear(event);
      }
    } finally {
      clearTimeout(watchdog);
      stop.removeEventListener('abort', cut);
      line.abort();
    }
  }

  /**
   * What an answer that refuses means.
   *
   * @param {Response | null} answer  null when none came
   */
  async failure(answer) {
    return answer ? failure(answer) : new Failure(0, '', 0);
  }

  /**
   * Sends what may have a proof in it, and says whom that is about. What is wrong with a proof is for
   * the site's developers; the customer goes on without it.
   *
   * @param {string} path
   * @param {string | undefined} token
   * @param {{ proof?: string, [more: string]: unknown }} body
   */
  async #vouched(path, token, body) {
    const proof = body.proof || undefined;
    try {
      return { answer: await this.ask('POST', path, token, { ...body, proof }), of: claims(proof).sub };
    } catch (error) {
      if (!(error instanceof Failure && error.field === 'proof')) throw error;
      console.warn(`Threadline: ${error.why}`);
      refused.add(proof);
      return { answer: await this.ask('POST', path, token, { ...body, proof: undefined }), of: undefined };
    }
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {string} [token]
   * @param {object} [body]
   */
  async ask(method, path, token, body) {
    /** @type {Record<string, string>} */
    const headers = {};
    if (token) headers.authorization = `Bearer ${token}`;
    if (body) headers['content-type'] = 'application/json';
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), REQUEST_MS_MAX);
    try {
      const answer = await fetch(this.base + path, {
        method,
        headers,
        body: body && JSON.stringify(body),
        credentials: 'omit',
        cache: 'no-store',
        signal: late.signal,
      });
      if (!answer.ok) throw await failure(answer);
      return answer.status === 204 ? null : await answer.json();
    } catch (error) {
      throw error instanceof Failure ? error : new Failure(0, '', 0);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The page that the customer is on. */
function page() {
  return { url: location.href, title: document.title, referrer: document.referrer || undefined };
}

/** @param {Response} answer */
async function failure(answer) {
  const problem = await answer.json().catch(() => ({}));
  const after = answer.headers.get('retry-after') ?? '';
  // Seconds or a date (RFC 9110, 10.2.3).
  const wait_ms = /^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - Date.now();
  const ours = (answer.headers.get('content-type') ?? '').startsWith('application/problem+json');
  return new Failure(answer.status, String(problem.detail ?? problem.title ?? ''), Math.max(0, wait_ms || 0), ours, problem.field);
}

/**
 * One event of a stream, or null for a comment.
 *
 * @param {string} text
 * @returns {ServerEvent | null}
 */
function parsed(text) {
  const fields = { event: 'message', id: '', data: '' };
  for (const line of text.split(/\r?\n/)) {
    const [, name, value] = /^(event|id|data): ?(.*)$/.exec(line) ?? [];
    if (name === 'data') fields.data += (fields.data && '\n') + value;
    else if (name === 'event' || name === 'id') fields[name] = value;
  }
  return fields.data ? { ...fields, data: JSON.parse(fields.data) } : null;
}
