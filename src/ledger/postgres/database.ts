import type { Position } from '../../merge/index.js';
import type { SqlDatabase } from '../sql/database.js';
import { isPassing, statementsOn, type Database, type Query } from './connection.js';
import { behind } from './plan.js';
import { COMMIT } from './statements.js';
import type { Clock } from './write.js';

/** One snapshot: what others commit meanwhile must not fall between two queries. */
const SNAPSHOT = 'ISOLATION LEVEL REPEATABLE READ READ ONLY';

/** @param takeNumbers gives the sequences of this ledger */
export function createPostgresDatabase(database: Database, takeNumbers: (count: number) => Promise<number[]>, clock: Clock): SqlDatabase {
  const look: SqlDatabase['look'] = (work) => twice(() => database.transaction(SNAPSHOT, (query) => work(statementsOn(query))));
  return {
    look,
    // Each transaction has a connection of its own.
    survey: look,
    async change(work) {
      // Before the lock, which is on the row that gives the numbers.
      const [sequence] = await takeNumbers(1);
      let hasBegun = false;
      const attempt = () =>
        database.transaction('', async (query) => {
          const [last] = await query<LastCommand>(COMMIT.lock);
          hasBegun = true;
          const nextPlace = (at: number): Promise<Position> => placeBehind(query, last!, { receivedAt: Math.max(at, clock.at), sequence: sequence! });
          return work({ ...statementsOn(query), nextPlace, takePlace: async (at) => take(query, await nextPlace(at)) });
        });
      // What has begun is not begun again: nobody knows how far it got.
      return twice(attempt, () => !hasBegun);
    },
  };

  async function take(query: Query, place: Position): Promise<Position> {
    await query(COMMIT.command, [place.receivedAt, place.sequence]);
    clock.at = Math.max(clock.at, place.receivedAt);
    return place;
  }
}

async function placeBehind(query: Query, { command_at, command_sequence }: LastCommand, wanted: Position): Promise<Position> {
  const [newest] = await query<{ received_at: number; sequence: number }>(COMMIT.newestPlace);
  const place = behind({ receivedAt: command_at, sequence: command_sequence }, wanted);
  return newest ? behind({ receivedAt: newest.received_at, sequence: newest.sequence }, place) : place;
}

interface LastCommand {
  command_at: number;
  command_sequence: number;
}

/** A connection that was lost while nobody used it is noticed by the first who does. */
async function twice<Result>(attempt: () => Promise<Result>, mayAgain = (): boolean => true): Promise<Result> {
  try {
    return await attempt();
  } catch (error) {
    if (isPassing(error) && mayAgain()) return attempt();
    throw error;
  }
}
