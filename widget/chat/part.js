/**
 * A script of the chat that is fetched only when it is wanted: the one of the same build or, for a
 * chat that is older than an upgrade, whatever the server has now.
 *
 * @param {string} base
 * @param {string} hashed
 * @param {string} lasting
 * @returns {Promise<any>}
 */
export function part(base, hashed, lasting) {
  // A browser may remember that an address failed, so the second try has one of its own.
  return import(base + hashed).catch(() => import(`${base}${lasting}?${Date.now()}`));
}

/**
 * Does something once, when it is first wanted; and, when that failed, again the next time.
 *
 * @template T
 * @param {() => Promise<T>} work
 */
export function lazily(work) {
  /** @type {Promise<T> | null} */
  let done = null;
  return () =>
    (done ??= work().catch((error) => {
      done = null;
      throw error;
    }));
}
