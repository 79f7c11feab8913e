import type { Entry } from './database.js';
import { parseKey } from './key.js';
import { readStored, storedNames, writeStored } from './storage.js';

const ROW = 'row.';

/**
 * Rows that wait in localStorage until the database is open: a page that dies in its first moments loses nothing. Under
 * the same key as there, so that a row that is copied and not yet removed is still one row.
 *
 * It outlives a crash of the page and not a kill of the browser, which writes it half a minute later: it is
 * no replacement for the database.
 */
export function putOnBridge([key, text]: Entry): void {
  writeStored(ROW + key, text);
}

export function removeFromBridge(keys: Iterable<string>): void {
  for (const key of keys) writeStored(ROW + key, undefined);
}

/** Whatever waits there, of whichever page, oldest first. */
export function readBridge(): Entry[] {
  return storedNames(ROW)
    .map((name): Entry => [name.slice(ROW.length), readStored(name) ?? ''])
    .filter(([key, text]) => text && parseKey(key))
    .sort();
}
