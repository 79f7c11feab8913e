import type { Activity, ActivityFilter, StoredEvent } from '../wire/index.js';
import { claimOf } from './decide.js';
import { canTrigger, membership } from './membership.js';
import { isEvent, nameOf, type Claim, type MessageRecord } from './record.js';

/**
 * The lines of the log that one record gives, newest first: the call, above it an identify's failure to claim.
 *
 * @param claim the claim on the record's anonymous id
 */
export function activitiesOf(record: MessageRecord, claim: Claim | undefined): Activity[] {
  const { message, receivedAt, occurredAt } = record;
  const { person, reason } = membership(record, claim);
  const name = nameOf(message);
  const call: Activity = {
    type: message.type === 'track' ? 'event' : message.type,
    at: receivedAt,
    occurredAt,
    messageId: message.messageId,
    ...(name !== undefined && { name }),
    ...(person !== undefined && { person }),
    ...(message.anonymousId !== undefined && { anonymousId: message.anonymousId }),
    ...(person !== undefined && reason !== 'identified' && { previouslyAnonymous: true }),
  };
  const laid = claimOf(record);
  if (!laid || !claim || laid.person === claim.person) return [call];
  // Who holds the id is nobody else's business: the answer never says (RULES R11).
  const failure: Activity = {
    type: 'failed_attribute_change',
    at: receivedAt,
    messageId: message.messageId,
    person: laid.person,
    anonymousId: laid.anonymousId,
    attribute: 'anonymous_id',
    reason: 'claimed',
  };
  return [failure, call];
}

/**
 * The line "Anonymous Data Merged" of a claim, or nothing while nothing has joined (RULES R18).
 *
 * @param merged what joined through the claim; only track, page and screen count
 */
export function mergeActivity(claim: Claim, merged: MessageRecord[]): Activity | undefined {
  let count = 0;
  let oldestMs = Infinity;
  for (const record of merged) {
    if (!isEvent(record)) continue;
    count++;
    oldestMs = Math.min(oldestMs, record.occurredAt);
  }
  if (count === 0) return undefined;
  const { at, person, anonymousId } = claim;
  return { type: 'anon_merge', at, person, anonymousId, count, oldest: Math.floor(oldestMs / 1000) };
}

/** Whether a line stands in the part of the log that was asked for (RULES R19). */
export function isShown(line: Activity, { tab, person }: ActivityFilter): boolean {
  const isInTab = !tab || (tab === 'identified') === (line.person !== undefined);
  return isInTab && (person === undefined || line.person === person);
}

/** An event as programs see it: what it is, and whose it is now. */
export function storedEvent(record: MessageRecord, claim: Claim | undefined): StoredEvent {
  const { message, occurredAt, receivedAt } = record;
  const { person, reason } = membership(record, claim);
  const name = nameOf(message);
  return {
    messageId: message.messageId,
    type: message.type as StoredEvent['type'],
    ...(name !== undefined && { name }),
    ...(message.anonymousId !== undefined && { anonymousId: message.anonymousId }),
    ...(person !== undefined && { person }),
    previouslyAnonymous: person !== undefined && reason !== 'identified',
    occurredAt,
    receivedAt,
    canTrigger: canTrigger(record, claim),
  };
}
