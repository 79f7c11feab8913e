import { writeAttempts } from './attempts.js';
import { readBridge, removeFromBridge } from './bridge.js';
import { mayExist, openDatabase } from './database.js';
import { parseKey, ROW_KEYS } from './key.js';
import { ANONYMOUS_ID, UNADDRESSED } from './outbox.js';
import { onStored, storedNames, writeStored } from './storage.js';

const PURGED = 'purged';

/**
 * Empties this browser of everything that waits for `scope`, and of the anonymous id: consent was withdrawn, so that
 * nothing is merely paused. Rows of other scopes are other clients'.
 *
 * Does not make a database where there is none.
 *
 * @throws when the database cannot be had; what it holds then stays in it
 */
export async function purge(scope: string): Promise<void> {
  const isOurs = (key: string): boolean => [scope, UNADDRESSED].includes(parseKey(key)?.scope ?? '');
  removeFromBridge(readBridge().flatMap(([key]) => (isOurs(key) ? key : [])));
  writeAttempts(scope, { failures: 0, waitMs: 0 }, 0);
  // Rows and attempts belong to a scope; everything else is about the visitor.
  for (const name of storedNames('')) if (!/^(row|attempts)\./.test(name)) writeStored(name, undefined);
  if (!(await mayExist())) return;
  const database = await openDatabase(() => {});
  const rows = await database.read(...ROW_KEYS);
  await database.replace([...rows.flatMap(([key]) => (isOurs(key) ? key : [])), ANONYMOUS_ID], []);
  database.close();
}

/** Tells the other pages of this origin that nothing is to wait for `scope` any more: they would go on as before. */
export function tellOfPurge(scope: string): void {
  writeStored(PURGED, scope);
  writeStored(PURGED, undefined);
}

/** Calls back when another page tells of it. */
export function onPurgeElsewhere(scope: string, work: () => void): void {
  onStored(PURGED, scope, work);
}
