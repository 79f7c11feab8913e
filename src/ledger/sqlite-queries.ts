import { BUCKETS } from './bucket.js';

/**
 * Every statement of the SQLite ledger. They narrow to what may matter; `merge` decides what does, so that no rule is
 * told twice. `INDEXED BY` pins the plan: without statistics SQLite would rather sort a whole partial index than walk the log.
 */

const RECORD = 'm.sequence, m.received_at, m.occurred_at, m.person, m.body';
const CLAIM = 'anonymous_id, person, at, sequence, closed_at, undone_at';
const NAME = 'name, person, linked_at, linked_sequence, is_merge, erased_at, is_suppressed';
/** Every bucket there is: it leads the key, and whoever has only a message's id does not know it. */
const ALL_BUCKETS = Array.from({ length: BUCKETS }, (_, bucket) => bucket).join();

export const QUERIES = {
  log: 'SELECT name, last_sequence, last_received_at, settings, purged_sequence FROM log',
  advance: 'UPDATE log SET last_sequence = ?, last_received_at = ?',

  insertMessage: `INSERT INTO messages
    (bucket, stream, message_id, sequence, received_at, occurred_at, type, anonymous_id, person, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (bucket, message_id, stream) DO NOTHING`,
  message: `SELECT ${RECORD} FROM messages m WHERE m.bucket = ? AND m.stream = ? AND m.message_id = ?`,
  copies: `SELECT ${RECORD} FROM messages m WHERE m.bucket IN (${ALL_BUCKETS}) AND m.message_id = ?`,
  isNamed: 'SELECT 1 FROM messages m INDEXED BY messages_identified WHERE m.person = ? LIMIT 1',
  deleteMessage: 'DELETE FROM messages WHERE sequence = ?',
  deleteNaming: 'DELETE FROM messages WHERE person = ?',

  insertClaim: 'INSERT INTO claims (bucket, anonymous_id, person, at, sequence) VALUES (?, ?, ?, ?, ?)',
  claim: `SELECT ${CLAIM} FROM claims WHERE bucket = ? AND anonymous_id = ?`,
  claimsOf: `SELECT ${CLAIM} FROM claims WHERE person = ? ORDER BY sequence`,

  undoClaim: 'UPDATE claims SET undone_at = ? WHERE bucket = ? AND anonymous_id = ?',
  buryClaim: 'UPDATE claims SET person = NULL WHERE bucket = ? AND anonymous_id = ?',
  closeClaim: 'UPDATE claims SET closed_at = ? WHERE bucket = ? AND anonymous_id = ?',

  name: `SELECT ${NAME} FROM names WHERE bucket = ? AND name = ?`,
  aliases: `SELECT ${NAME} FROM names WHERE person = ? ORDER BY linked_sequence, name`,
  hasNames: 'SELECT 1 FROM names LIMIT 1',
  linkName: `INSERT INTO names (bucket, name, person, linked_at, linked_sequence, is_merge) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (bucket, name) DO UPDATE SET person = excluded.person, linked_at = excluded.linked_at,
    linked_sequence = excluded.linked_sequence, is_merge = excluded.is_merge`,
  eraseName: `INSERT INTO names (bucket, name, erased_at) VALUES (?, ?, ?) ON CONFLICT (bucket, name) DO UPDATE SET
    person = NULL, linked_at = NULL, linked_sequence = NULL, is_merge = NULL, erased_at = excluded.erased_at`,
  suppressName: `INSERT INTO names (bucket, name, is_suppressed) VALUES (?, ?, ?)
    ON CONFLICT (bucket, name) DO UPDATE SET is_suppressed = excluded.is_suppressed`,

  insertCommand: 'INSERT INTO commands (sequence, received_at, body) VALUES (?, ?, ?)',
  commands: 'SELECT sequence, received_at, body FROM commands WHERE sequence < ? ORDER BY sequence DESC LIMIT ?',
  set: 'UPDATE log SET settings = ?',

  /** Steps of the purge, oldest first. */
  oldAnonymous: `SELECT m.sequence, m.anonymous_id, m.received_at, m.occurred_at, m.type FROM messages m INDEXED BY messages_in_order
    WHERE m.sequence > ? AND m.received_at < ? AND m.person IS NULL ORDER BY m.sequence LIMIT ?`,
  undoneBefore: `SELECT ${CLAIM} FROM claims WHERE undone_at < ?`,
  purgedTo: 'UPDATE log SET purged_sequence = ?',

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
