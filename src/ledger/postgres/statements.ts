import { statementsIn, TRIGGER_COLUMNS } from '../sql/statements.js';
import { POSTGRES } from './dialect.js';

/** What reading and administration are made of. */
export const STATEMENTS = statementsIn(POSTGRES);

const NAME = 'n.name, n.person, n.linked_at, n.linked_sequence, n.is_merge, n.erased_at, n.is_suppressed';
const COLUMNS = {
  messages: {
    bucket: 'smallint',
    stream: 'text',
    message_id: 'text',
    sequence: 'bigint',
    received_at: 'bigint',
    occurred_at: 'bigint',
    type: 'text',
    anonymous_id: 'text',
    person: 'text',
    body: 'text',
  },
  claims: { bucket: 'smallint', anonymous_id: 'text', person: 'text', at: 'bigint', sequence: 'bigint' },
  names: { bucket: 'smallint', name: 'text', person: 'text', linked_at: 'bigint', linked_sequence: 'bigint', is_merge: 'smallint' },
  triggers: Object.fromEntries(Object.entries(TRIGGER_COLUMNS).map(([column, type]) => [column, type === 'text' ? 'text' : 'bigint'])),
};

/** Inserts rows that come as one JSON text, behind `guard` if there is one; those that are there already stay as they are. */
function insert(table: keyof typeof COLUMNS, parameter: string, guard = ''): string {
  const columns = Object.keys(COLUMNS[table]);
  const row = Object.entries(COLUMNS[table]).map(([column, type]) => `${column} ${type}`);
  return `INSERT INTO ${table} (${columns.join(', ')}) SELECT ${columns.map((column) => `row.${column}`).join(', ')}
    FROM json_to_recordset(${parameter}::text::json) AS row (${row.join(', ')})${guard} ON CONFLICT`;
}

/**
 * Everything that a commit writes, in one statement, which is a transaction by itself. When somebody else was faster with any of
 * it, none of it may stay: then it divides by zero, for want of a statement that fails on purpose. Nothing is inserted before the
 * row of `guard` is there, and with it the lock on the log, so that no two commits wait for each other.
 */
function insertAll(guard: string, links = ''): string {
  const isWhole = [isAllOf('written', '$5'), isAllOf('claimed', '$6'), ...(links && [isAllOf('named', '$8')])];
  return `WITH guard AS (${guard}),
    claimed AS (${insert('claims', '$2', ', guard')} DO NOTHING RETURNING 1),
    written AS (${insert('messages', '$1', ', guard')} DO NOTHING RETURNING 1),
    started AS (${insert('triggers', '$3', ', guard')} DO NOTHING)${links}
    SELECT 1 / (CASE WHEN EXISTS (SELECT 1 FROM guard) AND ${isWhole.join(' AND ')} THEN 1 ELSE 0 END)`;
}

/** Whether there are as many rows as were to be written. To count them in the JSON would be to read it once more. */
function isAllOf(rows: string, count: string): string {
  return `(SELECT count(*) FROM ${rows}) = ${count}::bigint`;
}

const claimsOn = `(SELECT coalesce(json_agg(found), '[]') FROM (${STATEMENTS.claimsOn}) AS found) AS claims`;

/** What only Postgres is asked, and only by commits and at the start. Rows come and go as one JSON text; see POSTGRES. */
export const COMMIT = {
  version: 'SELECT pg_current_snapshot()::text AS snapshot',
  /** Each node counts its own transactions. */
  versionOfCluster: "SELECT string_agg(result, '/' ORDER BY nodeid) AS snapshot FROM run_command_on_all_nodes('SELECT pg_current_snapshot()')",
  /** On the one row there is, once in many thousand messages. */
  nextBlock: 'UPDATE log SET next_block = next_block + 1 RETURNING next_block - 1 AS block',
  name: 'SELECT name FROM log',
  /** What every commit goes by; where the log lies by itself. */
  log: 'SELECT settings, command_at, command_sequence, links FROM log',
  /** The time of the newest entry. */
  newest: 'SELECT greatest(command_at, (SELECT max(received_at) FROM messages)) AS received_at FROM log',
  notify: "SELECT pg_notify($1, '')",
  newestPlace: 'SELECT m.received_at, m.sequence FROM messages m ORDER BY m.received_at DESC, m.sequence DESC LIMIT 1',
  /** Holds up the commits that go by what a command changes, until the command is committed. */
  lock: 'SELECT command_at, command_sequence FROM log FOR UPDATE',
  command: 'UPDATE log SET command_at = $1, command_sequence = $2',

  /** What a commit that names people has to know: the settings and the last command, claims, and names. */
  facts: `SELECT l.settings, l.command_at, l.command_sequence, l.links, ${claimsOn},
      (SELECT coalesce(json_agg(found), '[]') FROM (SELECT ${NAME} FROM json_to_recordset($2::text::json) AS k (bucket bigint, name text)
        CROSS JOIN names n WHERE n.bucket = k.bucket AND n.name = k.name) AS found) AS names,
      (SELECT coalesce(json_agg(found.name), '[]') FROM (${STATEMENTS.known.replaceAll('$1', '$3')}) AS found) AS known
    FROM log l`,
  /** Those of some messages that are there already. */
  stored: `SELECT m.stream, m.message_id, m.person, m.received_at, m.sequence, m.occurred_at, m.body
    FROM json_to_recordset($1::text::json) AS k (bucket smallint, stream text, message_id text)
    JOIN messages m ON m.bucket = k.bucket AND m.message_id = k.message_id AND m.stream = k.stream`,

  /** Messages that name nobody are what they are, whoever they belong to; the claims say what to answer. All of them, or none. */
  insertAnonymous: `WITH written AS (${insert('messages', '$2')} DO NOTHING RETURNING 1)
    SELECT 1 / (CASE WHEN ${isAllOf('written', '$3')} THEN 1 ELSE 0 END), ${claimsOn}`,
  /** While nothing was commanded behind $4, the last command that it was decided by. */
  insertAll: insertAll('SELECT 1 FROM log WHERE command_sequence = $4 FOR SHARE'),
  /** One that links names goes alone, and goes by all links up to $9: two at once might lead in a circle. */
  insertLinked: insertAll(
    'UPDATE log SET links = links + 1 WHERE command_sequence = $4 AND links = $9 RETURNING 1',
    `,
    named AS (${insert('names', '$7', ', guard')} (bucket, name) DO UPDATE SET person = excluded.person, linked_at = excluded.linked_at,
      linked_sequence = excluded.linked_sequence, is_merge = excluded.is_merge RETURNING 1)`,
  ),
} as const;
