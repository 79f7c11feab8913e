import type { JsonObject, Person } from '../wire/index.js';
import { storedEvent } from './activity.js';
import { byPosition, isBefore, isEvent, type Claim, type MessageRecord, type Position } from './record.js';

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
    traits: traitsOf(records, new Set(anonymousIds), claimFor),
    anonymousIds,
    events: records
      .filter(isEvent)
      .sort((a, b) => a.occurredAt - b.occurredAt || byPosition(a, b))
      .map((record) => storedEvent(record, claimFor(record))),
  };
}

/**
 * What a person's identifies say of them: the last word on each trait stands. What an identify said while they were
 * anonymous only fills the gaps, in the order in which it joined them, the oldest first (RULES R22).
 *
 * @param anonymousIds theirs; an `anonymous_id` trait that could not be claimed is not set (RULES R11)
 */
function traitsOf(
  records: MessageRecord[],
  anonymousIds: Set<string>,
  claimFor: (record: MessageRecord) => Claim | undefined,
): JsonObject {
  const identifies = records.filter(({ message }) => message.type === 'identify').sort(byPosition);
  const anonymous = identifies.filter(({ person }) => person === undefined);
  const joined = anonymous
    .map((record) => ({ record, at: joinedAt(record, claimFor(record)!) }))
    .sort((a, b) => byPosition(a.at, b.at) || a.record.occurredAt - b.record.occurredAt);
  // The last entry of a name stands, so what fills a gap first comes last of its kind, and what was said by name last of all.
  return Object.fromEntries([
    ...joined.reverse().flatMap(({ record }) => settable(record)),
    ...identifies.filter(({ person }) => person !== undefined).flatMap(settable),
  ]);

  function settable({ message }: MessageRecord): [string, unknown][] {
    return Object.entries(message.traits ?? {}).filter(([name, value]) => name !== 'anonymous_id' || anonymousIds.has(String(value)));
  }
}

/** Where in the log an anonymous message became the person's: at the claim, or when it came after that. */
function joinedAt(record: MessageRecord, { at, sequence }: Claim): Position {
  const claimed = { receivedAt: at, sequence };
  return isBefore(record, claimed) ? claimed : record;
}
