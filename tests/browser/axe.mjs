/** A page as axe sees it, for every play that shows a state of its own. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { check, picture } from './stage.mjs';

/** What a page needs for it: `context.addInitScript(AXE)`. */
export const AXE = { content: readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8') };

/** Why axe leaves a contrast undecided, where that is no finding. */
const UNDECIDED = ['elmPartiallyObscured', 'nonBmp', 'shortTextContent'];

/** The states that were checked. @type {string[]} */
export const checked = [];

/**
 * Lets axe look at the page as it is, in light and in dark. No finding is a good one, and neither is
 * what axe could not decide.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} state
 */
export async function accessible(page, state) {
  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    await page.emulateMedia({ colorScheme });
    // A transition's colours are neither the old nor the new ones.
    await page.evaluate(() => Promise.all(document.getAnimations().filter((a) => a.effect?.getComputedTiming().iterations === 1).map((a) => a.finished)));
    const { violations, incomplete } = await page.evaluate((source) => {
      const { axe } = /** @type {any} */ (globalThis);
      if (!axe) throw new Error(`axe is not here: ${source}`);
      return axe.run(document, { rules: { 'target-size': { enabled: true } }, resultTypes: ['violations', 'incomplete'] });
    }, state);
    // Where axe can't decide the contrast because the text is a sign or is scrolled out of view, people can.
    const undecided = incomplete.filter((/** @type {any} */ { nodes }) => !nodes.every((/** @type {any} */ { any }) => UNDECIDED.includes(any[0]?.data?.messageKey)));
    const told = [...violations, ...undecided].map(
      (/** @type {any} */ finding) => `${finding.id} (${finding.help}): ${finding.nodes.map((/** @type {any} */ node) => `${node.target.flat(2).join(' ')} – ${[...node.any, ...node.all, ...node.none].map((part) => part.message).join('; ')}`).join('\n    ')}`,
    );
    await picture(page, `access-${state.replaceAll(/\W+/g, '-')}-${colorScheme}`);
    check(!told.length, `${state}, ${colorScheme}, is accessible:\n  ${told.join('\n  ')}`);
  }
  checked.push(state);
}
