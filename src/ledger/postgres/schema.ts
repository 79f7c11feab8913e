import { LedgerError } from '../error.js';
import { codeOf, type Database, type Query } from './connection.js';

/**
 * What each version of the schema added, oldest first. A version that was released is never edited; changes go into a new one.
 *
 * `bucket` leads the keys, so that a stream stays together when the tables are spread over machines. The log is in the order of
 * (received_at, sequence): several collectors write it, and each numbers what it writes from blocks of its own.
 * Ids are compared as bytes, whatever the language of the database: that is faster, and no update of a locale breaks an index.
 */
export const MIGRATIONS = [
  `
  CREATE TABLE log (
    only_row smallint PRIMARY KEY CHECK (only_row = 1),
    name text NOT NULL,
    next_block bigint NOT NULL
  );
  INSERT INTO log VALUES (1, replace(gen_random_uuid()::text, '-', ''), 0);

  CREATE TABLE messages (
    bucket smallint NOT NULL,
    stream text COLLATE "C" NOT NULL,
    message_id text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    received_at bigint NOT NULL,
    occurred_at bigint NOT NULL,
    type text NOT NULL,
    anonymous_id text COLLATE "C",
    person text COLLATE "C",
    body text NOT NULL,
    PRIMARY KEY (bucket, message_id, stream)
  );
  CREATE INDEX messages_in_order ON messages (received_at, sequence);
  CREATE INDEX messages_identified ON messages (person, received_at, sequence) WHERE person IS NOT NULL;
  CREATE INDEX messages_anonymous ON messages (bucket, anonymous_id, received_at, sequence) WHERE person IS NULL;

  CREATE TABLE claims (
    bucket smallint NOT NULL,
    anonymous_id text COLLATE "C" NOT NULL,
    person text COLLATE "C",
    at bigint NOT NULL,
    sequence bigint NOT NULL,
    closed_at bigint,
    undone_at bigint,
    PRIMARY KEY (bucket, anonymous_id)
  );
  CREATE INDEX claims_in_order ON claims (at, sequence);
  CREATE INDEX claims_by_person ON claims (person, at, sequence) WHERE person IS NOT NULL;
  `,

  // Commands, names that lead to one another, and what campaigns have started, with the event, which may be purged before
  // anybody was told. The row of the log holds what every commit goes by, and who delivers triggers.
  `
  CREATE TABLE names (
    bucket smallint NOT NULL,
    name text COLLATE "C" NOT NULL,
    person text COLLATE "C",
    linked_at bigint,
    linked_sequence bigint,
    is_merge smallint,
    erased_at bigint,
    is_suppressed smallint NOT NULL DEFAULT 0,
    PRIMARY KEY (bucket, name)
  );
  CREATE INDEX names_by_person ON names (person, linked_at, linked_sequence, name) WHERE person IS NOT NULL;

  CREATE TABLE commands (
    received_at bigint NOT NULL,
    sequence bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (received_at, sequence)
  );

  CREATE TABLE triggers (
    bucket smallint NOT NULL,
    stream text COLLATE "C" NOT NULL,
    message_id text COLLATE "C" NOT NULL,
    campaign text COLLATE "C" NOT NULL,
    person text COLLATE "C" NOT NULL,
    started_at bigint NOT NULL,
    started_sequence bigint NOT NULL,
    occurred_at bigint NOT NULL,
    received_at bigint NOT NULL,
    sequence bigint NOT NULL,
    rank smallint NOT NULL,
    delivered_at bigint,
    body text NOT NULL,
    PRIMARY KEY (bucket, message_id, stream, campaign)
  );
  CREATE INDEX triggers_waiting ON triggers (started_at, started_sequence, occurred_at, received_at, sequence, rank) WHERE delivered_at IS NULL;
  CREATE INDEX triggers_by_person ON triggers (person);
  CREATE INDEX claims_undone ON claims (undone_at) WHERE undone_at IS NOT NULL;

  ALTER TABLE log
    ADD COLUMN settings text NOT NULL DEFAULT '{}',
    ADD COLUMN command_at bigint NOT NULL DEFAULT 0,
    ADD COLUMN command_sequence bigint NOT NULL DEFAULT 0,
    ADD COLUMN links bigint NOT NULL DEFAULT 0,
    ADD COLUMN purged_at bigint NOT NULL DEFAULT 0,
    ADD COLUMN purged_sequence bigint NOT NULL DEFAULT 0,
    ADD COLUMN settled_at bigint NOT NULL DEFAULT 0,
    ADD COLUMN lease_owner text,
    ADD COLUMN lease_until bigint NOT NULL DEFAULT 0;
  `,

  // Where in its millisecond a window was closed, and a merge undone: what stands before that place had joined, and stays. Of those
  // that are there nobody knows; they count as at its end, which takes nothing away that had joined.
  `
  ALTER TABLE claims ADD COLUMN closed_sequence bigint, ADD COLUMN undone_sequence bigint;
  `,
];

