import {
  asksWhoIsKnown,
  emailBeside,
  mergingId,
  personNamedBy,
  type Campaign,
  type Claim,
  type Decision,
  type Directory,
  type Facts,
  type Link,
  type MessageRecord,
  type NameFacts,
} from '../../merge/index.js';
import type { AcceptedMessage } from '../../wire/index.js';
import { triggerRowsOf, triggerRowsOn, type TriggerColumns } from './triggers.js';

/** What is known to a commit that appends: what it found, and what its own messages have brought about. */
export interface AppendFacts {
  isMergingOff: boolean;
  claimOn(anonymousId: string | undefined): Claim | undefined;
  /** Whether any name is linked, deleted or suppressed; nearly never, and then there is nothing to look up. */
  hasNames(): boolean;
  nameFacts(name: string): NameFacts;
  isSuppressed(name: string): boolean;
  directory: Directory;
  /** What an anonymous id did that may still start something. Asked for where there are campaigns. */
  recentOn(claim: Claim): MessageRecord[];
  setClaim(claim: Claim): void;
  setLink(name: string, link: Link): void;
}

/** What `decide` asks about a message. */
export function decisionFactsOf(message: AcceptedMessage, facts: AppendFacts): Facts {
  const claim = facts.claimOn(mergingId(message));
  const holder = claim?.person === undefined ? undefined : facts.directory.rootOf(claim.person);
  const about = { claim, holder, isMergingOff: facts.isMergingOff || (claim?.person !== undefined && facts.isSuppressed(claim.person)) };
  const person = personNamedBy(message);
  if (person === undefined || !(facts.hasNames() || asksWhoIsKnown(message))) return about;
  const email = emailBeside(message);
  const names = { path: facts.nameFacts(person), ...(email !== undefined && { email: facts.nameFacts(email) }) };
  return { ...about, names };
}

/** What a message that was just decided on starts, as rows; whatever the decision brought about is known by now. */
export function startedBy({ claim, record }: Decision, facts: AppendFacts, campaigns: Campaign[]): TriggerColumns[] {
  if (campaigns.length === 0 || !record) return [];
  const joined = claim ? triggerRowsOn(claim, facts.recentOn(claim), campaigns, facts.directory) : [];
  return [...joined, ...triggerRowsOf(record, facts.claimOn(mergingId(record.message)), campaigns, facts.directory)];
}
