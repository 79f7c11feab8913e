import type { JsonObject, Person } from '../wire/index.js';
import { failedAttributes, storedEvent } from './activity.js';
import { NO_LINKS, type Directory, type Link } from './directory.js';
import { attachedAt } from './membership.js';
import type { History } from './segment.js';
import { byPosition, claimedAt, isBefore, isEvent, type Claim, type MessageRecord, type Position } from './record.js';

/** What is kept of a person under names that always were theirs, and whoever was merged into them. */
export interface Holdings {
  claims: Claim[];
  /** What they did under these names, and what joined them through these claims; in any order. */
  records: MessageRecord[];
  merged: { at: Position; holdings: Holdings }[];
}

export function noHoldings(): Holdings {
  return { claims: [], records: [], merged: [] };
}

/** Where that belongs which is kept under a name: to whom it leads, unless that is because two people became one. */
export function holdingsBehind(link: Link, holdings: Holdings): Holdings {
  if (!link.isMerge) return holdings;
  const theirs = noHoldings();
  holdings.merged.push({ at: link, holdings: theirs });
  return theirs;
}

/** The claim on a record's anonymous id. */
export type ClaimFor = (record: MessageRecord) => Claim | undefined;

/**
 * A person, put together from what is kept about them.
 *
 * @param id the name they go by
 */
export function personOf(id: string, holdings: Holdings, claimFor: ClaimFor, directory: Directory = NO_LINKS): Person {
  const claims = allOf(holdings, ({ claims }) => claims);
  return {
    id,
    traits: traitHistoryOf(holdings, claimFor, directory).at(-1)?.traits ?? {},
    anonymousIds: claims.sort((a, b) => a.at - b.at || a.sequence - b.sequence).map(({ anonymousId }) => anonymousId),
    events: allOf(holdings, ({ records }) => records)
      .filter(isEvent)
      .sort((a, b) => a.occurredAt - b.occurredAt || byPosition(a, b))
      .map((record) => storedEvent(record, claimFor(record), directory)),
  };
}

function allOf<Item>(holdings: Holdings, pick: (holdings: Holdings) => Item[]): Item[] {
  return everybodyIn(holdings).flatMap(pick);
}

/**
 * A person, and everybody who was merged into them, each behind whom they were merged into. A loop, since people may have been
 * merged one into the next more often than calls may be nested.
 */
function everybodyIn(holdings: Holdings): Holdings[] {
  const everybody = [holdings];
  for (const { merged } of everybody) for (const { holdings } of merged) everybody.push(holdings);
  return everybody;
}

/** One thing that was said of a person, and what it does to what was said before. */
interface Step {
  /** Where it became theirs. */
  at: Position;
  occurredAt: number;
  /** Where it was said. */
  place: Position;
  traits: [string, unknown][];
  /** `say`: the last word stands. `fill`: only what is unset (RULES R22). `inherit`: only what is unset or empty (R23). */
  mode: 'say' | 'fill' | 'inherit';
}

/** What was known of a person from when on, in the order in which it became theirs. */
function traitHistoryOf(holdings: Holdings, claimFor: ClaimFor, directory: Directory): { at: number; traits: JsonObject }[] {
  return historyIn([...stepsOf(holdings, claimFor, directory), ...claimSteps(holdings)]);
}

function historyIn(steps: Step[]): { at: number; traits: JsonObject }[] {
  // A map, since a trait may have any name.
  const traits = new Map<string, unknown>();
  return steps
    .sort(byStep)
    .map(({ at, mode, traits: said }) => {
      for (const [name, value] of said) {
        const isOpen = mode === 'say' || !traits.has(name) || (mode === 'inherit' && isEmpty(traits.get(name)));
        if (isOpen) traits.set(name, value);
      }
      return { at: at.receivedAt, traits: Object.fromEntries(traits) };
    });
}

/** What the segments of a person follow from. */
export function historyOf(holdings: Holdings, claimFor: ClaimFor, directory: Directory): History {
  return {
    events: allOf(holdings, ({ records }) => records)
      .filter(isEvent)
      .map((record) => ({ at: attachedAt(record, claimFor(record)).receivedAt, occurredAt: record.occurredAt, message: record.message })),
    traits: traitHistoryOf(holdings, claimFor, directory),
  };
}

function stepsOf(holdings: Holdings, claimFor: ClaimFor, directory: Directory): Step[] {
  const steps = new Map<Holdings, Step[]>();
  for (const each of everybodyIn(holdings).reverse()) {
    const inherited = each.merged.flatMap(({ at, holdings }) => inheritedSteps(steps.get(holdings)!, at));
    steps.set(each, [...saidSteps(each.records, claimFor, directory), ...inherited]);
  }
  return steps.get(holdings)!;
}

function saidSteps(records: MessageRecord[], claimFor: ClaimFor, directory: Directory): Step[] {
  return records
    .filter(({ message }) => message.type === 'identify')
    .map((record): Step => {
      const claim = claimFor(record);
      const isNamed = record.person !== undefined;
      return { at: attachedAt(record, claim), occurredAt: isNamed ? 0 : record.occurredAt, place: record, traits: settable(record, claim, directory), mode: isNamed ? 'say' : 'fill' };
    });
}

/** What comes of what was said of somebody who was merged: all that they had by then at once, the rest as it came. */
function inheritedSteps(theirs: Step[], at: Position): Step[] {
  const before = historyIn(theirs.filter((step) => isBefore(step.at, at))).at(-1)?.traits;
  const step: Step = { at, occurredAt: 0, place: at, traits: Object.entries(before ?? {}), mode: 'inherit' };
  return [step, ...theirs.filter((step) => !isBefore(step.at, at))];
}

/**
 * The anonymous id that was claimed last, as an attribute: of many, a profile shows one (RULES R12). It follows from the claims
 * that stand, whatever was said.
 */
function claimSteps({ claims, merged }: Holdings): Step[] {
  const own = claims.map((claim) => claimStep(claim, claimedAt(claim)));
  const inherited = merged.flatMap(({ at, holdings }) =>
    allOf(holdings, ({ claims }) => claims).map((claim) => claimStep(claim, isBefore(claimedAt(claim), at) ? at : claimedAt(claim))),
  );
  const steps = [...own, ...inherited].sort(byStep);
  let newest: Position | undefined;
  return steps.filter(({ place }) => {
    // One that is inherited may be older than what was theirs already.
    if (newest && isBefore(place, newest)) return false;
    newest = place;
    return true;
  });
}

/** @param at where it became theirs: at a merge of people, of one that is older */
function claimStep(claim: Claim, at: Position): Step {
  return { at, occurredAt: 0, place: claimedAt(claim), traits: [['anonymous_id', claim.anonymousId]], mode: 'say' };
}

function byStep(a: Step, b: Step): number {
  return byPosition(a.at, b.at) || a.occurredAt - b.occurredAt || byPosition(a.place, b.place);
}

/** What an identify may set: not what it could not have (RULES R21), nor what follows from the claims, nor what it says about itself. */
export function settable(record: MessageRecord, claim: Claim | undefined, directory: Directory): [string, unknown][] {
  const failed: string[] = failedAttributes(record, claim, directory);
  return Object.entries(record.message.traits ?? {}).filter(([name]) => name !== 'anonymous_id' && name !== '_update' && !failed.includes(name));
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}
