import type { Dialect } from '../sql/statements.js';

/** Several collectors write the log, and each numbers for itself: a place is a time and a sequence. */
export const POSTGRES: Dialect = {
  isBelow: (time, sequence) => `(${time}, ${sequence}) < ($1::bigint, $2::bigint)`,
  isAbove: (time, sequence) => `(${time}, ${sequence}) > ($1::bigint, $2::bigint)`,
  newestFirst: (time, sequence) => `ORDER BY ${time} DESC, ${sequence} DESC`,
  oldestFirst: (time, sequence) => `ORDER BY ${time}, ${sequence}`,
  // Every connection asks for indexes; see PLANNER.
  by: () => '',
  // As text and cast here, because the driver would write a parameter of type json as JSON once more.
  rows: (parameter, columns) =>
    `json_to_recordset(${parameter}::text::json) AS k (${Object.entries(columns)
      .map(([column, type]) => `${column} ${type === 'integer' ? 'bigint' : 'text'}`)
      .join(', ')})`,
  texts: (parameter) => `json_array_elements_text(${parameter}::text::json) AS k (value)`,
  heads: `SELECT c.anonymous_id, h.received_at, h.sequence FROM claims c CROSS JOIN LATERAL (SELECT m.received_at, m.sequence FROM messages m
    WHERE m.bucket = c.bucket AND m.anonymous_id = c.anonymous_id AND m.person IS NULL AND (m.received_at, m.sequence) < ($1::bigint, $2::bigint)
    ORDER BY m.received_at DESC, m.sequence DESC LIMIT 1) AS h WHERE c.person = $3`,
  deleteMessages: `DELETE FROM messages m USING json_to_recordset($1::text::json) AS k (received_at bigint, sequence bigint)
    WHERE m.received_at = k.received_at AND m.sequence = k.sequence`,
  log: 'SELECT settings, purged_at, purged_sequence, settled_at FROM log',
  placeAt: 'SELECT $1::bigint AS received_at, 0 AS sequence',
  eventsBetween: "SELECT count(*) AS count FROM messages m WHERE m.received_at >= $1 AND m.received_at < $2 AND m.type IN ('track', 'page', 'screen')",
  purgedTo: 'UPDATE log SET purged_at = $1, purged_sequence = $2',
  parameter: (number) => `$${number}`,
};
