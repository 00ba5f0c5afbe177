/**
 * What a message says, as nodes. The server sends a small tree and never markup; here its text
 * becomes text nodes, so that nothing in it can act. A node that this version does not know shows
 * its text.
 */
import { h } from '../dom.js';

/** Where a link may lead; the server has checked already, and a second lock costs nothing. */
const SAFE = ['http:', 'https:', 'mailto:', 'tel:'];

/** Each part is read in the direction of its own text. */
const WAY = { dir: 'auto' };

/** Deeper lists than this stand no deeper. */
const INDENT_MAX = 5;

/**
 * @param {import('./wire.js').Block[]} body
 * @returns {Node[]}
 */
export function bodyNodes(body) {
  return (Array.isArray(body) ? body : []).map(blockNode);
}

/**
 * @param {import('./wire.js').Block} block
 * @returns {Node}
 */
function blockNode(block) {
  if (block.t === 'p') return h('p', WAY, ...spanNodes(block.c));
  if (block.t === 'quote') return h('blockquote', WAY, ...spanNodes(block.c));
  if (block.t === 'pre') return h('pre', { tabindex: 0, dir: 'ltr' }, h('code', {}, String(block.v)));
  if (block.t === 'ul' || block.t === 'ol') {
    const indent = Math.min(INDENT_MAX, Number(block.indent) || 0);
    const items = block.c.map((spans) => h('li', WAY, ...spanNodes(spans)));
    return h(block.t, { class: `indent-${indent}`, start: block.t === 'ol' && block.start > 1 && block.start, ...WAY }, ...items);
  }
  return h('p', WAY, plainText(block));
}

/**
 * @param {import('./wire.js').Span[]} spans
 * @returns {Node[]}
 */
function spanNodes(spans) {
  return (Array.isArray(spans) ? spans : []).map((span) => {
    /** @type {Node} */
    let node = document.createTextNode(plainText(span));
    const href = span.t === 'a' && safeHref(span.href);
    if (span.c) node = h('code', {}, node);
    if (span.s) node = h('s', {}, node);
    if (span.i) node = h('em', {}, node);
    if (span.b) node = h('strong', {}, node);
    return href ? h('a', { href, target: '_blank', rel: 'noopener noreferrer nofollow' }, node) : node;
  });
}

/**
 * The address, if it is one that may be followed.
 *
 * @param {unknown} href
 */
export function safeHref(href) {
  try {
    const url = new URL(String(href));
    return SAFE.includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/**
 * All the text in a node of the tree, whatever it is.
 *
 * @param {any} node
 * @returns {string}
 */
export function plainText(node) {
  if (Array.isArray(node)) return node.map(plainText).join('');
  if (node && typeof node === 'object') return plainText(node.v ?? node.c ?? '');
  return String(node ?? '');
}
