/**
 * What the browser keeps for the customer over reloads and between tabs: the conversation's token,
 * what was said before it, the draft, what waits to be sent, and whether sound is on. Where storage
 * is blocked it lasts as long as the page.
 */
export class Memory {
  /** @param {string} base */
  constructor(base) {
    this.prefix = `threadline:${base}:`;
    /** What storage did not take. @type {Map<string, string>} */
    this.here = new Map();
    /** True when other tabs see what is kept here. */
    this.shared = false;
    try {
      localStorage.setItem(this.prefix, '');
      localStorage.removeItem(this.prefix);
      this.shared = true;
    } catch {
      // Private browsing or a full disk: the chat works, only not over a reload.
    }
  }

  /**
   * What is kept under a name, or null.
   *
   * @param {string} name
   * @returns {any}
   */
  get(name) {
    const key = this.prefix + name;
    try {
      return JSON.parse(this.here.get(key) ?? localStorage.getItem(key) ?? 'null');
    } catch {
      return null;
    }
  }

  /**
   * Keeps a value; null forgets.
   *
   * @param {string} name
   * @param {any} value
   */
  set(name, value) {
    const key = this.prefix + name;
    this.here.delete(key);
    try {
      if (value === null) localStorage.removeItem(key);
      else localStorage.setItem(key, JSON.stringify(value));
    } catch {
      if (value !== null) this.here.set(key, JSON.stringify(value));
    }
  }

  /**
   * The names that begin like this.
   *
   * @param {string} start
   */
  names(start) {
    const keys = new Set(this.here.keys());
    try {
      for (const key of Object.keys(localStorage)) keys.add(key);
    } catch {
      // Storage is blocked.
    }
    return [...keys].filter((key) => key.startsWith(this.prefix + start)).map((key) => key.slice(this.prefix.length));
  }
}
