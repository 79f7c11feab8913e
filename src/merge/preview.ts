import { unusableId } from './anonymous-id.js';
import type { Campaign } from './campaign.js';
import type { Directory } from './directory.js';
import { dropOf, type NameFacts } from './identity.js';
import { isMerged } from './membership.js';
import { settable } from './person.js';
import { byPosition, isEvent, type Claim, type MessageRecord, type Position } from './record.js';
import { triggersOf, type Trigger } from './trigger.js';

/** What an identify would do now (RULES R26). */
export interface Preview {
  /** Whether it would claim the anonymous id. */
  claims: boolean;
  /** Why it would not. For the first two, the identify itself would be dropped. */
  reason?: 'suppressed' | 'unknown_person' | 'blank_id' | 'bad_id' | 'merging_off' | 'claimed';
  /** How many events would join, and when the oldest of them happened, in unix seconds. */
  count: number;
  oldest?: number;
  /** The ids of those events, oldest first. */
  messageIds: string[];
  /** The campaigns they would start, in order. */
  triggers: Trigger[];
  /** Traits that the person does not have, and would get. */
  traits: Record<string, unknown>;
}

/** What a preview is worked out from. */
export interface PreviewFacts {
  anonymousId: string;
  claim: Claim | undefined;
  isMergingOn: boolean;
  /** What the anonymous id did. */
  records: MessageRecord[];
  /** The person as they were asked for. */
  asked: string;
  /** The name that the person goes by, and what is known of them. */
  path: NameFacts;
  traits: Record<string, unknown>;
  campaigns: Campaign[];
  directory: Directory;
}

/** @param at where in the log the identify would stand */
export function previewOf({ anonymousId, claim, isMergingOn, records, asked, path, traits, campaigns, directory }: PreviewFacts, at: Position): Preview {
  // It would happen after any deletion, and it is no update: of what messages are dropped for, two are left.
  const identify: MessageRecord = { message: { type: 'identify', messageId: '', userId: asked }, occurredAt: Infinity, ...at };
  const dropped = dropOf(identify, { path })?.code as 'suppressed' | 'unknown_person' | undefined;
  const reason = dropped ?? unusableId(anonymousId) ?? (claim ? 'claimed' : isMergingOn ? undefined : 'merging_off');
  if (reason) return { claims: false, reason, count: 0, messageIds: [], triggers: [], traits: {} };
  const claiming: Claim = { anonymousId, person: path.root, at: at.receivedAt, sequence: at.sequence };
  const joining = records.filter((record) => isMerged(record, claiming)).sort((a, b) => a.occurredAt - b.occurredAt || byPosition(a, b));
  const events = joining.filter(isEvent);
  const said = joining.filter(({ message }) => message.type === 'identify').reverse();
  return {
    claims: true,
    count: events.length,
    ...(events[0] && { oldest: Math.floor(events[0].occurredAt / 1000) }),
    messageIds: events.map(({ message }) => message.messageId),
    triggers: events.flatMap((record) => triggersOf(record, claiming, campaigns, directory).map(({ trigger }) => trigger)),
    traits: Object.fromEntries([...said.flatMap((record) => settable(record, claiming, directory)), ['anonymous_id', anonymousId] as const].filter(([name]) => !Object.hasOwn(traits, name))),
  };
}
