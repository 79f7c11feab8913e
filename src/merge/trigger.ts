import { isStartedBy, type Campaign } from './campaign.js';
import type { Directory } from './directory.js';
import { attachedAt, canTrigger } from './membership.js';
import { byPosition, isBefore, type Claim, type MessageRecord, type Position } from './record.js';

/** A campaign that an event of a person started. */
export interface Trigger {
  campaign: string;
  /** Whoever it was when it started, also after they were merged into somebody else (RULES R23). */
  person: string;
  messageId: string;
}

/** A trigger, and where in the log it came out. */
export interface PlacedTrigger {
  trigger: Trigger;
  at: Position;
  record: MessageRecord;
}

/**
 * What a message starts, or has started, in the order of the campaigns (RULES R9). What came out once stands, also when
 * the merge was undone since.
 */
export function triggersOf(record: MessageRecord, claim: Claim | undefined, campaigns: Campaign[], { rootOf }: Directory): PlacedTrigger[] {
  const started = campaigns.filter((campaign) => isStartedBy(campaign, record.message));
  if (started.length === 0) return [];
  const at = attachedAt(record, claim);
  const { undoneAt = Infinity, undoneSequence = Infinity } = claim ?? {};
  const wasStanding = isBefore(at, { receivedAt: undoneAt, sequence: undoneSequence });
  const then = wasStanding && claim ? { ...claim, undoneAt: undefined } : claim;
  if (!canTrigger(record, then)) return [];
  const person = rootOf(record.person ?? claim!.person!, at);
  return started.map(({ name }) => ({ trigger: { campaign: name, person, messageId: record.message.messageId }, at, record }));
}

/** The order in which triggers come out: as their events became somebody's, and those that did together as they happened. */
export function byTrigger(a: PlacedTrigger, b: PlacedTrigger): number {
  return byPosition(a.at, b.at) || a.record.occurredAt - b.record.occurredAt || byPosition(a.record, b.record);
}
