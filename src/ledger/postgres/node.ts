import { codeOf, type Value } from './connection.js';
import { COMMIT, MESSAGE_COLUMNS } from './statements.js';
import type { Found, StoredRow, Tables } from './tables.js';
import type { ClaimRow } from '../sql/rows.js';

/** A row that is there already, and a guard that found nothing. */
const TOO_LATE = new Set(['23505', '22012']);
const CLAIM_KEY = ['bucket', 'anonymous_id'] as const;

/** The tables on one node: every statement takes all of its rows at once. */
export const ONE_NODE: Tables = {
  async find(query, { claims, names, known }) {
    const [found] = await query<Found>(COMMIT.facts, [claims, names, known].map((rows) => JSON.stringify(rows)));
    return found!;
  },

  findStored: (query, keys) => query<StoredRow>(COMMIT.stored, [JSON.stringify(keys)]),

  async insert(query, { messages, claims, triggers, links }, basis) {
    const parameters = [JSON.stringify(claims), JSON.stringify(triggers), basis.command_sequence, ...arraysOf(messages, MESSAGE_COLUMNS)];
    const inserting = links.length === 0 ? query(COMMIT.insertAll, parameters) : query(COMMIT.insertLinked, [...parameters, basis.links, JSON.stringify(links)]);
    return (await whole(inserting)) !== undefined;
  },

  insertAnonymous: (query, messages, anonymousIds) =>
    whole(query<ClaimRow>(COMMIT.insertAnonymous, [...arraysOf(anonymousIds, CLAIM_KEY), ...arraysOf(messages, MESSAGE_COLUMNS)])),
};

/**
 * The columns of rows as Postgres writes arrays: JSON with braces, as long as all that JSON escapes are quotes and backslashes.
 * No column holds a control character or half a surrogate pair; see toColumn.
 */
function arraysOf<Row>(rows: Row[], columns: readonly (keyof Row)[]): Value[] {
  return columns.map((column) => `{${JSON.stringify(rows.map((row) => row[column])).slice(1, -1)}}`);
}

/** What a statement answers; nothing when somebody else was there first, and it has undone itself. */
async function whole<Rows>(answer: Promise<Rows>): Promise<Rows | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (TOO_LATE.has(codeOf(error))) return undefined;
    throw error;
  }
}
