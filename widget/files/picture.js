/**
 * A small picture on a canvas: a website's policy for images can't forbid that, and nothing of the
 * file becomes part of the page.
 */
import { h, icon } from '../dom.js';

const PAPER = 'M6 3h8l4 4v14H6zM14 3v4h4';

/** A picture is drawn this many times larger than it is shown, for screens with fine dots. */
const FINE = 2;

/**
 * Draws the picture in these bytes; rejects when there is none.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Blob} blob
 * @param {number} width   as shown, in pixels
 * @param {number} height  the same
 * @param {boolean} [cover]  fills the canvas, and cuts off what is too much
 */
export async function draw(canvas, blob, width, height, cover = false) {
  const bitmap = await createImageBitmap(blob);
  canvas.width = width * FINE;
  canvas.height = height * FINE;
  const [x, y] = [canvas.width / bitmap.width, canvas.height / bitmap.height];
  const scale = cover ? Math.max(x, y) : Math.min(x, y);
  const [w, t] = [bitmap.width * scale, bitmap.height * scale];
  const brush = canvas.getContext('2d');
  if (brush) brush.imageSmoothingQuality = 'high';
  brush?.drawImage(bitmap, (canvas.width - w) / 2, (canvas.height - t) / 2, w, t);
  bitmap.close();
}

/**
 * An empty picture of this size.
 *
 * @param {number} width
 * @param {number} height
 */
export function frame(width, height) {
  return h('canvas', { width, height, 'aria-hidden': 'true' });
}

/** What stands for a file that is no picture. */
export function paper() {
  return icon(PAPER);
}
