/** How long what was learned of the hours is believed. */

/** Though no change was announced: somebody may have changed the hours. */
const BELIEVED_MS = 5 * 60_000;

/** The least between two questions, whatever the clocks say. */
export const PAUSE_MS = 1_000;

/**
 * How long until the server is asked again.
 *
 * @param {{ now?: number, changes_at?: number | null }} learned
 */
export function pause({ now = 0, changes_at }) {
  const left = changes_at ? changes_at - now : BELIEVED_MS;
  return Math.max(PAUSE_MS, Math.min(left, BELIEVED_MS));
}
