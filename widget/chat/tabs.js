/**
 * The tabs of one browser: one of them leads and holds the one stream, the others are told what it
 * hears. A lock decides, so that a leader that dies is followed at once. Where a browser has no
 * locks, or tabs share no storage, each tab leads for itself.
 */
export class Tabs {
  /**
   * @param {string} name
   * @param {boolean} together          whether the tabs share what they keep
   * @param {(note: any) => void} hear  a note of another tab
   */
  constructor(name, together, hear) {
    this.name = name;
    this.together = together && 'locks' in navigator && 'BroadcastChannel' in globalThis;
    this.hear = hear;
    /** @type {BroadcastChannel | null} */
    this.channel = null;
  }

  /** Begins to hear the other tabs. */
  join() {
    if (!this.together || this.channel) return;
    this.channel = new BroadcastChannel(this.name);
    this.channel.onmessage = ({ data }) => this.hear(data);
  }

  /** Stops hearing them: a page in the back-forward cache must hold no channel. */
  leave() {
    this.channel?.close();
    this.channel = null;
  }

  /**
   * Tells the other tabs.
   *
   * @param {object} note
   */
  tell(note) {
    this.channel?.postMessage(note);
  }

  /**
   * Does work that only one tab may do at a time, when this tab's turn comes.
   *
   * @template T
   * @param {string} what
   * @param {() => Promise<T>} work
   * @param {AbortSignal} [stop]  gives up waiting for the turn
   * @returns {Promise<T>}
   */
  async alone(what, work, stop) {
    if (!this.together) return work();
    let begun = false;
    try {
      return await navigator.locks.request(`${this.name}:${what}`, stop ? { signal: stop } : {}, () => {
        begun = true;
        return work();
      });
    } catch (error) {
      if (begun || stop?.aborted) throw error;
      // Locks exist but are denied here.
      this.together = false;
      return work();
    }
  }
}
