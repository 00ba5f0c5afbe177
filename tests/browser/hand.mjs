/** The hand of the site's clock, which the play moves, and of the browser's clock with it. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setting } from './stage.mjs';

export const HOUR = 60 * 60_000;

export class Hand {
  /**
   * The page's clock shows from now on what the site's does.
   *
   * @param {import('playwright-core').Page} page
   */
  async holds(page) {
    await page.clock.install({ time: await this.#advance(0) });
  }

  /**
   * Moves both clocks; without a page the site's alone.
   *
   * @param {number} millis
   * @param {import('playwright-core').Page} [page]
   */
  async moves(millis, page) {
    await this.#advance(millis);
    await page?.clock.fastForward(millis);
  }

  /**
   * @param {number} millis
   * @returns {Promise<number>}  the time that it is then
   */
  async #advance(millis) {
    const line = connect(Number(setting('HAND')), '127.0.0.1');
    line.write(`${millis}\n`);
    const [answer] = await once(line, 'data');
    line.end();
    return Number(answer);
  }
}
