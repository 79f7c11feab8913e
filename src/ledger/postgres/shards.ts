/**
 * Rows that lie on the same shard, together: each group is one statement to one machine, and commits alone. A statement whose
 * rows lie on many shards is cut up by the database, which costs more than it saves (docs/scaling-out.md).
 *
 * @param shardOf the shard that holds a bucket
 * @returns the groups in the order of their first rows, and in each of them the rows in theirs
 */
export function groupByShard<Row extends { bucket: number }>(rows: Row[], shardOf: (bucket: number) => number): Row[][] {
  const groups = new Map<number, Row[]>();
  for (const row of rows) {
    const shard = shardOf(row.bucket);
    const group = groups.get(shard);
    if (group) group.push(row);
    else groups.set(shard, [row]);
  }
  return [...groups.values()];
}
