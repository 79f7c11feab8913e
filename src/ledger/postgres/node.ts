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
    const parameters = [...[messages, claims, triggers].map((rows) => JSON.stringify(rows)), basis.command_sequence];
    try {
      if (links.length === 0) await query(COMMIT.insertAll, parameters);
      else await query(COMMIT.insertLinked, [...parameters, JSON.stringify(links), basis.links]);
      return true;
    } catch (error) {
      if (codeOf(error) === DIVISION_BY_ZERO) return false;
      throw error;
    }
  },

  async insertAnonymous(query, messages, anonymousIds) {
    const [found] = await query<{ written: number; claims: ClaimRow[] }>(COMMIT.insertAnonymous, [JSON.stringify(anonymousIds), JSON.stringify(messages)]);
    return found!;
  },
};
