import { setTimeout as wait } from 'node:timers/promises';
import type postgres from 'postgres';
import { LedgerError } from '../error.js';
import type { Statements } from '../sql/database.js';
import { createLending } from './lending.js';
import { COMMIT, STATEMENTS } from './statements.js';

/** int8 comes as a number, since every sequence and every time fits one. */
type Sql = postgres.Sql<{ bigint: number }>;

/** For statements that are committed by themselves: those of the writer, and what it looks up at once. */
const CONNECTIONS = 4;
/** For commands and for whoever looks at a snapshot. */
const TRANSACTIONS = 4;
const CONNECT_SECONDS = 10;
/** The Postgres of the cluster in docs/scaling-out.md; older ones are not tried. */
const OLDEST_VERSION = 150_000;
/** How long what is on its way may take when the ledger is closed. */
const CLOSE_SECONDS = 5;
const INT8 = 20;
/** Prepared once on every connection. */
const KNOWN = new Set<string>([...Object.values(COMMIT), ...Object.values(STATEMENTS)]);

/**
 * What every connection asks of the planner. All that the ledger reads it finds in an index, row by row and in order; a plan
 * that was made while a table was small and kept while it grew would read all of it. And so a statement is planned once, whatever
 * it is asked with: to plan a small batch anew takes longer than to look up its claims.
 */
export const PLANNER = {
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_sort: 'off',
  jit: 'off',
};

/** Trouble on the way to the server, or a server that restarts: the same thing may work in a moment. */
const PASSING = /^(08...|57P0.|53300|40001|40P01|CONNECTION_\w+|CONNECT_TIMEOUT|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN)$/;

/** A parameter of a statement. */
export type Value = string | number | null;

/** Runs a statement; `count` says how many rows it wrote or found. */
export type Query = <Row>(statement: string, parameters?: Value[]) => Promise<Row[] & { count: number }>;

/** A database that stays reachable: connections that are lost are replaced. */
export interface Database {
  /** Runs a statement by itself: it is committed when it resolves. */
  query: Query;
  /** Runs several statements as one; `mode` is what stands behind BEGIN. */
  transaction<Result>(mode: string, work: (query: Query) => Promise<Result>): Promise<Result>;
  /** Calls back at each notification on a channel, on a connection of its own, which comes back when it was lost. @returns stops it */
  listen(channel: string, onNotification: () => void): Promise<() => Promise<void>>;
  end(): Promise<void>;
}

/** Connections of the driver, given up as a whole when one of them is lost. */
interface Connections {
  sql: Sql;
  isLost: boolean;
}

/** Connections that are there whenever they are asked for. */
interface Pool {
  current(): Connections;
  end(): Promise<void>;
}

/**
 * Opens connections, and makes sure of the server.
 *
 * The driver (3.4.9) breaks when a connection is lost: what is written on it afterwards inside a transaction throws where nobody
 * can catch it (porsager/postgres#1154, #1208), its successor may never send anything again, and whoever waits to reserve one
 * may wait for ever. So each transaction has a connection of its own, no statement of it is sent once that is lost, and then
 * there is a new one.
 *
 * @throws LedgerError
 */
export async function connect(url: string): Promise<Database> {
  const driver = await loadPostgres();
  let isEnded = false;
  const pool = createPool(CONNECTIONS);
  const lanes = Array.from({ length: TRANSACTIONS }, () => createPool(1));
  const lending = createLending(lanes);

  function createPool(max: number): Pool {
    let connections = openConnections();

    function openConnections(): Connections {
      const opened: Connections = { sql: open(driver, url, () => (opened.isLost = true), max), isLost: false };
      return opened;
    }

    return {
      current() {
        if (connections.isLost && !isEnded) {
          // What is still on its way on the others gets through.
          void hangUp(connections.sql);
          connections = openConnections();
        }
        return connections;
      },
      end: () => hangUp(connections.sql),
    };
  }

  const database: Database = {
    query: (statement, parameters) => run(pool.current().sql, statement, parameters),
    async transaction(mode, work) {
      if (isEnded) throw lossOf('CONNECTION_ENDED');
      return lending.lend(async (lane) => {
        const connection = lane.current();
        const query: Query = async (statement, parameters) => {
          if (connection.isLost) throw lossOf('CONNECTION_CLOSED');
          return run(connection.sql, statement, parameters);
        };
        try {
          await query(`BEGIN ${mode}`);
          const result = await work(query);
          await query('COMMIT');
          return result;
        } catch (error) {
          // The driver tells of it a little later, and what is sent meanwhile is never answered.
          if (isLoss(error)) connection.isLost = true;
          // Where the connection is lost, so is the transaction, and the first error says it better.
          await query('ROLLBACK').catch(() => (connection.isLost = true));
          throw error;
        }
      });
    },
    async listen(channel, onNotification) {
      const sql = open(driver, url, () => {}, 1);
      // After a loss, something may have been said meanwhile.
      await sql.listen(channel, onNotification, onNotification);
      return () => hangUp(sql);
    },
    async end() {
      isEnded = true;
      await Promise.race([lending.takeBack(), wait(CLOSE_SECONDS * 1000, undefined, { ref: false })]);
      await Promise.all([pool, ...lanes].map((each) => each.end()));
    },
  };
  try {
    const [row] = await database.query<{ number: number }>("SELECT current_setting('server_version_num')::int AS number");
    refuseOldServer(row!.number);
    return database;
  } catch (cause) {
    await database.end();
    throw openingFault(url, cause);
  }
}

