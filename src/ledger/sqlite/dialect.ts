import type { Dialect } from '../sql/statements.js';

/** The time of the first message at or behind the middle of two sequences, or nothing. */
const TIME_IN_THE_MIDDLE = `(SELECT p.received_at FROM messages p WHERE p.sequence >= (low + high) / 2 ORDER BY p.sequence LIMIT 1)`;

/** The first sequence at or behind a time. There is no index by time and need not be, since the times are in the order of the sequences: halving finds it. */
const sequenceAt = (time: string): string => `(WITH RECURSIVE search (low, high) AS (
    SELECT 0, last_sequence + 1 FROM log
    UNION ALL SELECT iif(coalesce(${TIME_IN_THE_MIDDLE} < ${time}, 0), (low + high) / 2 + 1, low), iif(coalesce(${TIME_IN_THE_MIDDLE} < ${time}, 0), high, (low + high) / 2)
    FROM search WHERE low < high
  ) SELECT low FROM search WHERE low >= high)`;

/** The log of one file is in the order of its sequences, and so is its time: one of them is enough to say a place. */
export const SQLITE: Dialect = {
  isBelow: (_, sequence) => `${sequence} < $2`,
  isAbove: (_, sequence) => `${sequence} > $2`,
  newestFirst: (_, sequence) => `ORDER BY ${sequence} DESC`,
  oldestFirst: (_, sequence) => `ORDER BY ${sequence}`,
  // Without statistics SQLite would rather sort a whole partial index than walk the log, which the table itself is.
  by: (index) => (index === 'messages_in_order' ? 'NOT INDEXED' : `INDEXED BY ${index}`),
  rows: (parameter, columns) =>
    `(SELECT ${Object.keys(columns)
      .map((column) => `value ->> '${column}' AS ${column}`)
      .join(', ')} FROM json_each(${parameter})) AS k`,
  texts: (parameter) => `json_each(${parameter}) AS k`,
  heads: `SELECT c.anonymous_id, m.received_at, m.sequence FROM claims c CROSS JOIN messages m NOT INDEXED
    WHERE c.person = $3 AND m.sequence = (SELECT max(h.sequence) FROM messages h INDEXED BY messages_anonymous
      WHERE h.bucket = c.bucket AND h.anonymous_id = c.anonymous_id AND h.person IS NULL AND h.sequence < $2)`,
  deleteMessages: "DELETE FROM messages WHERE sequence IN (SELECT value ->> 'sequence' FROM json_each($1))",
  log: 'SELECT settings, 0 AS purged_at, purged_sequence, settled_at FROM log',
  // A command has a sequence, and is no message: those below the first message that is too new may be of the time before it.
  placeAt: `SELECT ?1 AS received_at,
    coalesce((SELECT m.sequence FROM messages m WHERE m.sequence >= ${sequenceAt('?1')} ORDER BY m.sequence LIMIT 1), ${Number.MAX_SAFE_INTEGER}) AS sequence`,
  eventsBetween: `SELECT count(*) AS count FROM messages m
    WHERE m.sequence >= ${sequenceAt('$1')} AND m.sequence < ${sequenceAt('$2')} AND m.type IN ('track', 'page', 'screen')`,
  purgedTo: 'UPDATE log SET purged_sequence = $2',
  parameter: (number) => `?${number}`,
};
