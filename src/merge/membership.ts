import { unusableId, type UnusableId } from './anonymous-id.js';
import { claimedAt, isBefore, isStanding, type Claim, type MessageRecord, type Position } from './record.js';
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
  if (!isStanding(claim)) return { reason: 'unclaimed' };
  // Age comes first: what is too old for this claim is too old for any later one, and sending it again is no help (RULES R13).
  if (claim.at - record.occurredAt > RETENTION_MS) return { reason: 'too_old' };
  if (record.receivedAt > lateUntil(claim)) return { reason: 'late_window_passed' };
  return { person: claim.person, reason: record.receivedAt > claim.at ? 'merged_late' : 'merged_retroactively' };
}

/** Whether a message joined a person through a claim, as {@link membership} says, without building the answer. */
export function isMerged(record: MessageRecord, claim: Claim): boolean {
  return record.person === undefined && isStanding(claim) && record.receivedAt <= lateUntil(claim) && record.occurredAt >= oldestFor(claim);
}

/** How long ago an anonymous event may have happened and still join (RULES R5). */
export function oldestFor({ at }: Claim): number {
  return at - RETENTION_MS;
}

/** The last moment at which an anonymous event may arrive and still join; switching merging off brings it forward. */
export function lateUntil({ at, closedAt }: Claim): number {
  return closedAt === undefined ? at + LATE_WINDOW_MS : Math.max(at, Math.min(at + LATE_WINDOW_MS, closedAt - 1));
}

/** Where in the log a message became a person's: where it stands, or at the claim when it was there before that. */
export function attachedAt(record: MessageRecord, claim: Claim | undefined): Position {
  if (record.person !== undefined || !claim) return record;
  const claimed = claimedAt(claim);
  return isBefore(record, claimed) ? claimed : record;
}

/** Whether a person's event may start campaigns: it happened within the 72 hours before it became theirs (RULES R9). */
export function canTrigger(record: MessageRecord, claim: Claim | undefined): boolean {
  if (membership(record, claim).person === undefined) return false;
  return attachedAt(record, claim).receivedAt - record.occurredAt <= TRIGGER_WINDOW_MS;
}
