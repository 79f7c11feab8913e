import { createStore, promisifyRequest } from 'idb-keyval';

/** How long a browser may take to open the database. A broken profile makes it take for ever. */
const OPEN_LIMIT_MS = 5_000;
/** Its name, among the databases of the origin. */
const NAME = 'hitherto';
const STORE = 'outbox';

/** A key and its value, as they lie in the database. */
export type Entry = [key: string, value: string];

/** The one object store of this origin, open. Every method posts its work to the browser before it returns. */
export interface Database {
  /** Writes in one transaction, committed at once: from the return of this call on, the page may die. */
  put(entries: Entry[]): Promise<void>;
  /** Everything with a key from `from` to `to`, in the order of the keys. */
  read(from: string, to: string): Promise<Entry[]>;
  /** Deletes and writes in one transaction, committed at once. */
  replace(keys: string[], entries: Entry[]): Promise<void>;
  /**
   * Reads a value, and the last key from `from` to `to`, and writes what `change` makes of them, in one transaction: of
   * two pages, one comes second and sees the other's.
   */
  update(key: string, from: string, to: string, change: (value: string | undefined, lastKey: string | undefined) => Entry[]): Promise<void>;
  close(): void;
}

/**
 * Opens the database.
 *
 * @param onClose called when the browser closes it under us (storage pressure, site data cleared, Safari's moods)
 * @throws when there is none to be had: switched off, blocked, out of order, or not answering in time
 */
export async function openDatabase(onClose: () => void): Promise<Database> {
  const db = await inTime(handle());
  db.addEventListener('close', onClose);
  // Another page wants to delete or upgrade it: an open connection would hold that page up for ever.
  db.onversionchange = () => {
    db.close();
    onClose();
  };

  // Not through createStore's own function: it puts a promise before every transaction, and what is not posted in the
  // task of the call is lost with the page: 0 of 16 against 35 of 36 survived.
  function transact<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => T): { result: T; done: Promise<void> } {
    const transaction = db.transaction(STORE, mode);
    const result = work(transaction.objectStore(STORE));
    const done = promisifyRequest(transaction).then(() => undefined);
    return { result, done };
  }

  function replace(keys: string[], entries: Entry[]): Promise<void> {
    return transact('readwrite', (store) => {
      for (const key of keys) store.delete(key);
      for (const [key, value] of entries) store.put(value, key);
      store.transaction.commit();
    }).done;
  }

  return {
    put: (entries) => replace([], entries),
    replace,
    async read(from, to) {
      const range = IDBKeyRange.bound(from, to);
      const { result, done } = transact('readonly', (store) => {
        const requests = [store.getAllKeys(range), store.getAll(range)] as const;
        // Otherwise it ends in a task of this page, and a write behind it dies with the page (0 of 10 survived, 10 of 10 with it).
        store.transaction.commit();
        return requests;
      });
      await done;
      const [keys, values] = result;
      return keys.result.map((key, i) => [String(key), String(values.result[i])]);
    },
    update(key, from, to, change) {
      return transact('readwrite', (store) => {
        const range = IDBKeyRange.bound(from, to);
        const first = store.getKey(range);
        const found = store.get(key);
        const write = (lastKey?: IDBValidKey): void => {
          for (const [changed, value] of change(found.result as string | undefined, lastKey as string | undefined)) store.put(value, changed);
          store.transaction.commit();
        };
        // Requests are answered in their order: the first key stands when this is called.
        found.onsuccess = () => {
          // A cursor that finds nothing takes a page that starts two milliseconds to say so.
          if (first.result === undefined) return write();
          const last = store.openKeyCursor(range, 'prev');
          last.onsuccess = () => write(last.result?.key);
        };
      }).done;
    },
    close: () => db.close(),
  };
}

/** Whether this origin may have the database already. */
export async function mayExist(): Promise<boolean> {
  try {
    const { indexedDB, origin } = globalThis as { indexedDB?: IDBFactory; origin?: string };
    // Asked in a sandboxed frame, Chromium rejects a promise more than the one that it returns.
    if (!indexedDB || origin === 'null') return false;
    if (!indexedDB.databases) return true;
    return (await inTime(indexedDB.databases())).some(({ name }) => name === NAME);
  } catch {
    // Some never say, as others never open one; and blocked storage throws at the name alone.
    return true;
  }
}

async function handle(): Promise<IDBDatabase> {
  let db!: IDBDatabase;
  await createStore(NAME, STORE)('readonly', (store) => (db = store.transaction.db));
  return db;
}

function inTime<T>(promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`IndexedDB did not open within ${OPEN_LIMIT_MS / 1000} s`)), OPEN_LIMIT_MS);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
