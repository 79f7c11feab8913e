import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Ledger, LedgerOptions } from '../ledger/index.js';
import { openPostgresLedger } from '../ledger/postgres.js';
import { openSqliteLedger } from '../ledger/sqlite.js';
import { UsageError, type Options } from './command.js';

/** Where everything is kept. */
export interface Storage {
  data: string;
  /** The address of a Postgres; absent: SQLite, in the data folder. */
  database: string | undefined;
}

export const STORAGE_OPTIONS = {
  data: { value: 'FOLDER', help: 'where everything is kept', otherwise: '.hitherto' },
  database: { value: 'URL', help: 'a Postgres that keeps it instead', otherwise: 'none' },
} satisfies Options;

export const DEFAULT_DATA = '.hitherto';

/** @returns the ledger, and how its place is told: the address of a database holds its password */
export async function openLedger({ data, database }: Storage, options: LedgerOptions = {}): Promise<{ ledger: Ledger; place: string }> {
  const file = join(data, 'hitherto.db');
  if (database === undefined) return { ledger: await openSqliteLedger({ file, ...options }), place: file };
  // It may hold a password, so that it is not repeated.
  if (!/^postgres(ql)?:\/\//.test(database)) throw new UsageError('the database is no address of a Postgres; write it as in postgres://user:password@host:5432/hitherto.');
  const ledger = await openPostgresLedger({ url: database, ...options });
  const { host, pathname } = new URL(database);
  return { ledger, place: `Postgres at ${host}${pathname}` };
}

export function makeFolder(data: string): void {
  // What people did is nobody else's business, also where the folder was there before, for all to look into.
  process.umask(0o077);
  try {
    mkdirSync(data, { recursive: true });
  } catch (error) {
    throw folderError(data, error);
  }
}

export function folderError(data: string, error: unknown): UsageError {
  const { code } = error as NodeJS.ErrnoException;
  return new UsageError(`${data} cannot be the data folder (${code}); name one that can be written, as in --data FOLDER.`);
}
