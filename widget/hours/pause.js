/** How long what was learned of the hours is believed. */

/** Where the server does not say. */
const BELIEVED_MS = 5 * 60_000;

/** The least between two questions, whatever the clocks say. */
export const PAUSE_MS = 1_000;

/**
 * How long until the server is asked again.
 *
 * @param {{ believed_ms?: number }} learned
 */
export function pause({ believed_ms = BELIEVED_MS }) {
  return Math.max(PAUSE_MS, Math.min(believed_ms, BELIEVED_MS));
}
