import type { LedgerOptions, WholeLedger } from '../ledger.js';
import { ledgerOver } from '../sql/ledger.js';
import { readClock } from './clock.js';
import { clusterTables, readShards } from './cluster.js';
import { connect, openingFault, type Database } from './connection.js';
import { createPostgresDatabase } from './database.js';
import { createNews } from './news.js';
import { ONE_NODE } from './node.js';
import { createNumbers } from './numbers.js';
import { hasCitus, migrate } from './schema.js';
import { COMMIT } from './statements.js';
import type { Tables } from './tables.js';
import { createWriter } from './write.js';

export const CLOSED = 'This ledger is closed; open it again with postgresLedger.';

/** What a ledger finds out by itself, unless it is told. */
export interface Surroundings {
  /** Stands between the ledger and its tables. */
  around?(tables: Tables): Tables;
  /** Counts milliseconds. @defaultValue the time since the process was started, since nobody can set that clock */
  clock?(): number;
}

/**
 * Connects, and opens the ledger.
 *
 * @throws LedgerError with a stable `code`
 */
export async function openLedger(url: string, options: Required<LedgerOptions>, surroundings: Surroundings = {}): Promise<WholeLedger> {
  const database = await connect(url);
  try {
    return await openIn(database, options, surroundings);
  } catch (cause) {
    await database.end();
    throw openingFault(url, cause);
  }
}

async function openIn(database: Database, options: Required<LedgerOptions>, { around = (tables) => tables, clock: local = () => performance.now() }: Surroundings): Promise<WholeLedger> {
  const { query } = database;
  const { anonymousEventMerge, campaigns } = options;
  const isCitus = await hasCitus(database);
  await migrate(database, isCitus);
  const tables = around(isCitus ? clusterTables(await readShards(query), database.transaction) : ONE_NODE);
  const [log] = await query<{ name: string }>(COMMIT.name);
  const takeNumbers = createNumbers(async () => (await query<{ block: number }>(COMMIT.nextBlock))[0]!.block);
  await takeNumbers(1);
  const clock = { at: (await query<{ received_at: number }>(COMMIT.newest))[0]!.received_at };
  const { now, stop } = await readClock(query, local);
  const writer = createWriter({ query, tables, takeNumbers, clock, atFirst: { anonymousEventMerge }, campaigns });

  const news = createNews(database);

  return ledgerOver({
    database: createPostgresDatabase(database, takeNumbers, clock),
    async append(messages, at) {
      const outcomes = await writer.append(messages, at);
      news.tell();
      return outcomes;
    },
    async version() {
      // Every transaction that writes changes it, also one that does not write here: a version may change for nothing.
      const [row] = await query<{ snapshot: string }>(isCitus ? COMMIT.versionOfCluster : COMMIT.version);
      return `${log!.name}-${row!.snapshot}`;
    },
    watch: news.watch,
    now,
    async end() {
      stop();
      await writer.flush();
      await news.end();
      await database.end();
    },
    options,
    closedMessage: CLOSED,
  });
}
