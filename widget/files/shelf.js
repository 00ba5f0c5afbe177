/**
 * The bytes of chosen files, in the browser until the server has the message they belong to, so
 * that a reload in the middle of an upload loses none. Where there is no such storage they last as
 * long as the page.
 */

const STORE = 'files';

/** What nothing asks for any more is kept this long: another tab may be about to send it. */
const FORGOTTEN_MS = 24 * 3_600_000;

/** Files by their upload's key. */
export class Shelf {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    /** What storage did not take. @type {Map<string, Blob>} */
    this.here = new Map();
    /** @type {Promise<IDBDatabase> | null} */
    this.database = null;
  }

  /**
   * @param {string} key
   * @param {Blob} blob
   */
  async put(key, blob) {
    this.here.set(key, blob);
    try {
      await this.#do('readwrite', (store) => store.put({ blob, at: Date.now() }, key));
    } catch {
      // No storage, or no room in it: not over a reload, then.
    }
  }

  /**
   * @param {string} key
   * @returns {Promise<Blob | undefined>}
   */
  async get(key) {
    const here = this.here.get(key);
    if (here) return here;
    try {
      return (await this.#do('readonly', (store) => store.get(key)))?.blob;
    } catch {
      return undefined;
    }
  }

  /** @param {string} key */
  async drop(key) {
    this.here.delete(key);
    await this.#do('readwrite', (store) => store.delete(key)).catch(() => {});
  }

  /**
   * Clears away what was left behind.
   *
   * @param {string[]} wanted
   */
  async sweep(wanted) {
    const keys = await this.#do('readonly', (store) => store.getAllKeys()).catch(() => []);
    for (const key of keys.map(String)) {
      if (wanted.includes(key)) continue;
      const kept = await this.#do('readonly', (store) => store.get(key)).catch(() => null);
      if (kept && Date.now() - kept.at > FORGOTTEN_MS) await this.drop(key);
    }
  }

  /**
   * @template T
   * @param {IDBTransactionMode} mode
   * @param {(store: IDBObjectStore) => IDBRequest<T>} work
   * @returns {Promise<T>}
   */
  async #do(mode, work) {
    this.database ??= new Promise((done, failed) => {
      const opening = indexedDB.open(this.name, 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
      opening.onsuccess = () => done(opening.result);
      opening.onerror = () => failed(opening.error);
    });
    const database = await this.database;
    return new Promise((done, failed) => {
      const transaction = database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => done(request.result);
      transaction.onabort = () => failed(transaction.error);
    });
  }
}
