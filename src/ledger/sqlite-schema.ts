import type Database from 'libsql';
import { LedgerError } from './error.js';

/** "hith" in ASCII: marks the file as ours, so that no other program's database is ever written to. */
const APPLICATION_ID = 0x68697468;

/**
 * What each version of the schema added, oldest first. A version that was released is never edited; changes go into a new one.
 *
 * `bucket` leads the keys of messages and claims, as it does where the tables are spread over machines. A message's key is
 * that of RULES R14. Every message lies in exactly one of the two partial indexes: it names a person, or it does not.
 * The body stands last, so that a scan of the columns before it does not touch the pages that a long one overflows to.
 */
const MIGRATIONS = [
  `
  CREATE TABLE log (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    name TEXT NOT NULL,
    last_sequence INTEGER NOT NULL,
    last_received_at INTEGER NOT NULL
  );
  INSERT INTO log VALUES (1, lower(hex(randomblob(8))), 0, 0);

  CREATE TABLE messages (
    bucket INTEGER NOT NULL,
    stream TEXT NOT NULL,
    message_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    occurred_at INTEGER NOT NULL,
    type TEXT NOT NULL,
    anonymous_id TEXT,
    person TEXT,
    body TEXT NOT NULL,
    PRIMARY KEY (bucket, stream, message_id)
  );
  CREATE UNIQUE INDEX messages_in_order ON messages (sequence);
  CREATE INDEX messages_identified ON messages (person, sequence) WHERE person IS NOT NULL;
  CREATE INDEX messages_anonymous ON messages (bucket, anonymous_id, sequence) WHERE person IS NULL;

  CREATE TABLE claims (
    bucket INTEGER NOT NULL,
    anonymous_id TEXT NOT NULL,
    person TEXT NOT NULL,
    at INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (bucket, anonymous_id)
  ) WITHOUT ROWID;
  CREATE UNIQUE INDEX claims_in_order ON claims (sequence);
  CREATE INDEX claims_by_person ON claims (person, sequence);
  `,
];

/**
 * Brings a database to the newest schema. Runs inside the caller's write transaction, so that of two processes that start
 * at once one migrates and the other finds it done.
 *
 * @throws LedgerError when the file is another program's, or a newer hitherto's
 */
export function migrate(database: Database.Database, file: string): void {
  const version = numberOf(database, 'PRAGMA user_version');
  const isOurs = numberOf(database, 'PRAGMA application_id') === APPLICATION_ID;
  if (!isOurs && numberOf(database, 'SELECT count(*) FROM sqlite_schema') > 0) {
    throw new LedgerError('not_a_ledger', `${file} is another program's database; give hitherto a file of its own.`);
  }
  if (version > MIGRATIONS.length) {
    throw new LedgerError('newer_ledger', `${file} was written by a newer hitherto; update this one.`);
  }
  if (version === MIGRATIONS.length) return;
  for (const migration of MIGRATIONS.slice(version)) database.exec(migration);
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${MIGRATIONS.length}`);
}

function numberOf(database: Database.Database, sql: string): number {
  const [value] = database.prepare(sql).raw().get() as [number];
  return value;
}
