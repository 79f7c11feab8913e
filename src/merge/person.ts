import type { JsonObject, Person } from '../wire/index.js';
import { storedEvent } from './activity.js';
import { byPosition, isEvent, type Claim, type MessageRecord } from './record.js';

/**
 * A person, put together from what is kept about them.
 *
 * @param claims every claim that is theirs
 * @param records what they did under their own name, and what joined them through those claims; in any order
 * @param claimFor the claim on a record's anonymous id
 */
export function personOf(
  id: string,
  claims: Claim[],
  records: MessageRecord[],
  claimFor: (record: MessageRecord) => Claim | undefined,
): Person {
  const anonymousIds = claims.sort((a, b) => a.at - b.at || a.sequence - b.sequence).map(({ anonymousId }) => anonymousId);
  return {
    id,
    traits: traitsOf(records.sort(byPosition), new Set(anonymousIds)),
    anonymousIds,
    events: records
      .filter(isEvent)
      .sort((a, b) => a.occurredAt - b.occurredAt || byPosition(a, b))
      .map((record) => storedEvent(record, claimFor(record))),
  };
}

/**
 * What a person's identifies say of them: the last word on each trait stands. What an identify said while they were
 * anonymous only fills the gaps, the oldest first (RULES R22).
 *
 * @param records in the order of the log
 * @param anonymousIds theirs; an `anonymous_id` trait that could not be claimed is not set (RULES R11)
 */
function traitsOf(records: MessageRecord[], anonymousIds: Set<string>): JsonObject {
  const said = new Map<string, unknown>();
  const filled = new Map<string, unknown>();
  for (const { message, person } of records) {
    if (message.type !== 'identify') continue;
    for (const [name, value] of Object.entries(message.traits ?? {})) {
      if (name === 'anonymous_id' && !anonymousIds.has(String(value))) continue;
      if (person !== undefined) said.set(name, value);
      else if (!filled.has(name)) filled.set(name, value);
    }
  }
  return Object.fromEntries([...filled, ...said]);
}
