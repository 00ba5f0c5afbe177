/**
 * What the page knows of the customer: the `data-*` attributes of its script tag, and what it says by
 * `Threadline.identify`, the later word over the earlier. Kept within the server's bounds here, so
 * that a page's mistake is a line in the console and never a chat that does not begin.
 *
 * `proof` is what the site signed, under the key `token`; empty when it says that nobody is signed in.
 *
 * @typedef {{ name?: string, email?: string, proof?: string, facts: Record<string, string | null> }} Known
 */

/** What the server takes: keys, characters of a key, of a value, and of all values. */
const FACTS_MAX = 30;
const FACT_KEY_MAX = 40;
const FACT_CHARS_MAX = 500;
const FACTS_CHARS_MAX = 4_000;

/** Attributes that services which speed a page up put on every script tag. */
const NOT_OURS = ['cfasync', 'no_defer', 'no_optimize', 'pagespeed_no_defer', 'turbo_eval', 'turbo_track'];

/** Mistakes that the console has been told of. @type {Set<string>} */
const told_mistakes = new Set();

/**
 * @param {Record<string, unknown>[]} told  what the page said, one after the other
 * @returns {Known}
 */
export function known(told) {
  /** @type {Known} */
  const known = { facts: {} };
  for (const said of told) {
    for (const [name, value] of Object.entries(said)) {
      const key = factKey(name);
      if (NOT_OURS.includes(key)) continue;
      const text = value == null ? '' : String(value).trim();
      const facts = { ...known.facts, [key]: text };
      if (!['string', 'number', 'boolean'].includes(typeof value) && value != null) mistake(name, 'is no text, number or boolean');
      else if (key === 'name' || key === 'email') known[key] = text || undefined;
      else if (key === 'token') known.proof = text;
      else if (!text) known.facts[key] = null;
      else if (!/^[a-z]/.test(key) || key.length > FACT_KEY_MAX) mistake(name, `cannot be a key: 1 to ${FACT_KEY_MAX} letters, digits and _, beginning with a letter`);
      else if (text.length > FACT_CHARS_MAX) mistake(name, `is longer than ${FACT_CHARS_MAX} characters`);
      else if (Object.keys(facts).length > FACTS_MAX) mistake(name, `is one more than ${FACTS_MAX} keys`);
      else if (Object.values(facts).join('').length > FACTS_CHARS_MAX) mistake(name, `makes all values together longer than ${FACTS_CHARS_MAX} characters`);
      else known.facts = facts;
    }
  }
  return known;
}

/** Proofs that the server did not accept. @type {Set<string | undefined>} */
export const refused = new Set();

/**
 * What a proof says, to compare with and to ask no more than has to be asked; whether it proves that is
 * the server's to say.
 *
 * @param {string | undefined} proof
 * @returns {{ sub?: string, name?: string, email?: string }}
 */
export function claims(proof) {
  try {
    return JSON.parse(atob(proof?.split('.')[1].replaceAll('-', '+').replaceAll('_', '/') ?? ''));
  } catch {
    return {};
  }
}

/**
 * `campaignId`, `campaign-id` and `campaign_id` are one key.
 *
 * @param {string} name
 */
function factKey(name) {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
  return words.replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '');
}

/**
 * @param {string} name
 * @param {string} why
 */
function mistake(name, why) {
  if (told_mistakes.has(name)) return;
  told_mistakes.add(name);
  console.warn(`Threadline leaves out “${name.slice(0, FACT_KEY_MAX)}”: it ${why}.`);
}
