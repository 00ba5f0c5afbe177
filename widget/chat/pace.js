/**
 * How long to wait before the next try: longer each time, never the same for two browsers, so that
 * a server that comes back is not met by everybody at once.
 */

/** The first pause. */
const FIRST_MS = 1_000;

/** The longest pause. */
const LAST_MS = 30_000;

/** Growing pauses that can be cut short. */
export class Pace {
  constructor() {
    this.tries = 0;
    /** Ends the pause that is going on. */
    this.wake = () => {};
  }

  /** It worked: the next pause is a short one again. */
  reset() {
    this.tries = 0;
  }

  /**
   * Waits before the next try, at least as long as the server asked for.
   *
   * @param {number} at_least_ms
   * @param {AbortSignal} [stop]  there will be no next try
   */
  pause(at_least_ms, stop) {
    const full = Math.min(LAST_MS, FIRST_MS * 2 ** this.tries);
    this.tries += 1;
    const wait = Math.max(at_least_ms, full / 2 + (full / 2) * Math.random());
    return new Promise((done) => {
      const end = () => {
        clearTimeout(timer);
        stop?.removeEventListener('abort', end);
        done(undefined);
      };
      const timer = setTimeout(end, wait);
      stop?.addEventListener('abort', end);
      if (stop?.aborted) end();
      // What the server asked for is not to be cut short by a customer who comes back to the tab.
      this.wake = at_least_ms ? () => {} : end;
    });
  }
}
