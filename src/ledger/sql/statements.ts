import { BUCKETS } from './bucket.js';

/**
 * The statements that reading and administration are made of, in the words of each database. They narrow to what may matter;
 * `merge` decides what does, so that no rule is told twice. Whatever comes in numbers goes in as one JSON text: one parameter,
 * and so one plan.
 *
 * Pages start below a place of the log, ($1, $2), and have $3 rows.
 */
export type StatementName = keyof ReturnType<typeof statementsIn>;

/** What the databases have different words for. */
export interface Dialect {
  /** Whether a row stands below the place ($1, $2), by its columns for the time and the sequence. */
  isBelow(time: string, sequence: string): string;
  /** Whether a row stands above it. */
  isAbove(time: string, sequence: string): string;
  newestFirst(time: string, sequence: string): string;
  oldestFirst(time: string, sequence: string): string;
  /** Pins the plan where the planner would go wrong. */
  by(index: string): string;
  /** A JSON list of objects, as rows of `k`. */
  rows(parameter: string, columns: Record<string, 'integer' | 'text'>): string;
  /** A JSON list of texts, as rows of `k` with the column `value`. */
  texts(parameter: string): string;
  /** The newest message of every anonymous id that a person claimed, below a place. */
  heads: string;
  deleteMessages: string;
  log: string;
  /** A place above everything that was received before $1, and as far down as can be told. */
  placeAt: string;
  /** How many track, page and screen calls were received from $1 on until before $2. */
  eventsBetween: string;
  purgedTo: string;
  parameter(number: number): string;
}

const RECORD = 'm.sequence, m.received_at, m.occurred_at, m.person, m.body';
export const CLAIM = 'c.anonymous_id, c.person, c.at, c.sequence, c.closed_at, c.closed_sequence, c.undone_at, c.undone_sequence';
const NAME = 'n.name, n.person, n.linked_at, n.linked_sequence, n.is_merge, n.erased_at, n.is_suppressed';
const TIMES = 'm.anonymous_id, m.type, m.received_at, m.occurred_at, m.sequence';
const TRIGGER = 't.bucket, t.stream, t.message_id, t.campaign, t.person, t.started_at, t.occurred_at, t.body';
/** Every bucket there is: it leads the key, and whoever has only a message's id does not know it. */
const ALL_BUCKETS = Array.from({ length: BUCKETS }, (_, bucket) => bucket).join();
const NAME_KEYS = { bucket: 'integer', name: 'text' } as const;
const CLAIM_KEYS = { bucket: 'integer', anonymous_id: 'text' } as const;
const MERGED_KEYS = { ...CLAIM_KEYS, received_until: 'integer', sequence_until: 'integer', occurred_from: 'integer' } as const;

