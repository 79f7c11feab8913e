import { LedgerError } from './error.js';
import type { Ledger } from './ledger.js';
import { clusterTables, readShards } from './postgres-cluster.js';
import { connect, openingFault, type Database } from './postgres-connection.js';
import { ONE_NODE } from './postgres-node.js';
import { QUERIES } from './postgres-queries.js';
import { createReader } from './postgres-read.js';
import { hasCitus, migrate } from './postgres-schema.js';
import { createWriter } from './postgres-write.js';

export { LedgerError } from './error.js';
export type { LedgerFault } from './error.js';
export type { ActivityQuery, Ledger, RequestTime } from './ledger.js';

export interface PostgresLedgerOptions {
  /** Where the database is: `postgres://user:password@host:5432/database`. Its tables are made when they are not there. */
  url: string;
}

/**
 * A ledger in Postgres 15 or newer, through the package `postgres` (an optional peer: `npm install postgres`).
 *
 * A message is committed before its append resolves. Any number of collectors may share the database. Each of them keeps the
 * order of its own appends; between them, the log goes by their clocks.
 *
 * It connects when it is first asked for something, and again when that failed; what it is asked meanwhile is rejected with
 * a LedgerError. {@link openPostgresLedger} connects first, for whoever would rather not start than wait.
 *
 * @example
 * ```ts
 * const ledger = postgresLedger({ url: 'postgres://hitherto:secret@127.0.0.1:5432/hitherto' });
 * const collector = createCollector({ ledger, writeKeys: ['demo'] });
 * ```
 */
export function postgresLedger(options: PostgresLedgerOptions): Ledger {
  let opening: Promise<Ledger> | undefined;
  let isClosed = false;

  async function opened(): Promise<Ledger> {
    if (isClosed) throw closedFault();
    opening ??= openPostgresLedger(options);
    try {
      return await opening;
    } catch (error) {
      opening = undefined;
      throw error;
    }
  }

  return {
    append: async (messages, at) => (await opened()).append(messages, at),
    activity: async (query) => (await opened()).activity(query),
    person: async (id) => (await opened()).person(id),
    version: async () => (await opened()).version(),
    async close() {
      isClosed = true;
      // One that could not be opened has nothing to close; whoever asked has been told why.
      const ledger = await opening?.catch(() => undefined);
      await ledger?.close();
    },
  };
}

/**
 * The same ledger, connected.
 *
 * @throws LedgerError with a stable `code`, when the database cannot be used or postgres is not installed
 */
export async function openPostgresLedger({ url }: PostgresLedgerOptions): Promise<Ledger> {
  const database = await connect(url);
  try {
    return await openLedger(database);
  } catch (cause) {
    await database.end();
    throw openingFault(url, cause);
  }
}

async function openLedger(database: Database): Promise<Ledger> {
  const isCitus = await hasCitus(database);
  await migrate(database, isCitus);
  const tables = isCitus ? clusterTables(await readShards(database.query)) : ONE_NODE;
  const [log] = await database.query<{ name: string }>(QUERIES.name);
  const writer = await createWriter(database.query, tables);
  const reader = createReader(database, tables);
  let closing: Promise<void> | undefined;

  function open(): void {
    if (closing) throw closedFault();
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
      // Every transaction that writes changes it, also one that does not write here: a version may change for nothing.
      const [row] = await database.query<{ snapshot: string }>(isCitus ? QUERIES.versionOfCluster : QUERIES.version);
      return `${log!.name}-${row!.snapshot}`;
    },
    async close() {
      closing ??= writer.flush().then(database.end);
      await closing;
    },
  };
}

function closedFault(): LedgerError {
  return new LedgerError('closed', 'This ledger is closed; open it again with postgresLedger.');
}
