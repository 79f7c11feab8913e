import type { Query, Value } from './postgres-connection.js';
import { claimKeyOf, type ClaimColumns, type MessageColumns, type MessageKey, type Tables } from './postgres-tables.js';
import { groupByShard } from './shards.js';
import { claimIn, recordOf, type ClaimRow, type MessageRow } from './sqlite-rows.js';

const BUCKETS = 1024;

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
  async function insert(query: Query, table: string, rows: (MessageColumns | ClaimColumns)[]): Promise<boolean> {
    const counts = await Promise.all(
      groupByShard(rows, shardOf).map(async (group) => {
        const columns = Object.keys(group[0]!);
        const { statement, parameters } = tuples(group.map((row) => Object.values(row)));
        const { count } = await query(`INSERT INTO ${table} (${columns.join(', ')}) VALUES ${statement} ON CONFLICT DO NOTHING`, parameters);
        return count;
      }),
    );
    return counts.reduce((sum, count) => sum + count, 0) === rows.length;
  }

  return {
    claimsOn: async (query, anonymousIds) => (await claimsOn(query, anonymousIds)).map(claimIn),

    async factsOf(query, anonymousIds, keys) {
      const [claims, messages] = await Promise.all([
        claimsOn(query, anonymousIds),
        select<MessageRow & MessageKey>(
          query,
          'SELECT bucket, stream, message_id, sequence, received_at, occurred_at, person, body FROM messages WHERE (bucket, message_id, stream) IN',
          keys.map(({ bucket, stream, message_id }) => [bucket, message_id, stream]),
        ),
      ]);
      return { claims: claims.map(claimIn), messages: messages.map((row) => ({ key: row, record: recordOf(row) })) };
    },

    // The claims first: a claim without its message is harmless, a message without its claim would never merge.
    insert: async (query, claims, messages) => (await insert(query, 'claims', claims)) && insert(query, 'messages', messages),
  };
}

async function claimsOn(query: Query, anonymousIds: string[]): Promise<ClaimRow[]> {
  const keys = anonymousIds.map(claimKeyOf).map(({ bucket, anonymous_id }) => [bucket, anonymous_id]);
  return select(query, 'SELECT anonymous_id, person, at, sequence, closed_at, undone_at FROM claims WHERE (bucket, anonymous_id) IN', keys);
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