export function statementsIn(dialect: Dialect) {
  const { by, rows, texts, isBelow, isAbove, newestFirst, oldestFirst } = dialect;
  const page = (condition: string): string => `WHERE ${isBelow('m.received_at', 'm.sequence')} ${condition} ${newestFirst('m.received_at', 'm.sequence')} LIMIT $3`;
  const claimPage = (condition: string): string => `WHERE ${isBelow('c.at', 'c.sequence')} ${condition} ${newestFirst('c.at', 'c.sequence')} LIMIT $3`;

  return inWordsOf(dialect, {
    log: dialect.log,
    placeAt: dialect.placeAt,
    set: 'UPDATE log SET settings = $1',

    claimsOn: `SELECT ${CLAIM} FROM ${rows('$1', CLAIM_KEYS)} CROSS JOIN claims c WHERE c.bucket = k.bucket AND c.anonymous_id = k.anonymous_id`,
    claimsOf: `SELECT ${CLAIM} FROM claims c WHERE c.person = $1 ${oldestFirst('c.at', 'c.sequence')}`,
    undoClaim: 'UPDATE claims SET undone_at = $3, undone_sequence = $4 WHERE bucket = $1 AND anonymous_id = $2',
    buryClaim: 'UPDATE claims SET person = NULL WHERE bucket = $1 AND anonymous_id = $2',
    /** Switching merging off closes the late windows that are open. */
    closeClaims: 'UPDATE claims SET closed_at = $1, closed_sequence = $2 WHERE at >= $3 AND closed_at IS NULL',
    /** Suppressing somebody closes theirs. */
    closeClaimsOf: 'UPDATE claims SET closed_at = $1, closed_sequence = $2 WHERE at >= $3 AND closed_at IS NULL AND person = $4',
    /** What claims that were undone before $4 had brought, below a place. */
    undone: `SELECT ${TIMES} FROM claims c CROSS JOIN messages m ${by('messages_anonymous')} WHERE c.undone_at < $4 AND m.bucket = c.bucket
      AND m.anonymous_id = c.anonymous_id AND m.person IS NULL AND ${isBelow('m.received_at', 'm.sequence')} LIMIT $3`,

    hasNames: 'SELECT 1 FROM names LIMIT 1',
    names: `SELECT ${NAME} FROM ${rows('$1', NAME_KEYS)} CROSS JOIN names n WHERE n.bucket = k.bucket AND n.name = k.name`,
    aliases: `SELECT ${NAME} FROM names n WHERE n.person = $1 ${oldestFirst('n.linked_at', 'n.linked_sequence')}, n.name`,
    /** Those among some names by which something is known. */
    known: `SELECT k.value AS name FROM ${texts('$1')} WHERE coalesce((SELECT 1 FROM messages m ${by('messages_identified')} WHERE m.person = k.value LIMIT 1),
      (SELECT 1 FROM claims c WHERE c.person = k.value LIMIT 1), (SELECT 1 FROM names n WHERE n.person = k.value LIMIT 1)) = 1`,
    linkName: `INSERT INTO names (bucket, name, person, linked_at, linked_sequence, is_merge) VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (bucket, name) DO UPDATE SET person = excluded.person, linked_at = excluded.linked_at,
      linked_sequence = excluded.linked_sequence, is_merge = excluded.is_merge`,
    eraseName: `INSERT INTO names (bucket, name, erased_at) VALUES ($1, $2, $3) ON CONFLICT (bucket, name) DO UPDATE SET
      person = NULL, linked_at = NULL, linked_sequence = NULL, is_merge = NULL, erased_at = excluded.erased_at`,
    suppressName: `INSERT INTO names (bucket, name, is_suppressed) VALUES ($1, $2, $3)
      ON CONFLICT (bucket, name) DO UPDATE SET is_suppressed = excluded.is_suppressed`,

    insertCommand: 'INSERT INTO commands (sequence, received_at, body) VALUES ($1, $2, $3)',
    commands: `SELECT c.sequence, c.received_at, c.body FROM commands c
      WHERE ${isBelow('c.received_at', 'c.sequence')} ${newestFirst('c.received_at', 'c.sequence')} LIMIT $3`,

    /** Those with one of some texts in them. */
    commandsWith: `SELECT c.sequence, c.received_at, c.body FROM commands c
      WHERE ${isBelow('c.received_at', 'c.sequence')} AND EXISTS (SELECT 1 FROM ${texts('$4')} WHERE replace(c.body, k.value, '') <> c.body)
      ${newestFirst('c.received_at', 'c.sequence')} LIMIT $3`,
    deleteCommand: 'DELETE FROM commands WHERE received_at = $1 AND sequence = $2',

    copies: `SELECT ${RECORD} FROM messages m WHERE m.bucket IN (${ALL_BUCKETS}) AND m.message_id = $1`,
    messages: `SELECT ${RECORD} FROM messages m ${by('messages_in_order')} ${page('')}`,
    messagesAnonymous: `SELECT ${RECORD} FROM messages m ${by('messages_in_order')} ${page('AND m.person IS NULL')}`,
    /** Those that name a person, and those on whose anonymous id there is a claim: they may have joined. */
    messagesIdentified: `SELECT ${RECORD} FROM messages m ${by('messages_in_order')}
      LEFT JOIN claims c ON m.person IS NULL AND c.bucket = m.bucket AND c.anonymous_id = m.anonymous_id
      ${page('AND (m.person IS NOT NULL OR c.person IS NOT NULL)')}`,
    messagesNaming: `SELECT ${RECORD} FROM messages m ${by('messages_identified')} ${page('AND m.person = $4')}`,
    messagesOn: `SELECT ${RECORD} FROM messages m ${by('messages_anonymous')} ${page('AND m.bucket = $4 AND m.anonymous_id = $5 AND m.person IS NULL')}`,
    claims: `SELECT ${CLAIM} FROM claims c ${claimPage('')}`,
    claimsNaming: `SELECT ${CLAIM} FROM claims c ${claimPage('AND c.person = $4')}`,
    heads: dialect.heads,

    /** How many events joined through a claim, within the bounds that `merge` gives: counted when it is looked at. */
    countOn: `SELECT count(*) AS count, min(m.occurred_at) AS oldest FROM messages m ${by('messages_anonymous')} WHERE m.bucket = $1 AND m.anonymous_id = $2
      AND m.person IS NULL AND (m.received_at, m.sequence) <= ($3, $4) AND m.occurred_at >= $5 AND m.type IN ('track', 'page', 'screen')`,

    /** The same of many claims at once. */
    countMerged: `SELECT count(*) AS count FROM ${rows('$1', MERGED_KEYS)} CROSS JOIN messages m ${by('messages_anonymous')} WHERE m.bucket = k.bucket
      AND m.anonymous_id = k.anonymous_id AND m.person IS NULL AND (m.received_at, m.sequence) <= (k.received_until, k.sequence_until) AND m.occurred_at >= k.occurred_from
      AND m.type IN ('track', 'page', 'screen')`,

    allNaming: `SELECT ${RECORD} FROM messages m ${by('messages_identified')} WHERE m.person = $1`,
    allOn: `SELECT ${RECORD} FROM messages m ${by('messages_anonymous')} WHERE m.bucket = $1 AND m.anonymous_id = $2 AND m.person IS NULL`,
    /** The same without the bodies: all that the rules of joining look at. */
    timesOn: `SELECT ${TIMES} FROM messages m ${by('messages_anonymous')} WHERE m.bucket = $1 AND m.anonymous_id = $2 AND m.person IS NULL`,
    deleteMessages: dialect.deleteMessages,
    deleteNaming: 'DELETE FROM messages WHERE person = $1',

    /** All of them, oldest first: above a place. */
    messagesAbove: `SELECT ${RECORD} FROM messages m ${by('messages_in_order')}
      WHERE ${isAbove('m.received_at', 'm.sequence')} ${oldestFirst('m.received_at', 'm.sequence')} LIMIT $3`,

    /** A step of the purge, oldest first: above a place, up to a time. Also what names a person, so that a step is as long where nothing else is. */
    old: `SELECT ${TIMES}, m.person FROM messages m ${by('messages_in_order')}
      WHERE ${isAbove('m.received_at', 'm.sequence')} AND m.received_at < $3 ${oldestFirst('m.received_at', 'm.sequence')} LIMIT $4`,
    purgedTo: dialect.purgedTo,

    /** Everybody who goes by a name of their own, in order, from behind a name on. */
    peopleAfter: `SELECT name FROM (SELECT DISTINCT m.person AS name FROM messages m ${by('messages_identified')} WHERE m.person > $1
      UNION SELECT DISTINCT c.person FROM claims c WHERE c.person > $1) AS everybody ORDER BY name LIMIT $2`,

    /** The next name behind another: by which somebody did something, and by which somebody claimed an anonymous id. */
    nextNaming: `SELECT m.person AS name FROM messages m ${by('messages_identified')} WHERE m.person > $1 ORDER BY m.person LIMIT 1`,
    nextClaiming: 'SELECT c.person AS name FROM claims c WHERE c.person > $1 ORDER BY c.person LIMIT 1',

    eventsBetween: dialect.eventsBetween,
    claimsBetween: 'SELECT count(*) AS count FROM claims c WHERE c.at >= $1 AND c.at < $2 AND c.person IS NOT NULL AND c.undone_at IS NULL',
    triggersFor: 'SELECT t.campaign, t.message_id, t.started_at, t.occurred_at, t.delivered_at FROM triggers t WHERE t.person = $1',

    insertTriggers: `INSERT INTO triggers (bucket, stream, message_id, campaign, person, started_at, started_sequence, occurred_at, received_at, sequence, rank, body)
      SELECT k.bucket, k.stream, k.message_id, k.campaign, k.person, k.started_at, k.started_sequence, k.occurred_at, k.received_at, k.sequence, k.rank, k.body
      FROM ${rows('$1', TRIGGER_COLUMNS)} WHERE true ON CONFLICT (bucket, message_id, stream, campaign) DO NOTHING`,
    /** What was not delivered yet, in the order in which it came out. */
    waitingTriggers: `SELECT ${TRIGGER} FROM triggers t ${by('triggers_waiting')} WHERE t.delivered_at IS NULL
      ORDER BY t.started_at, t.started_sequence, t.occurred_at, t.received_at, t.sequence, t.rank LIMIT $1`,
    deliverTrigger: 'UPDATE triggers SET delivered_at = $5 WHERE bucket = $1 AND message_id = $2 AND stream = $3 AND campaign = $4',
    deleteTriggers: 'DELETE FROM triggers WHERE person = $1',
    /** Whoever holds the lease delivers, and nobody else does, until it runs out. */
    lease: 'UPDATE log SET lease_owner = $1, lease_until = $3 WHERE lease_until <= $2 OR lease_owner = $1',
    claimsSince: `SELECT ${CLAIM} FROM claims c WHERE c.at >= $1 ORDER BY c.at`,
    claimsMadeBetween: `SELECT ${CLAIM} FROM claims c WHERE c.at >= $1 AND c.at < $2`,
    settledTo: 'UPDATE log SET settled_at = $1 WHERE settled_at < $1',
  });
}

export const TRIGGER_COLUMNS = {
  bucket: 'integer',
  stream: 'text',
  message_id: 'text',
  campaign: 'text',
  person: 'text',
  started_at: 'integer',
  started_sequence: 'integer',
  occurred_at: 'integer',
  received_at: 'integer',
  sequence: 'integer',
  rank: 'integer',
  body: 'text',
} as const;

function inWordsOf<Texts extends Record<string, string>>({ parameter }: Dialect, texts: Texts): Texts {
  const entries = Object.entries(texts).map(([name, text]) => [name, text.replace(/\$(\d)/g, (_, number: string) => parameter(Number(number)))]);
  return Object.fromEntries(entries) as Texts;
}
