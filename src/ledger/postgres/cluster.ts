import { BUCKETS } from '../sql/bucket.js';
import type { ClaimKey } from '../sql/lookup.js';
import type { ClaimRow, NameRow } from '../sql/rows.js';
import type { Query, Value } from './connection.js';
import { groupByShard } from './shards.js';
import { COMMIT, STATEMENTS } from './statements.js';
import type { Found, StoredRow, Tables } from './tables.js';

/** On which shard each bucket lies; messages and claims are placed alike. */
export async function readShards(query: Query): Promise<(bucket: number) => number> {
  const rows = await query<{ bucket: number; shard: number }>(
    "SELECT bucket, get_shard_id_for_distribution_column('messages', bucket::smallint) AS shard FROM generate_series(0, $1::int) AS bucket",
    [BUCKETS - 1],
  );
  const shards = new Map(rows.map(({ bucket, shard }) => [bucket, shard]));
  return (bucket) => shards.get(bucket)!;
}

/**
 * The tables spread over a Citus cluster: a statement writes to one shard only, as rows of VALUES, and is a transaction by
 * itself. A commit is done when all of its statements are; one that breaks off in between is taken up again by its sender.
 * That this is faster was measured (DESIGN, "Scaling out"); the suite runs against a cluster when CITUS_URL names one.
 */
export function clusterTables(shardOf: (bucket: number) => number): Tables {
  /** @returns how many rows were new */
  async function insert<Row extends { bucket: number }>(query: Query, table: string, rows: Row[], onConflict = 'DO NOTHING'): Promise<number> {
    const counts = await Promise.all(
      groupByShard(rows, shardOf).map(async (group) => {
        const columns = Object.keys(group[0]!);
        const { statement, parameters } = tuples(group.map((row) => Object.values(row) as Value[]));
        const { count } = await query(`INSERT INTO ${table} (${columns.join(', ')}) VALUES ${statement} ON CONFLICT ${onConflict}`, parameters);
        return count;
      }),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  return {
    async find(query, { claims, names, known }) {
      const [[log], claimRows, nameRows, knownRows] = await Promise.all([
        query<Pick<Found, 'settings' | 'command_at' | 'command_sequence' | 'links'>>(COMMIT.log),
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

    // The claims first: a claim without its message is harmless, a message without its claim would never merge.
    async insert(query, { claims, links, messages, triggers }) {
      if ((await insert(query, 'claims', claims)) < claims.length) return false;
      await insert(query, 'names', links, LINK_FREE_NAME);
      const written = await insert(query, 'messages', messages);
      await insert(query, 'triggers', triggers);
      return written === messages.length;
    },

    async insertAnonymous(query, messages, anonymousIds) {
      const written = await insert(query, 'messages', messages);
      return written < messages.length ? undefined : claimsOn(query, anonymousIds);
    },
  };
}

/** A name is linked once. */
const LINK_FREE_NAME = `(bucket, name) DO UPDATE SET person = excluded.person, linked_at = excluded.linked_at,
  linked_sequence = excluded.linked_sequence, is_merge = excluded.is_merge WHERE names.person IS NULL`;

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
