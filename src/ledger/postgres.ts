import { LedgerError } from './error.js';
import type { LedgerOptions, WholeLedger } from './ledger.js';
import { CLOSED, openLedger } from './postgres/open.js';
import { parseOptions } from './sql/ledger.js';
import { ADMINISTRATION, TRIGGERS } from './sql/methods.js';

export { LedgerError } from './error.js';
export type { LedgerFault } from './error.js';
export type { ActivityQuery, Administration, Ledger, LedgerOptions, RequestTime, SegmentState, StartedTrigger, TriggerQueue, WholeLedger } from './ledger.js';

export interface PostgresLedgerOptions extends LedgerOptions {
  /** Where the database is: `postgres://user:password@host:5432/database`. Its tables are made when they are not there. */
  url: string;
}

/**
 * A ledger in Postgres 15 or newer, through the package `postgres` (an optional peer: `npm install postgres`).
 *
 * A message is committed before its append resolves. Any number of collectors may share the database. Each of them keeps the
 * order of its own appends; between them, the log goes by the clock of the database, which each of them reads every minute.
 *
 * It connects when it is first asked for something, and again when that failed; what it is asked meanwhile is rejected with
 * a LedgerError. Until then it knows only the clock of this machine. {@link openPostgresLedger} connects first, for whoever would
 * rather not start than wait.
 *
 * @example
 * ```ts
 * const ledger = postgresLedger({ url: 'postgres://hitherto:secret@127.0.0.1:5432/hitherto' });
 * const collector = createCollector({ ledger, writeKeys: ['demo'] });
 * ```
 */
export function postgresLedger(options: PostgresLedgerOptions): WholeLedger {
  // What is wrong with them is said at once, and not when the database answers.
  parseOptions(options);
  let opening: Promise<WholeLedger> | undefined;
  let connected: WholeLedger | undefined;
  let isClosed = false;

  async function opened(): Promise<WholeLedger> {
    if (isClosed) throw new LedgerError('closed', CLOSED);
    opening ??= openPostgresLedger(options);
    try {
      return (connected = await opening);
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
    live: async (after, query) => (await opened()).live(after, query),
    messages: async (query) => (await opened()).messages(query),
    people: async (query) => (await opened()).people(query),
    standing: async (id, now) => (await opened()).standing(id, now),
    counts: async (from, until) => (await opened()).counts(from, until),
    merged: async (from, until) => (await opened()).merged(from, until),
    watch(onChange) {
      let stop: (() => void) | undefined;
      let isStopped = false;
      // While the database cannot be reached nothing is stored in it either.
      opened().then(
        (ledger) => (isStopped ? undefined : (stop = ledger.watch?.(onChange))),
        () => undefined,
      );
      return () => {
        isStopped = true;
        stop?.();
      };
    },
    now: () => connected?.now?.() ?? Date.now(),
    administration: inTime(ADMINISTRATION, async () => (await opened()).administration),
    triggers: inTime(TRIGGERS, async () => (await opened()).triggers),
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
export async function openPostgresLedger({ url, ...options }: PostgresLedgerOptions): Promise<WholeLedger> {
  return openLedger(url, parseOptions(options));
}

/** The methods of something that is there later. */
function inTime<Name extends string, Methods extends Record<Name, (...parameters: never[]) => Promise<unknown>>>(
  names: readonly Name[],
  later: () => Promise<Methods>,
): Pick<Methods, Name> {
  const entries = names.map((name) => [name, async (...parameters: never[]) => (await later())[name](...parameters)]);
  return Object.fromEntries(entries) as Pick<Methods, Name>;
}
