import { codeOf } from './connection.js';
import { COMMIT } from './statements.js';
import type { Found, StoredRow, Tables } from './tables.js';
import type { ClaimRow } from '../sql/rows.js';

const DIVISION_BY_ZERO = '22012';

/** The tables on one node: every statement takes all of its rows at once. */
export const ONE_NODE: Tables = {
  async find(query, { claims, names, known }) {
    const [found] = await query<Found>(COMMIT.facts, [claims, names, known].map((rows) => JSON.stringify(rows)));
    return found!;
  },

  findStored: (query, keys) => query<StoredRow>(COMMIT.stored, [JSON.stringify(keys)]),

  async insert(query, { messages, claims, triggers, links }, basis) {
    const parameters = [...[messages, claims, triggers].map((rows) => JSON.stringify(rows)), basis.command_sequence, messages.length, claims.length];
    const inserting = links.length === 0 ? query(COMMIT.insertAll, parameters) : query(COMMIT.insertLinked, [...parameters, JSON.stringify(links), links.length, basis.links]);
    return (await whole(inserting)) !== undefined;
  },

  async insertAnonymous(query, messages, anonymousIds) {
    const rows = await whole(query<{ claims: ClaimRow[] }>(COMMIT.insertAnonymous, [JSON.stringify(anonymousIds), JSON.stringify(messages), messages.length]));
    return rows?.[0]!.claims;
  },
};

/** What a statement answers; nothing when somebody else was there first, and it has undone itself. */
async function whole<Rows>(answer: Promise<Rows>): Promise<Rows | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (codeOf(error) === DIVISION_BY_ZERO) return undefined;
    throw error;
  }
}
