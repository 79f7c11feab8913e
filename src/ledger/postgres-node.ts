import { codeOf } from './postgres-connection.js';
import { QUERIES } from './postgres-queries.js';
import { claimKeyOf, type Tables } from './postgres-tables.js';
import { claimIn, recordOf, type ClaimRow, type MessageRow } from './sqlite-rows.js';

/** A row of QUERIES.facts: a claim when it has no message id. */
type FactRow = MessageRow & Omit<ClaimRow, 'at'> & { stream: string; message_id: string | null };

const DIVISION_BY_ZERO = '22012';

/** The tables on one node: every statement takes all of its rows at once. */
export const ONE_NODE: Tables = {
  async claimsOn(query, anonymousIds) {
    if (anonymousIds.length === 0) return [];
    const rows = await query<ClaimRow>(QUERIES.claimsOn, [JSON.stringify(anonymousIds.map(claimKeyOf))]);
    return rows.map(claimIn);
  },

  async factsOf(query, anonymousIds, keys) {
    const rows = await query<FactRow>(QUERIES.facts, [JSON.stringify(anonymousIds.map(claimKeyOf)), JSON.stringify(keys)]);
    const [claims, messages] = [rows.filter(isClaim), rows.filter((row) => !isClaim(row))];
    return {
      claims: claims.map((row) => claimIn({ ...row, at: row.received_at })),
      messages: messages.map((row) => ({ key: { stream: row.stream, message_id: row.message_id! }, record: recordOf(row) })),
    };
  },

  async insert(query, claims, messages) {
    if (claims.length === 0) {
      if (messages.length === 0) return true;
      const { count } = await query(QUERIES.insertMessages, [JSON.stringify(messages)]);
      return count === messages.length;
    }
    try {
      await query(QUERIES.insertAll, [JSON.stringify(messages), JSON.stringify(claims), messages.length, claims.length]);
      return true;
    } catch (error) {
      if (codeOf(error) === DIVISION_BY_ZERO) return false;
      throw error;
    }
  },
};

function isClaim({ message_id }: FactRow): boolean {
  return message_id === null;
}
