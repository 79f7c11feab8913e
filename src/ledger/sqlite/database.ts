import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
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

/** A survey that has worked for so long, milliseconds, lets whoever else is in its thread have a turn. */
const SURVEY_MS = 10;

/**
 * Two connections to one file: what is read does not wait for what is written, nor the other way round.
 *
 * @param openAnother a third, for a survey, which the others do not wait for
 */
export function createSqliteDatabase(writing: Database.Database, reading: Database.Database, writer: Writer, openAnother: () => Database.Database): SqlDatabase {
  const log = writing.prepare(APPEND.log);
  const advance = writing.prepare(APPEND.advance);
  const change = statementsOn(writing);
  const look = statementsOn(reading);
  const readTurn = createTurns();
  const surveyTurn = createTurns();

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

  async function survey<Result>(work: (statements: Statements) => Promise<Result>): Promise<Result> {
    const own = openAnother();
    try {
      return await transaction(own, 'DEFERRED', () => work(inTurns(statementsOn(own))));
    } finally {
      own.close();
    }
  }

  return {
    wipe,
    survey: (work) => surveyTurn(() => survey(work)),
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

/** The same statements, which do not keep their thread to themselves. */
function inTurns(statements: Statements): Statements {
  let since = performance.now();
  return {
    ...statements,
    async all<Row>(...about: Parameters<Statements['all']>) {
      if (performance.now() - since > SURVEY_MS) {
        await turn();
        since = performance.now();
      }
      return statements.all<Row>(...about);
    },
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
