/**
 * Every statement of the Postgres ledger but those of a cluster. They narrow to what may matter; `merge` decides what does, so
 * that no rule is told twice. Rows come and go as one JSON text: one parameter, whatever their number, and so one plan. It goes
 * as text and is cast here, because the driver would write a parameter of type json as JSON once more.
 */

const RECORD = 'm.sequence, m.received_at, m.occurred_at, m.person, m.body';
const CLAIM = 'c.anonymous_id, c.person, c.at, c.sequence, c.closed_at, c.undone_at';

const NEWEST_FIRST = 'ORDER BY m.received_at DESC, m.sequence DESC LIMIT';

const INSERT_MESSAGES = `INSERT INTO messages (bucket, stream, message_id, sequence, received_at, occurred_at, type, anonymous_id, person, body)
    SELECT bucket, stream, message_id, sequence, received_at, occurred_at, type, anonymous_id, person, body
    FROM json_to_recordset($1::text::json) AS row (bucket smallint, stream text, message_id text, sequence bigint, received_at bigint,
      occurred_at bigint, type text, anonymous_id text, person text, body text)
    ON CONFLICT DO NOTHING`;
const INSERT_CLAIMS = `INSERT INTO claims (bucket, anonymous_id, person, at, sequence)
    SELECT bucket, anonymous_id, person, at, sequence
    FROM json_to_recordset($2::text::json) AS row (bucket smallint, anonymous_id text, person text, at bigint, sequence bigint)
    ON CONFLICT DO NOTHING`;

export const QUERIES = {
  version: 'SELECT pg_current_snapshot()::text AS snapshot',
  /** Each node counts its own transactions. */
  versionOfCluster: "SELECT string_agg(result, '/' ORDER BY nodeid) AS snapshot FROM run_command_on_all_nodes('SELECT pg_current_snapshot()')",
  /** On the one row there is, once in many thousand messages. */
  nextBlock: 'UPDATE log SET next_block = next_block + 1 RETURNING next_block - 1 AS block',
  name: 'SELECT name FROM log',
  newest: 'SELECT coalesce(max(received_at), 0) AS received_at FROM messages',

  insertMessages: INSERT_MESSAGES,
  /**
   * Claims and messages in one statement, which is a transaction by itself. When somebody else was faster with one of them,
   * none of it may stay: then it divides by zero, for want of a statement that fails on purpose.
   */
  insertAll: `WITH claimed AS (${INSERT_CLAIMS} RETURNING 1), written AS (${INSERT_MESSAGES} RETURNING 1)
    SELECT 1 / (CASE WHEN (SELECT count(*) FROM claimed) = $4::bigint AND (SELECT count(*) FROM written) = $3::bigint THEN 1 ELSE 0 END)`,

  claimsOn: `SELECT ${CLAIM} FROM json_to_recordset($1::text::json) AS k (bucket smallint, anonymous_id text)
    JOIN claims c ON c.bucket = k.bucket AND c.anonymous_id = k.anonymous_id`,
  /** What is there already of a commit: the claims on its anonymous ids, and the messages under its keys. */
  facts: `SELECT NULL AS stream, NULL AS message_id, c.anonymous_id, c.person, c.at AS received_at, c.sequence, c.closed_at, c.undone_at, NULL AS occurred_at, NULL AS body
    FROM json_to_recordset($1::text::json) AS k (bucket smallint, anonymous_id text)
    JOIN claims c ON c.bucket = k.bucket AND c.anonymous_id = k.anonymous_id
    UNION ALL
    SELECT m.stream, m.message_id, NULL, m.person, m.received_at, m.sequence, NULL, NULL, m.occurred_at, m.body
    FROM json_to_recordset($2::text::json) AS k (bucket smallint, stream text, message_id text)
    JOIN messages m ON m.bucket = k.bucket AND m.message_id = k.message_id AND m.stream = k.stream`,

  claimsOf: `SELECT ${CLAIM} FROM claims c WHERE c.person = $1 ORDER BY c.at, c.sequence`,

  /** Pages, newest first: only what is below a position, and so many. */
  messages: `SELECT ${RECORD} FROM messages m WHERE (m.received_at, m.sequence) < ($1, $2) ${NEWEST_FIRST} $3`,
  messagesAnonymous: `SELECT ${RECORD} FROM messages m
    WHERE (m.received_at, m.sequence) < ($1, $2) AND m.person IS NULL ${NEWEST_FIRST} $3`,
  /** Those that name a person, and those on whose anonymous id there is a claim: they may have joined. */
  messagesIdentified: `SELECT ${RECORD} FROM messages m
    LEFT JOIN claims c ON m.person IS NULL AND c.bucket = m.bucket AND c.anonymous_id = m.anonymous_id
    WHERE (m.received_at, m.sequence) < ($1, $2) AND (m.person IS NOT NULL OR c.person IS NOT NULL) ${NEWEST_FIRST} $3`,
  messagesNaming: `SELECT ${RECORD} FROM messages m
    WHERE (m.received_at, m.sequence) < ($1, $2) AND m.person = $4 ${NEWEST_FIRST} $3`,
  messagesOn: `SELECT ${RECORD} FROM messages m
    WHERE (m.received_at, m.sequence) < ($1, $2) AND m.bucket = $4 AND m.anonymous_id = $5 AND m.person IS NULL ${NEWEST_FIRST} $3`,
  claims: `SELECT ${CLAIM} FROM claims c WHERE (c.at, c.sequence) < ($1, $2) ORDER BY c.at DESC, c.sequence DESC LIMIT $3`,
  claimsNaming: `SELECT ${CLAIM} FROM claims c
    WHERE (c.at, c.sequence) < ($1, $2) AND c.person = $4 ORDER BY c.at DESC, c.sequence DESC LIMIT $3`,

  allNaming: `SELECT ${RECORD} FROM messages m WHERE m.person = $1`,
  allOn: `SELECT ${RECORD} FROM messages m WHERE m.bucket = $1 AND m.anonymous_id = $2 AND m.person IS NULL`,
  /** What may have joined through a claim, without the bodies: enough to count it. */
  timesOn: `SELECT m.type, m.received_at, m.occurred_at, m.sequence FROM messages m
    WHERE m.bucket = $1 AND m.anonymous_id = $2 AND m.person IS NULL`,
} as const;
