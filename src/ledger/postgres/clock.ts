import type { Query } from './connection.js';
import { COMMIT } from './statements.js';

/** How often the database is asked; clocks drift apart by less than a millisecond meanwhile (RULES R16). */
const READ_MS = 60_000;
/** Half of a trip is how wrong a reading may be. One that took longer than this is worth less than the one before. */
const TRIP_MS = 1000;

/** The clock of the database, told without asking it. */
export interface DatabaseClock {
  now(): number;
  stop(): void;
}

/**
 * Reads the clock of the database now and every minute, and counts on from there: several collectors on one database stamp alike,
 * whatever the clocks of their machines say.
 *
 * @param local counts milliseconds, from whenever
 */
export async function readClock(query: Query, local: () => number): Promise<DatabaseClock> {
  async function read(): Promise<{ offset: number; tripMs: number }> {
    const left = local();
    const [row] = await query<{ now: number }>(COMMIT.now);
    const tripMs = local() - left;
    return { offset: row!.now - left - tripMs / 2, tripMs };
  }

  async function readAgain(): Promise<void> {
    try {
      const found = await read();
      if (found.tripMs <= TRIP_MS) offset = found.offset;
    } catch {
      // That the database does not answer is told by whoever needs an answer.
    }
  }

  let { offset } = await read();
  const timer = setInterval(() => void readAgain(), READ_MS);
  timer.unref();

  return {
    now: () => Math.round(local() + offset),
    stop: () => clearInterval(timer),
  };
}
