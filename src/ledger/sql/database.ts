import type { Position } from '../../merge/index.js';
import type { StatementName } from './statements.js';

/** A parameter of a statement. */
export type Value = string | number | null;

/** Runs statements by their names; each database has them in its own words. */
export interface Statements {
  all<Row>(name: StatementName, ...values: Value[]): Promise<Row[]>;
  /** @returns how many rows were written */
  run(name: StatementName, ...values: Value[]): Promise<number>;
}

/** Statements of one transaction that writes. */
export interface Change extends Statements {
  /** Where the next entry of the log goes: behind everything that is there, and not before `at`. */
  nextPlace(at: number): Promise<Position>;
  /** The same. It is taken with this. */
  takePlace(at: number): Promise<Position>;
}

/** What reading and administration ask of a database, whichever it is. */
export interface SqlDatabase {
  /** One snapshot: what others commit meanwhile does not fall between two statements. */
  look<Result>(work: (statements: Statements) => Promise<Result>): Promise<Result>;
  /** The same for work that goes through everything: others look meanwhile. */
  survey<Result>(work: (statements: Statements) => Promise<Result>): Promise<Result>;
  /** One transaction, behind what was appended before. What it decides by does not change under it. */
  change<Result>(work: (change: Change) => Promise<Result>): Promise<Result>;
  /** Leaves nothing on the disk of what was deleted. A database without it does that in its own time: a Postgres when it vacuums. */
  wipe?(): Promise<void>;
}
