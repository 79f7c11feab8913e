import { codeOf, type Value } from './connection.js';
import { CLAIM_KEY, COMMIT, MESSAGE_COLUMNS } from './statements.js';
import type { Found, StoredRow, Tables } from './tables.js';
import type { ClaimRow } from '../sql/rows.js';

/** A row that is there already, and a guard that found nothing. */
const TOO_LATE = new Set(['23505', '22012']);

/** The tables on one node: every statement takes all of its rows at once. */
export const ONE_NODE: Tables = {
  async find(query, { claims, names, known }) {
    const [found] = await query<Found>(COMMIT.facts, [claims, names, known].map((rows) => JSON.stringify(rows)));
    return found!;
  },

  findStored: (query, keys) => query<StoredRow>(COMMIT.stored, [JSON.stringify(keys)]),

  async insert(query, { messages, claims, triggers, links }, basis) {
    const parameters = [JSON.stringify(claims), JSON.stringify(triggers), basis.command_sequence, ...columnsOf(messages, MESSAGE_COLUMNS)];
    const inserting = links.length === 0 ? query(COMMIT.insertAll, parameters) : query(COMMIT.insertLinked, [...parameters, basis.links, JSON.stringify(links)]);
    return (await whole(inserting)) !== undefined;
  },

  insertAnonymous: (query, messages, anonymousIds) =>
    whole(query<ClaimRow>(COMMIT.insertAnonymous, [...columnsOf(anonymousIds, CLAIM_KEY), ...columnsOf(messages, MESSAGE_COLUMNS)])),
};

/**
 * The columns of rows as the statements take them: numbers as an array, texts as lines, with a carriage return for one that is not
 * there. No column holds a control character; see toColumn.
 */
function columnsOf<Column extends string>(rows: Record<Column, Value>[], columns: Record<Column, string>): Value[] {
  return (Object.keys(columns) as Column[]).map((column) =>
    columns[column] === 'text' ? rows.map((row) => row[column] ?? '\r').join('\n') : `{${rows.map((row) => row[column]).join()}}`,
  );
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
