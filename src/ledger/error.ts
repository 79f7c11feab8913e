/** Why a ledger could not do what was asked; stable, for programs. */
export type LedgerFault =
  /** The package that talks to SQLite is not installed. */
  | 'libsql_missing'
  /** The package that talks to Postgres is not installed. */
  | 'postgres_missing'
  /** The server does not answer, or lets nobody in by this user, password and database. */
  | 'database_unreachable'
  /** The server is older than what the ledger asks of it. */
  | 'old_postgres'
  /** The database file cannot be opened, read or written. */
  | 'file_unusable'
  /** The file is not a database, is damaged, or belongs to another program. */
  | 'not_a_ledger'
  /** A newer hitherto wrote it. */
  | 'newer_ledger'
  /** `before` is not the `next` of an earlier page. */
  | 'bad_cursor'
  /** Nothing of it was stored; it may be appended again. */
  | 'not_stored'
  /** The thread that did it ended: it may be done or not, and it may be asked again. */
  | 'interrupted'
  /** The ledger was closed before. */
  | 'closed';

/** Its message is one sentence that says what is wrong and the remedy; the original is its `cause`. */
export class LedgerError extends Error {
  readonly code: LedgerFault;

  constructor(code: LedgerFault, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'LedgerError';
    this.code = code;
  }
}
