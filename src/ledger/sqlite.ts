import { parseCampaigns, parseSegments } from '../merge/index.js';
import { LedgerError } from './error.js';
import type { Administration, Ledger, LedgerOptions, TriggerQueue } from './ledger.js';
import { createAdministration } from './sql/administration.js';
import { createReader } from './sql/read.js';
import { guarded } from './sql/guarded.js';
import { createTriggerQueue } from './sql/triggers.js';
import { createSqliteDatabase } from './sqlite/database.js';
import type { AppendLog } from './sqlite/facts.js';
import { openBeside, openDatabase } from './sqlite/file.js';
import { APPEND } from './sqlite/queries.js';
import { createWriter } from './sqlite/write.js';

export { LedgerError } from './error.js';
export type { LedgerFault } from './error.js';
export type { ActivityQuery, Administration, Ledger, LedgerOptions, RequestTime, SegmentState, StartedTrigger, TriggerQueue } from './ledger.js';

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
export function sqliteLedger({ file, ...options }: SqliteLedgerOptions): Ledger & { administration: Administration; triggers: TriggerQueue } {
  const atFirst = { anonymousEventMerge: options.anonymousEventMerge ?? true };
  const campaigns = parseCampaigns(options.campaigns ?? []);
  const segments = parseSegments(options.segments ?? []);
  const writing = openDatabase(file);
  const reading = openBeside(file);
  const writer = createWriter(writing, file, atFirst, campaigns);
  const database = createSqliteDatabase(writing, reading, writer);
  const reader = createReader(database, atFirst, campaigns);
  const log = reading.prepare(APPEND.log);
  let closing: Promise<void> | undefined;

  function open(): void {
    // A statement of libsql would go on working behind a closed database.
    if (closing) throw new LedgerError('closed', `The ledger in ${file} is closed; open it again with sqliteLedger.`);
  }

  async function close(): Promise<void> {
    // Behind whatever is being written and read.
    await database.change(async () => {});
    await database.look(async () => {});
    reading.close();
    // What the log holds goes into the file itself, so that whoever copies a closed database copies all of it.
    writing.pragma('wal_checkpoint(TRUNCATE)');
    writing.close();
  }

  return {
    async append(messages, at) {
      open();
      return messages.length === 0 ? [] : writer.append(messages, at);
    },
    async activity(query) {
      open();
      return reader.activity(query);
    },
    async person(id) {
      open();
      return reader.person(id);
    },
    async version() {
      open();
      const { name, last_sequence } = log.get() as AppendLog;
      return `${name}-${last_sequence}`;
    },
    administration: guarded(createAdministration(database, reader, atFirst, campaigns, segments), open),
    triggers: guarded(createTriggerQueue(database, campaigns), open),
    async close() {
      closing ??= close();
      await closing;
    },
  };
}
