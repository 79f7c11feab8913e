/**
 * Every statement of the SQLite ledger. They narrow to what may matter; `merge` decides what does, so that no rule is
 * told twice. `INDEXED BY` pins the plan: without statistics SQLite would rather sort a whole partial index than walk the log.
 */

const RECORD = 'm.sequence, m.received_at, m.occurred_at, m.person, m.body';
const CLAIM = 'anonymous_id, person, at, sequence';

export const QUERIES = {
  log: 'SELECT name, last_sequence, last_received_at FROM log',
  advance: 'UPDATE log SET last_sequence = ?, last_received_at = ?',

  insertMessage: `INSERT INTO messages
    (bucket, stream, message_id, sequence, received_at, occurred_at, type, anonymous_id, person, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (bucket, stream, message_id) DO NOTHING`,
  message: `SELECT ${RECORD} FROM messages m WHERE m.bucket = ? AND m.stream = ? AND m.message_id = ?`,

  insertClaim: `INSERT INTO claims (bucket, ${CLAIM}) VALUES (?, ?, ?, ?, ?)`,
  claim: `SELECT ${CLAIM} FROM claims WHERE bucket = ? AND anonymous_id = ?`,
  claimsOf: `SELECT ${CLAIM} FROM claims WHERE person = ? ORDER BY sequence`,

  /** Pages, newest first: only what is below a sequence, and so many. */
  messages: `SELECT ${RECORD} FROM messages m INDEXED BY messages_in_order
    WHERE m.sequence < ? ORDER BY m.sequence DESC LIMIT ?`,
  messagesAnonymous: `SELECT ${RECORD} FROM messages m INDEXED BY messages_in_order
    WHERE m.sequence < ? AND m.person IS NULL ORDER BY m.sequence DESC LIMIT ?`,
  /** Those that name a person, and those on whose anonymous id there is a claim: they may have joined. */
  messagesIdentified: `SELECT ${RECORD} FROM messages m INDEXED BY messages_in_order
    LEFT JOIN claims c ON m.person IS NULL AND c.bucket = m.bucket AND c.anonymous_id = m.anonymous_id
    WHERE m.sequence < ? AND (m.person IS NOT NULL OR c.person IS NOT NULL) ORDER BY m.sequence DESC LIMIT ?`,
  messagesNaming: `SELECT ${RECORD} FROM messages m INDEXED BY messages_identified
    WHERE m.person = ? AND m.sequence < ? ORDER BY m.sequence DESC LIMIT ?`,
  messagesOn: `SELECT ${RECORD} FROM messages m INDEXED BY messages_anonymous
    WHERE m.bucket = ? AND m.anonymous_id = ? AND m.person IS NULL AND m.sequence < ? ORDER BY m.sequence DESC LIMIT ?`,
  claims: `SELECT ${CLAIM} FROM claims WHERE sequence < ? ORDER BY sequence DESC LIMIT ?`,
  claimsNaming: `SELECT ${CLAIM} FROM claims WHERE person = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?`,

  /** What may have joined through a claim, without the bodies: enough to count it. */
  timesOn: `SELECT m.type, m.received_at, m.occurred_at, m.sequence FROM messages m INDEXED BY messages_anonymous
    WHERE m.bucket = ? AND m.anonymous_id = ? AND m.person IS NULL`,
} as const;