/** Where Citus is installed, its tables are spread, all by bucket, so that a claim lies beside what it claims; the rest is on every node. */
const PLACES = {
  log: "create_reference_table('log')",
  commands: "create_reference_table('commands')",
  messages: "create_distributed_table('messages', 'bucket')",
  claims: "create_distributed_table('claims', 'bucket', colocate_with => 'messages')",
  names: "create_distributed_table('names', 'bucket', colocate_with => 'messages')",
  triggers: "create_distributed_table('triggers', 'bucket', colocate_with => 'messages')",
};

/**
 * Brings a database to the newest schema. Of collectors that start at once one migrates, and the others wait and find it done.
 *
 * @throws LedgerError when its tables are another program's, or a newer hitherto's
 */
export async function migrate({ query, transaction }: Database, isCitus: boolean): Promise<void> {
  await createMigrations(query);
  // Without a lock first: the usual start has nothing to do, and may be that of a user who may not change tables.
  if ((await versionOf(query)) === MIGRATIONS.length && (!isCitus || (await unplaced(query)).length === 0)) return;
  await transaction('', async (query) => {
    await query('LOCK TABLE hitherto_migrations IN EXCLUSIVE MODE');
    const version = await versionOf(query);
    if (version > MIGRATIONS.length) throw new LedgerError('newer_ledger', 'The database was written by a newer hitherto; update this one.');
    for (let next = version; next < MIGRATIONS.length; next++) {
      await query(MIGRATIONS[next]!).catch(refuseForeignTables);
      await query('INSERT INTO hitherto_migrations (version) VALUES ($1)', [next + 1]);
    }
    // What lies in a table moves with it.
    if (isCitus) for (const placing of await unplaced(query)) await query(`SELECT ${placing}`);
  });
}

/** What is still to be done about tables that Citus does not know. It may have come after them. */
async function unplaced(query: Query): Promise<string[]> {
  const tables = Object.keys(PLACES).map((table) => `'${table}'::regclass`);
  const rows = await query<{ name: string }>(`SELECT c.relname AS name FROM citus_tables t JOIN pg_class c ON c.oid = t.table_name WHERE c.oid IN (${tables.join(', ')})`);
  const placed = new Set(rows.map(({ name }) => name));
  return Object.entries(PLACES).flatMap(([table, placing]) => (placed.has(table) ? [] : placing));
}

export async function hasCitus({ query }: Database): Promise<boolean> {
  const { count } = await query("SELECT 1 FROM pg_extension WHERE extname = 'citus'");
  return count > 0;
}

async function createMigrations(query: Query): Promise<void> {
  const [row] = await query<{ is_there: boolean }>("SELECT to_regclass('hitherto_migrations') IS NOT NULL AS is_there");
  if (row!.is_there) return;
  try {
    await query('CREATE TABLE IF NOT EXISTS hitherto_migrations (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())');
  } catch (error) {
    // IF NOT EXISTS does not look at what others are about to commit: the second of two at once fails on Postgres' own catalogue.
    if (!['23505', '42P07', '42710'].includes(codeOf(error))) throw error;
  }
}

async function versionOf(query: Query): Promise<number> {
  const [row] = await query<{ version: number }>('SELECT coalesce(max(version), 0) AS version FROM hitherto_migrations');
  return row!.version;
}

function refuseForeignTables(cause: unknown): never {
  if (codeOf(cause) !== '42P07') throw cause;
  throw new LedgerError('not_a_ledger', 'The database has tables of another program under names that hitherto uses; give hitherto a database or a schema of its own.', cause);
}