/** Those that every database has, by their names. */
export function statementsOn(query: Query): Statements {
  return {
    all: (name, ...values) => query(STATEMENTS[name], values),
    run: async (name, ...values) => (await query(STATEMENTS[name], values)).count,
  };
}

async function run<Row>(sql: Pick<Sql, 'unsafe'>, statement: string, parameters: Value[] = []): Promise<Row[] & { count: number }> {
  // A statement that is made up for its rows will not come again.
  return (await sql.unsafe(statement, parameters, { prepare: KNOWN.has(statement) })) as unknown as Row[] & { count: number };
}

/** A server that does not answer any more is not waited for, and that it does not answer is no news. */
async function hangUp(sql: Sql): Promise<void> {
  await sql.end({ timeout: CLOSE_SECONDS }).catch(() => {});
}

export function refuseOldServer(version: number): void {
  if (version >= OLDEST_VERSION) return;
  throw new LedgerError('old_postgres', `This is Postgres ${Math.floor(version / 10_000)}; the ledger needs ${OLDEST_VERSION / 10_000} or newer.`);
}

function lossOf(code: string): Error {
  return Object.assign(new Error('The connection to Postgres was lost.'), { code });
}

export function isPassing(error: unknown): boolean {
  return PASSING.test(codeOf(error));
}

/** Whether an error takes its connection with it: the server says so, or is not there to say anything. */
function isLoss(error: unknown): boolean {
  const severity = typeof error === 'object' && error !== null && 'severity' in error ? error.severity : undefined;
  return severity === undefined ? isPassing(error) : severity === 'FATAL';
}

export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

/** What could not be opened, where and why. The url is not shown: it holds the password. */
export function openingFault(url: string, cause: unknown): LedgerError {
  if (cause instanceof LedgerError) return cause;
  const { host, username, pathname } = new URL(url);
  const [place, user, database] = [host || 'localhost', decodeURIComponent(username), decodeURIComponent(pathname.slice(1))];
  return new LedgerError('database_unreachable', sentence(), cause);

  function sentence(): string {
    const code = codeOf(cause);
    if (code === '28P01' || code === '28000') return `Postgres at ${place} does not let the user ${user} in; check the user and the password.`;
    if (code === '3D000') return `Postgres at ${place} has no database ${database}; create it or name another one.`;
    if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `There is no host of the name in ${place}; check the address of the database.`;
    if (isPassing(cause)) return `Nothing answers at ${place} (${code}); start Postgres there or check its address.`;
    const reason = cause instanceof Error ? cause.message : String(cause);
    return `The database ${database} of Postgres at ${place} cannot be used (${reason}).`;
  }
}

/** postgres is an optional peer: whoever installs hitherto for a page has no use for a database. */
async function loadPostgres(): Promise<typeof postgres> {
  try {
    return (await import('postgres')).default;
  } catch (cause) {
    throw new LedgerError('postgres_missing', 'Postgres needs one more package: npm install postgres', cause);
  }
}

function open(driver: typeof postgres, url: string, onclose: () => void, max: number): Sql {
  try {
    // Anything else would be taken for a host name, and looked for.
    if (!/^postgres(ql)?:$/.test(new URL(url).protocol)) throw new Error('not postgres://');
    return driver(url, {
      max,
      connect_timeout: CONNECT_SECONDS,
      connection: { application_name: 'hitherto', ...PLANNER },
      types: { bigint: { to: INT8, from: [INT8], parse: Number, serialize: String } },
      // Arrays are not used; asking for their types is a query on every connection.
      fetch_types: false,
      // A connection that is closed is one that was lost.
      max_lifetime: null,
      onclose,
      onnotice: () => {},
    });
  } catch {
    // Without a cause: Node puts the whole url, password and all, into its error.
    throw new LedgerError('database_unreachable', 'The address of the database cannot be read; it looks like postgres://user:password@host:5432/database.');
  }
}
