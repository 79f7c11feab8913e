import { createSqliteLedger, type SqliteLedgerOptions } from './sqlite/ledger.js';
import { openInThreads } from './sqlite/threads.js';
import type { WholeLedger } from './ledger.js';

export { LedgerError } from './error.js';
export type { LedgerFault } from './error.js';
export type { ActivityQuery, Administration, Ledger, LedgerOptions, RequestTime, SegmentState, StartedTrigger, TriggerQueue, WholeLedger } from './ledger.js';
export type { SqliteLedgerOptions } from './sqlite/ledger.js';

/**
 * A ledger in one SQLite file, through the package `libsql` (an optional peer: `npm install libsql`).
 *
 * A message is on the disk, synced, before its append resolves. Several processes may share the file. While SQLite works, the
 * thread that asked waits; {@link openSqliteLedger} has threads for that.
 *
 * @throws LedgerError with a stable `code`, when the file cannot be used or libsql is not installed
 * @example
 * ```ts
 * const collector = createCollector({ ledger: sqliteLedger({ file: 'hitherto.db' }), writeKeys: ['demo'] });
 * ```
 */
export function sqliteLedger(options: SqliteLedgerOptions): WholeLedger {
  return createSqliteLedger(options).ledger;
}

/**
 * The same ledger in threads of its own, one that writes and one that reads: whoever asks goes on with other things meanwhile. What
 * is appended while a commit is on its way shares the next one. A thread that ends is started again; what it was asked is rejected.
 *
 * @throws LedgerError with a stable `code`, when the file cannot be used or libsql is not installed
 * @example
 * ```ts
 * const collector = createCollector({ ledger: await openSqliteLedger({ file: 'hitherto.db' }), writeKeys: ['demo'] });
 * ```
 */
export function openSqliteLedger(options: SqliteLedgerOptions): Promise<WholeLedger> {
  return openInThreads(new URL('./sqlite-worker.js', import.meta.url), options);
}
