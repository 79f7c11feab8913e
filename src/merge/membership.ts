import { unusableId, type UnusableId } from './anonymous-id.js';
import type { Claim, MessageRecord } from './record.js';
import { LATE_WINDOW_MS, RETENTION_MS, TRIGGER_WINDOW_MS } from './windows.js';

/** Whose a message is, and why. */
export type Membership =
  | { person: string; reason: 'identified' | 'merged_retroactively' | 'merged_late' }
  | { person?: undefined; reason: UnusableId | 'unclaimed' | 'too_old' | 'late_window_passed' };

/**
 * The rule this product is about: whether a message belongs to a person. A pure predicate over the message and the
 * claim on its anonymous id, so that a merge rewrites nothing and the order of arrival does not matter (RULES R1 to R8, R16).
 *
 * @param claim the claim on the message's anonymous id, if there is one
 */
export function membership(record: MessageRecord, claim: Claim | undefined): Membership {
  if (record.person !== undefined) return { person: record.person, reason: 'identified' };
  const unusable = unusableId(record.message.anonymousId);
  if (unusable) return { reason: unusable };
  if (!claim) return { reason: 'unclaimed' };
  // Age comes first: what is too old for this claim is too old for any later one, and sending it again is no help (RULES R13).
  if (claim.at - record.occurredAt > RETENTION_MS) return { reason: 'too_old' };
  if (record.receivedAt - claim.at > LATE_WINDOW_MS) return { reason: 'late_window_passed' };
  return { person: claim.person, reason: record.receivedAt > claim.at ? 'merged_late' : 'merged_retroactively' };
}

/** Whether a message joined a person through a claim, as {@link membership} says, without building the answer. */
export function isMerged(record: MessageRecord, claim: Claim): boolean {
  return (
    record.person === undefined &&
    record.receivedAt - claim.at <= LATE_WINDOW_MS &&
    claim.at - record.occurredAt <= RETENTION_MS
  );
}

/** Whether a person's event may start campaigns: it happened within the 72 hours before it became theirs (RULES R9). */
export function canTrigger(record: MessageRecord, claim: Claim | undefined): boolean {
  const { person, reason } = membership(record, claim);
  if (person === undefined) return false;
  const attachedAt = reason === 'identified' ? record.receivedAt : Math.max(claim!.at, record.receivedAt);
  return attachedAt - record.occurredAt <= TRIGGER_WINDOW_MS;
}
