import { setTimeout as wait } from 'node:timers/promises';
import type Database from 'libsql';
import type { Position } from '../../merge/index.js';
import type { SqlDatabase, Statements } from '../sql/database.js';
import type { StatementName } from '../sql/statements.js';
import type { AppendLog } from './facts.js';
import { emptyLog } from './file.js';
import { APPEND, STATEMENTS } from './queries.js';
import { createTurns } from './turns.js';
import type { Writer } from './write.js';

/**
 * Of all ledgers in the process: two may have the same file, and whoever waits for SQLite's lock stops everybody, also the one
 * who has it. They lose nothing by it, since the work is done in this thread.
 */
const writeTurn = createTurns();

/** What reads from the log takes a moment; what takes longer than all of these is another program, and then what is written next empties it. */
const WIPE_ATTEMPTS = 50;
const WIPE_PAUSE_MS = 100;

/** Two connections to one file: what is read does not wait for what is written, nor the other way round. */
export function createSqliteDatabase(writing: Database.Database, reading: Database.Database, writer: Writer): SqlDatabase {
  const log = writing.prepare(APPEND.log);
  const advance = writing.prepare(APPEND.advance);
  const change = statementsOn(writing);
  const look = statementsOn(reading);
  const readTurn = createTurns();

  async function nextPlace(at: number): Promise<Position> {
    const { last_received_at, last_sequence } = log.get() as AppendLog;
    return { receivedAt: Math.max(at, last_received_at), sequence: last_sequence + 1 };
  }

  async function takePlace(at: number): Promise<Position> {
    const place = await nextPlace(at);
    advance.run(place.sequence, place.receivedAt);
    return place;
  }

  async function wipe(): Promise<void> {
    for (let attempt = 0; attempt < WIPE_ATTEMPTS; attempt++) {
      const isBusy = await writeTurn(() => readTurn(async () => emptyLog(writing)));
      if (!isBusy) return;
      await wait(WIPE_PAUSE_MS);
    }
  }

  return {
    wipe,
    look: (work) => readTurn(() => transaction(reading, 'DEFERRED', () => work(look))),
    change: (work) => writeTurn(() => writer.pause(() => transaction(writing, 'IMMEDIATE', () => work({ ...change, nextPlace, takePlace })))),
  };
}

/** Statements are prepared when they are first used. Each is asked for `all` or `run`, never `get`: libsql would mix up their parameters. */
function statementsOn(database: Database.Database): Statements {
  const prepared = new Map<StatementName, Database.Statement<unknown[]>>();
  const statement = (name: StatementName): Database.Statement<unknown[]> => {
    let found = prepared.get(name);
    if (!found) prepared.set(name, (found = database.prepare(STATEMENTS[name])));
    return found;
  };
  return {
    all: async <Row>(name: StatementName, ...values: unknown[]) => statement(name).all(...values) as Row[],
    run: async (name, ...values) => statement(name).run(...values).changes,
  };
}

async function transaction<Result>(database: Database.Database, mode: 'IMMEDIATE' | 'DEFERRED', work: () => Promise<Result>): Promise<Result> {
  database.exec(`BEGIN ${mode}`);
  try {
    const result = await work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // Some failures, a full disk for one, have rolled back already; a second ROLLBACK would hide the first error.
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
