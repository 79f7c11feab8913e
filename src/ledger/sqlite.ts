import { LedgerError } from './error.js';
import type { Administration, Ledger, LedgerOptions } from './ledger.js';
import { createCommands } from './sqlite-commands.js';
import { openDatabase } from './sqlite-file.js';
import { prepareLookup } from './sqlite-lookup.js';
import { createReader } from './sqlite-read.js';
import { createWriter } from './sqlite-write.js';

export { LedgerError } from './error.js';
export type { LedgerFault } from './error.js';
export type { ActivityQuery, Administration, Ledger, LedgerOptions, RequestTime } from './ledger.js';

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
export function sqliteLedger({ file, anonymousEventMerge = true }: SqliteLedgerOptions): Ledger & { administration: Administration } {
  const database = openDatabase(file);
  const atFirst = { anonymousEventMerge };
  const lookUp = prepareLookup(database);
  const writer = createWriter(database, file, lookUp, atFirst);
  const reader = createReader(database, lookUp, atFirst);
  const commands = createCommands(database, lookUp, atFirst);
  let isClosed = false;

  function open(): void {
    // A statement of libsql would go on working behind a closed database.
    if (isClosed) throw new LedgerError('closed', `The ledger in ${file} is closed; open it again with sqliteLedger.`);
  }

  /** The same, each refusing once the ledger is closed, and behind what was appended before. */
  function whileOpen(administration: Administration): Administration {
    const guarded = Object.entries(administration).map(([name, method]: [string, (...parameters: never[]) => Promise<unknown>]) => [
      name,
      async (...parameters: never[]) => {
        open();
        writer.flush();
        return method(...parameters);
      },
    ]);
    return Object.fromEntries(guarded) as Administration;
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
      return reader.version();
    },
    administration: whileOpen({
      explain: async (messageId, anonymousId, now) => reader.explain(messageId, anonymousId, now),
      preview: async (person, anonymousId, now) => reader.preview(person, anonymousId, now),
      settings: async () => reader.settings(),
      ...commands,
    }),
    async close() {
      if (isClosed) return;
      writer.flush();
      isClosed = true;
      // What the log holds goes into the file itself, so that whoever copies a closed database copies all of it.
      database.pragma('wal_checkpoint(TRUNCATE)');
      database.close();
    },
  };
}
