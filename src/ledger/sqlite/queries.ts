import { statementsIn } from '../sql/statements.js';
import { SQLITE } from './dialect.js';

/** Every statement of the SQLite ledger. */
export const STATEMENTS = statementsIn(SQLITE);

const CLAIM = 'anonymous_id, person, at, sequence, closed_at, closed_sequence, undone_at, undone_sequence';
const NAME = 'name, person, linked_at, linked_sequence, is_merge, erased_at, is_suppressed';

/** Those of an append, which takes its rows one at a time: that is fastest where the database is in the same process. */
export const APPEND = {
  log: 'SELECT name, last_sequence, last_received_at, settings FROM log',
  advance: 'UPDATE log SET last_sequence = ?, last_received_at = ?',
  insertMessage: `INSERT INTO messages
    (bucket, stream, message_id, sequence, received_at, occurred_at, type, anonymous_id, person, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (bucket, message_id, stream) DO NOTHING`,
  message: 'SELECT sequence, received_at, occurred_at, person, body FROM messages WHERE bucket = ? AND stream = ? AND message_id = ?',
  insertClaim: 'INSERT INTO claims (bucket, anonymous_id, person, at, sequence) VALUES (?, ?, ?, ?, ?)',
  claim: `SELECT ${CLAIM} FROM claims WHERE bucket = ? AND anonymous_id = ?`,
  hasNames: 'SELECT 1 FROM names LIMIT 1',
  name: `SELECT ${NAME} FROM names WHERE bucket = ? AND name = ?`,
  known: `SELECT EXISTS (SELECT 1 FROM messages m INDEXED BY messages_identified WHERE m.person = ?1)
    OR EXISTS (SELECT 1 FROM claims c WHERE c.person = ?1) OR EXISTS (SELECT 1 FROM names n WHERE n.person = ?1) AS is_known`,
  linkName: STATEMENTS.linkName,
  messagesOn: STATEMENTS.messagesOn,
  insertTriggers: STATEMENTS.insertTriggers,
} as const;
