import type { LedgerOptions, WholeLedger } from './ledger.js';
import { ledgerOver, parseOptions } from './sql/ledger.js';
import { createSqliteDatabase } from './sqlite/database.js';
import type { AppendLog } from './sqlite/facts.js';
import { openBeside, openDatabase } from './sqlite/file.js';
import { APPEND } from './sqlite/queries.js';
import { createWriter } from './sqlite/write.js';

export { LedgerError } from './error.js';
export type { LedgerFault } from './error.js';
export type { ActivityQuery, Administration, Ledger, LedgerOptions, RequestTime, SegmentState, StartedTrigger, TriggerQueue, WholeLedger } from './ledger.js';

export interface SqliteLedgerOptions extends LedgerOptions {
  /** Where the database lies; made when it is not there. Its folder has to exist. */
  file: string;
}

/**
 * A ledger in one SQLite file, through the package `libsql` (an optional peer: `npm install libsql`).
 *
 * A message is on the disk, synced, before its append resolves. Several processes may share the file.
 *
 * @throws LedgerError with a stable `code`, when the file cannot be used or libsql is not installed
 * @example
 * ```ts
 * const collector = createCollector({ ledger: sqliteLedger({ file: 'hitherto.db' }), writeKeys: ['demo'] });
 * ```
 */
export function sqliteLedger({ file, ...options }: SqliteLedgerOptions): WholeLedger {
  const parsed = parseOptions(options);
  const { anonymousEventMerge, campaigns } = parsed;
  const writing = openDatabase(file);
  const reading = openBeside(file);
  const writer = createWriter(writing, file, { anonymousEventMerge }, campaigns);
  const database = createSqliteDatabase(writing, reading, writer);
  const log = reading.prepare(APPEND.log);

  async function end(): Promise<void> {
    // Behind whatever is being written and read: a statement of libsql would go on working behind a closed database.
    await database.change(async () => {});
    await database.look(async () => {});
    reading.close();
    try {
      // What the log holds goes into the file itself, so that whoever copies a closed database copies all of it.
      writing.pragma('wal_checkpoint(TRUNCATE)');
    } catch {
      // On a full disk it does not fit. It is as safe where it is, beside the file.
    }
    writing.close();
  }

  return ledgerOver({
    database,
    append: writer.append,
    async version() {
      const { name, last_sequence } = log.get() as AppendLog;
      return `${name}-${last_sequence}`;
    },
    end,
    options: parsed,
    closedMessage: `The ledger in ${file} is closed; open it again with sqliteLedger.`,
  });
}
