import type Database from 'libsql';
import { LedgerError } from '../error.js';

/** "hith" in ASCII: marks the file as ours, so that no other program's database is ever written to. */
const APPLICATION_ID = 0x68697468;

/**
 * What each version of the schema added, oldest first. A version that was released is never edited; changes go into a new one.
 *
 * `bucket` leads the keys of messages and claims, as it does where the tables are spread over machines. A message's key is
 * that of RULES R14. Every message lies in exactly one of the two partial indexes: it names a person, or it does not.
 * The body stands last, so that a scan of the columns before it does not touch the pages that a long one overflows to.
 */
export const MIGRATIONS = [
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

  // Commands, and names that lead to one another. A claim outlives its person, its window may be closed early, and it may
  // be undone. A message can be found by its id alone: the bucket is one of 1,024, and the id stands next to it.
  `
  ALTER TABLE claims RENAME TO claims_1;
  DROP INDEX claims_in_order;
  DROP INDEX claims_by_person;
  CREATE TABLE claims (
    bucket INTEGER NOT NULL,
    anonymous_id TEXT NOT NULL,
    person TEXT,
    at INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    closed_at INTEGER,
    undone_at INTEGER,
    PRIMARY KEY (bucket, anonymous_id)
  ) WITHOUT ROWID;
  INSERT INTO claims SELECT bucket, anonymous_id, person, at, sequence, NULL, NULL FROM claims_1;
  DROP TABLE claims_1;
  CREATE UNIQUE INDEX claims_in_order ON claims (sequence);
  CREATE INDEX claims_by_person ON claims (person, sequence) WHERE person IS NOT NULL;
  CREATE INDEX claims_undone ON claims (undone_at) WHERE undone_at IS NOT NULL;

  ALTER TABLE messages RENAME TO messages_1;
  DROP INDEX messages_in_order;
  DROP INDEX messages_identified;
  DROP INDEX messages_anonymous;
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
    PRIMARY KEY (bucket, message_id, stream)
  );
  INSERT INTO messages SELECT * FROM messages_1 ORDER BY sequence;
  DROP TABLE messages_1;
  CREATE UNIQUE INDEX messages_in_order ON messages (sequence);
  CREATE INDEX messages_identified ON messages (person, sequence) WHERE person IS NOT NULL;
  CREATE INDEX messages_anonymous ON messages (bucket, anonymous_id, sequence) WHERE person IS NULL;

  CREATE TABLE names (
    bucket INTEGER NOT NULL,
    name TEXT NOT NULL,
    person TEXT,
    linked_at INTEGER,
    linked_sequence INTEGER,
    is_merge INTEGER,
    erased_at INTEGER,
    is_suppressed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (bucket, name)
  ) WITHOUT ROWID;
  CREATE INDEX names_by_person ON names (person, linked_sequence, name) WHERE person IS NOT NULL;

  CREATE TABLE commands (
    sequence INTEGER PRIMARY KEY,
    received_at INTEGER NOT NULL,
    body TEXT NOT NULL
  );
  ALTER TABLE log ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
  ALTER TABLE log ADD COLUMN purged_sequence INTEGER NOT NULL DEFAULT 0;
  `,

  // What campaigns have started, with the event, which may be purged before anybody was told; and who tells them.
  `
  CREATE TABLE triggers (
    bucket INTEGER NOT NULL,
    stream TEXT NOT NULL,
    message_id TEXT NOT NULL,
    campaign TEXT NOT NULL,
    person TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    started_sequence INTEGER NOT NULL,
    occurred_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    delivered_at INTEGER,
    body TEXT NOT NULL,
    PRIMARY KEY (bucket, message_id, stream, campaign)
  );
  CREATE INDEX triggers_waiting ON triggers (started_at, started_sequence, occurred_at, received_at, sequence, rank) WHERE delivered_at IS NULL;
  CREATE INDEX triggers_by_person ON triggers (person);
  CREATE INDEX claims_by_time ON claims (at);
  ALTER TABLE log ADD COLUMN lease_owner TEXT;
  ALTER TABLE log ADD COLUMN lease_until INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE log ADD COLUMN settled_at INTEGER NOT NULL DEFAULT 0;
  `,

  // A message is stored under its place in the log, which grows: what is appended goes to the end, and finding a place takes no
  // index beside the table. An index ends with that place by itself.
  `
  ALTER TABLE messages RENAME TO messages_3;
  DROP INDEX messages_in_order;
  DROP INDEX messages_identified;
  DROP INDEX messages_anonymous;
  CREATE TABLE messages (
    sequence INTEGER PRIMARY KEY,
    bucket INTEGER NOT NULL,
    stream TEXT NOT NULL,
    message_id TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    occurred_at INTEGER NOT NULL,
    type TEXT NOT NULL,
    anonymous_id TEXT,
    person TEXT,
    body TEXT NOT NULL
  );
  INSERT INTO messages SELECT sequence, bucket, stream, message_id, received_at, occurred_at, type, anonymous_id, person, body
    FROM messages_3 ORDER BY sequence;
  DROP TABLE messages_3;
  CREATE UNIQUE INDEX messages_by_id ON messages (bucket, message_id, stream);
  CREATE INDEX messages_identified ON messages (person) WHERE person IS NOT NULL;
  CREATE INDEX messages_anonymous ON messages (bucket, anonymous_id) WHERE person IS NULL;
  `,

  // Where in its millisecond a window was closed, and a merge undone: what stands before that place had joined, and stays. Of those
  // that are there nobody knows; they count as at its end, which takes nothing away that had joined.
  `
  ALTER TABLE claims ADD COLUMN closed_sequence INTEGER;
  ALTER TABLE claims ADD COLUMN undone_sequence INTEGER;
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
  if (!isOurs(database) && numberOf(database, 'SELECT count(*) FROM sqlite_schema') > 0) {
    throw new LedgerError('not_a_ledger', `${file} is another program's database; give hitherto a file of its own.`);
  }
  if (version > MIGRATIONS.length) {
    throw new LedgerError('newer_ledger', `${file} was written by a newer hitherto; update this one.`);
  }
  for (const migration of MIGRATIONS.slice(version)) database.exec(migration);
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${MIGRATIONS.length}`);
}

/** Whether there is nothing to migrate. To find that out takes no write transaction, and so waits for nobody who has one. */
export function isMigrated(database: Database.Database): boolean {
  return isOurs(database) && numberOf(database, 'PRAGMA user_version') === MIGRATIONS.length;
}

function isOurs(database: Database.Database): boolean {
  return numberOf(database, 'PRAGMA application_id') === APPLICATION_ID;
}

function numberOf(database: Database.Database, sql: string): number {
  const [value] = database.prepare(sql).raw().get() as [number];
  return value;
}
