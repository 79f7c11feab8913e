import { BUCKETS } from '../sql/bucket.js';
import type { ClaimKey } from '../sql/lookup.js';
import type { ClaimRow, NameRow } from '../sql/rows.js';
import type { Database, Query, Value } from './connection.js';
import { groupByShard } from './shards.js';
import { COMMIT, RELINK, STATEMENTS } from './statements.js';
import type { Found, MessageColumns, StoredRow, Tables } from './tables.js';

/** On which shard each bucket lies; messages and claims are placed alike. */
export async function readShards(query: Query): Promise<(bucket: number) => number> {
  const rows = await query<{ bucket: number; shard: number }>(
    "SELECT bucket, get_shard_id_for_distribution_column('messages', bucket::smallint) AS shard FROM generate_series(0, $1::int) AS bucket",
    [BUCKETS - 1],
  );
  const shards = new Map(rows.map(({ bucket, shard }) => [bucket, shard]));
  return (bucket) => shards.get(bucket)!;
}

/** So many rows are one statement: of parameters it takes 65,535 at most. */
const STATEMENT_ROWS = 1000;

/** Undoes a transaction: somebody else was there first. */
const TOO_LATE = new Error('Somebody else was there first.');

/**
 * The tables spread over a Citus cluster, as rows of VALUES. Messages that name nobody go to one shard a statement, which is a
 * transaction by itself: that this is faster was measured (docs/scaling-out.md). Such a commit is done when all of its statements
 * are; one that breaks off in between is taken up again by its sender. Whatever goes by names and claims is one transaction over
 * all of its shards, behind the same lock on the log as on one node. The suite runs over a made-up Citus, and against a
 * cluster when CITUS_URL names one.
 */
export function clusterTables(shardOf: (bucket: number) => number, transaction: Database['transaction']): Tables {
  /** @returns whether all of them were new */
  async function insertByShard(query: Query, messages: MessageColumns[]): Promise<boolean> {
    const groups = groupByShard(messages, shardOf).flatMap(chunksOf);
    const counts = await Promise.all(groups.map((group) => insertRows(query, 'messages', group, 'DO NOTHING')));
    return counts.reduce((sum, count) => sum + count, 0) === messages.length;
  }

  return {
    async find(query, { claims, names, known }) {
      // Before the rest, which is not read in one snapshot: what a command changes meanwhile is behind the basis then.
      const [log] = await query<Pick<Found, 'settings' | 'command_at' | 'command_sequence' | 'links'>>(COMMIT.log);
      const [claimRows, nameRows, knownRows] = await Promise.all([
        claimsOn(query, claims),
        select<NameRow>(
          query,
          'SELECT name, person, linked_at, linked_sequence, is_merge, erased_at, is_suppressed FROM names WHERE (bucket, name) IN',
          names.map(({ bucket, name }) => [bucket, name]),
        ),
        known.length === 0 ? [] : query<{ name: string }>(STATEMENTS.known, [JSON.stringify(known)]),
      ]);
      return { ...log!, claims: claimRows, names: nameRows, known: knownRows.map(({ name }) => name) };
    },

    findStored: (query, keys) =>
      select<StoredRow>(
        query,
        'SELECT stream, message_id, sequence, received_at, occurred_at, person, body FROM messages WHERE (bucket, message_id, stream) IN',
        keys.map(({ bucket, stream, message_id }) => [bucket, message_id, stream]),
      ),

    async insert(query, rows, basis) {
      const { claims, links, messages, triggers } = rows;
      const isAnonymous = messages.every(({ person }) => person === null);
      if (isAnonymous && claims.length + links.length + triggers.length === 0) return insertByShard(query, messages);
      try {
        // Everybody takes the log first and then rows in the same order, so that no two commits wait for each other.
        await transaction('', async (query) => {
          const { count } = await (links.length === 0
            ? query(COMMIT.guard, [basis.command_sequence])
            : query(COMMIT.guardLinks, [basis.command_sequence, basis.links]));
          if (count === 0) throw TOO_LATE;
          await insertNew(query, 'claims', claims);
          for (const group of chunksOf(links)) await insertRows(query, 'names', group, RELINK);
          await insertNew(query, 'messages', messages);
          for (const group of chunksOf(triggers)) await insertRows(query, 'triggers', group, 'DO NOTHING');
        });
        return true;
      } catch (error) {
        if (error === TOO_LATE) return false;
        throw error;
      }
    },

    async insertAnonymous(query, messages, anonymousIds) {
      return (await insertByShard(query, messages)) ? claimsOn(query, anonymousIds) : undefined;
    },
  };
}

/** Inserts all of some rows; when one is there already, none of its transaction stays. */
async function insertNew<Row extends object>(query: Query, table: string, rows: Row[]): Promise<void> {
  for (const group of chunksOf(rows)) if ((await insertRows(query, table, group, 'DO NOTHING')) < group.length) throw TOO_LATE;
}

/** @returns how many were new */
async function insertRows<Row extends object>(query: Query, table: string, rows: Row[], onConflict: string): Promise<number> {
  const { statement, parameters } = tuples(rows.map((row) => Object.values(row) as Value[]));
  const { count } = await query(`INSERT INTO ${table} (${Object.keys(rows[0]!).join(', ')}) VALUES ${statement} ON CONFLICT ${onConflict}`, parameters);
  return count;
}

function chunksOf<Row>(rows: Row[]): Row[][] {
  return Array.from({ length: Math.ceil(rows.length / STATEMENT_ROWS) }, (_, index) => rows.slice(index * STATEMENT_ROWS, (index + 1) * STATEMENT_ROWS));
}

function claimsOn(query: Query, keys: ClaimKey[]): Promise<ClaimRow[]> {
  return select(
    query,
    'SELECT anonymous_id, person, at, sequence, closed_at, closed_sequence, undone_at, undone_sequence FROM claims WHERE (bucket, anonymous_id) IN',
    keys.map(({ bucket, anonymous_id }) => [bucket, anonymous_id]),
  );
}

async function select<Row>(query: Query, start: string, keys: Value[][]): Promise<Row[]> {
  if (keys.length === 0) return [];
  const { statement, parameters } = tuples(keys);
  return query<Row>(`${start} (${statement})`, parameters);
}

/** `($1, $2), ($3, $4)`. */
function tuples(rows: Value[][]): { statement: string; parameters: Value[] } {
  const parameters: Value[] = [];
  const statement = rows.map((row) => `(${row.map((value) => `$${parameters.push(value)}`).join(', ')})`).join(', ');
  return { statement, parameters };
}
