import { createRequire } from 'node:module';
import type Database from 'libsql';
import { LedgerError } from '../error.js';
import { isMigrated, migrate } from './schema.js';

/** How long a statement waits for another process's write; one commit takes milliseconds. */
const BUSY_MS = 5000;
/**
 * The index pages that a busy hour writes to over and over. With the 2 MB that SQLite begins with, an event in a large commit was
 * measured to take a sixth more CPU once there are some hundred thousand; with 32 MB, no less than with these.
 */
const CACHE_KIB = 16 * 1024;
const PAGE_BYTES = 8192;

/**
 * Opens the file, makes it if need be, and brings it to the newest schema.
 *
 * @throws LedgerError
 */
export function openDatabase(file: string): Database.Database {
  const Libsql = loadLibsql();
  let database: Database.Database | undefined;
  try {
    // In milliseconds, whatever the type says.
    database = new Libsql(file, { timeout: BUSY_MS });
    // Only a new file takes it. Each index that a commit writes to costs it a page; twice as large, there are fewer of them, and
    // an event was measured to take a tenth less CPU.
    database.pragma(`page_size = ${PAGE_BYTES}`);
    // WAL with FULL: a commit is one write and one sync of the log, and it survives a power cut.
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma(`cache_size = -${CACHE_KIB}`);
    // Whoever is erased is not to be read out of the file. That nothing is only marked as free costs an event nothing that could be measured.
    database.pragma('secure_delete = ON');
    const opened = database;
    if (!isMigrated(opened)) inTransaction(opened, () => migrate(opened, file));
    return opened;
  } catch (cause) {
    database?.close();
    throw cause instanceof LedgerError ? cause : openingFault(file, cause);
  }
}

/** Another connection to a file that is open: what it reads does not wait for what the first one writes, nor the other way round. */
export function openBeside(file: string): Database.Database {
  const Libsql = loadLibsql();
  return new Libsql(file, { timeout: BUSY_MS });
}

/**
 * Brings into the file what its log holds, so that the log is empty: whoever copies the file copies all of it, and what was
 * deleted stands nowhere any more.
 *
 * @returns whether somebody was in the way, who reads from the log
 */
export function emptyLog(database: Database.Database): boolean {
  try {
    // Whoever waited here would hold up what is written, and in the same thread also whom it waits for.
    database.pragma('busy_timeout = 0');
    const [{ busy }] = database.pragma('wal_checkpoint(TRUNCATE)') as [{ busy: number }];
    return busy === 1;
  } catch {
    // On a full disk it does not fit. It is as safe where it is, beside the file.
    return false;
  } finally {
    database.pragma(`busy_timeout = ${BUSY_MS}`);
  }
}

/** Runs `work` in a transaction: all of it is committed, or nothing. */
export function inTransaction<Result>(database: Database.Database, work: () => Result): Result {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // Some failures, a full disk for one, have rolled back already; a second ROLLBACK would hide the first error.
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** libsql is an optional peer: whoever installs hitherto for a page has no use for a database. */
function loadLibsql(): typeof Database {
  try {
    return createRequire(import.meta.url)('libsql') as typeof Database;
  } catch (cause) {
    throw new LedgerError('libsql_missing', 'SQLite needs one more package: npm install libsql', cause);
  }
}

function openingFault(file: string, cause: unknown): LedgerError {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
  if (code === 'SQLITE_NOTADB') {
    return new LedgerError('not_a_ledger', `${file} is not a database; move it away or name another file.`, cause);
  }
  if (code.startsWith('SQLITE_CORRUPT')) {
    return new LedgerError('not_a_ledger', `${file} is damaged; put a backup in its place or name another file.`, cause);
  }
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new LedgerError('file_unusable', `${file} is locked by another program; stop that one first.`, cause);
  }
  // libsql gives a failure to open no code of its own.
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new LedgerError('file_unusable', `${file} cannot be opened for writing (${reason}); name a file in a folder that exists and is writable.`, cause);
}
