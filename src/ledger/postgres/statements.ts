import { CLAIM, statementsIn, TRIGGER_COLUMNS } from '../sql/statements.js';
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

/** The columns that come as one parameter each, in the order in which a statement takes them. */
export const MESSAGE_COLUMNS = COLUMNS.messages;
export const CLAIM_KEY = { bucket: 'smallint', anonymous_id: 'text' } as const;

/** Inserts rows that come as one JSON text, behind `guard` if there is one. */
function insert(table: keyof typeof COLUMNS, parameter: string, guard = ''): string {
  const columns = Object.keys(COLUMNS[table]);
  const row = Object.entries(COLUMNS[table]).map(([column, type]) => `${column} ${type}`);
  return `INSERT INTO ${table} (${columns.join(', ')}) SELECT ${columns.map((column) => `row.${column}`).join(', ')}
    FROM json_to_recordset(${parameter}::text::json) AS row (${row.join(', ')})${guard}`;
}

/**
 * Rows of which each column comes as one parameter, from `$first` on. Texts come as lines: to escape the quotes of the bodies for
 * an array, and to read that, takes a batch of 100 a sixth longer, and as JSON longer still.
 */
function rowsOf(columns: Record<string, string>, first: number, name: string): string {
  const arrays = Object.values(columns).map((type, index) => {
    const parameter = `$${first + index}::text`;
    return type === 'text' ? `string_to_array(${parameter}, E'\\n', E'\\r')` : `${parameter}::${type}[]`;
  });
  return `unnest(${arrays.join(', ')}) AS ${name} (${Object.keys(columns).join(', ')})`;
}

/** Inserts messages. Without ON CONFLICT, which looks every row up once more and marks it twice; one that is there already fails the statement. */
function insertMessages(first: number, guard = ''): string {
  const columns = Object.keys(MESSAGE_COLUMNS);
  return `INSERT INTO messages (${columns.join(', ')}) SELECT ${columns.map((column) => `row.${column}`).join(', ')}
    FROM ${rowsOf(MESSAGE_COLUMNS, first, 'row')}${guard}`;
}

/** A name is linked, whatever was known of it. */
export const RELINK = `(bucket, name) DO UPDATE SET person = excluded.person,
      linked_at = excluded.linked_at, linked_sequence = excluded.linked_sequence, is_merge = excluded.is_merge`;

/** Finds the log while the last command is still that one, and holds up the next. */
const guard = (command: string): string => `SELECT 1 FROM log WHERE command_sequence = ${command} FOR SHARE`;
/** The same while names are linked as they were; of two that link, one waits for the other. */
const guardLinks = (command: string, links: string): string => `UPDATE log SET links = links + 1 WHERE command_sequence = ${command} AND links = ${links} RETURNING 1`;

/** Behind the claims, the triggers, and the command that the guard asks for. */
const FIRST_OF_ALL = 4;
const BEHIND_ALL = FIRST_OF_ALL + Object.keys(MESSAGE_COLUMNS).length;

/**
 * Everything that a commit writes, in one statement, which is a transaction by itself. When somebody else was faster with any of
 * it, none of it may stay: a message or a claim that is there already fails it, and where `guard` finds nothing it divides by
 * zero, for want of a statement that fails on purpose. Nothing is inserted before the row of `guard` is there, and with it the
 * lock on the log, so that no two commits wait for each other.
 */
function insertAll(guard: string, links = ''): string {
  return `WITH guard AS (${guard}),
    claimed AS (${insert('claims', '$1', ', guard')}),
    started AS (${insert('triggers', '$2', ', guard')} ON CONFLICT DO NOTHING),
    written AS (${insertMessages(FIRST_OF_ALL, ', guard')})${links}
    SELECT 1 / (SELECT count(*) FROM guard)`;
}

const claimsOn = `(SELECT coalesce(json_agg(found), '[]') FROM (${STATEMENTS.claimsOn}) AS found) AS claims`;

/** What only Postgres is asked, and only by commits and at the start. Where nothing else is said, rows come and go as one JSON text; see POSTGRES. */
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
  now: 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now',
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
  insertAnonymous: `WITH written AS (${insertMessages(3)}) SELECT ${CLAIM} FROM ${rowsOf(CLAIM_KEY, 1, 'k')}
    JOIN claims c ON c.bucket = k.bucket AND c.anonymous_id = k.anonymous_id`,
  /** While nothing was commanded behind $3, the last command that it was decided by. */
  insertAll: insertAll(guard('$3')),
  /** One that links names goes alone, and goes by all links up to the last but one parameter: two at once might lead in a circle. */
  insertLinked: insertAll(
    guardLinks('$3', `$${BEHIND_ALL}`),
    `,
    named AS (${insert('names', `$${BEHIND_ALL + 1}`, ', guard')} ON CONFLICT ${RELINK})`,
  ),
  /** The two by themselves, for where a commit is several statements. */
  guard: guard('$1'),
  guardLinks: guardLinks('$1', '$2'),
} as const;
