/** How large a file is, as people say it. */
import { FILE_WORDS } from '../words/files.js';
import { fill } from '../words/fill.js';

const figures = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1024) return fill(FILE_WORDS.bytes, { n: bytes });
  const kb = bytes / 1024;
  return kb < 1024 ? fill(FILE_WORDS.kb, { n: figures.format(kb) }) : fill(FILE_WORDS.mb, { n: figures.format(kb / 1024) });
}
