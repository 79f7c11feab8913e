import type { Activity, Engine, Person, StoredEvent, Trigger } from '../../src/engine.js';

/** A merge as the activity log tells it. */
export type Merge = Pick<Activity, 'anonymousId' | 'person' | 'at' | 'count' | 'oldest'>;
/** What an identify could not set, as the activity log tells it. */
export type Failure = Pick<Activity, 'anonymousId' | 'person' | 'at' | 'messageId' | 'attribute'>;

/** Everything the rules decide, in a form that does not depend on who decided it, so that two can be compared. */
export interface Account {
  people: Person[];
  events: StoredEvent[];
  merges: Merge[];
  failures: Failure[];
  triggers: Trigger[];
}

/** What an engine makes of what it has received. */
export function accountOf(engine: Engine): Account {
  const lines = engine.activity();
  return inOrder({
    people: engine.people(),
    events: engine.events(),
    merges: lines
      .filter(({ type }) => type === 'anon_merge')
      .map(({ anonymousId, person, at, count, oldest }) => ({ anonymousId, person, at, count, oldest }) as Merge),
    failures: lines
      .filter(({ type }) => type === 'failed_attribute_change')
      .map(({ anonymousId, person, at, messageId, attribute }) => ({ anonymousId, person, at, messageId, attribute }) as Failure),
    triggers: engine.triggers(),
  });
}

/** Puts what has no order of its own in one that every account shares. */
export function inOrder({ people, events, merges, failures, triggers }: Account): Account {
  return {
    people: people.toSorted((a, b) => compare(a.id, b.id)),
    events,
    merges: merges.toSorted((a, b) => compare(a.anonymousId!, b.anonymousId!)),
    failures: failures.toSorted(
      (a, b) => compare(a.messageId!, b.messageId!) || compare(a.attribute!, b.attribute!) || compare(a.anonymousId ?? '', b.anonymousId ?? ''),
    ),
    triggers: triggers.toSorted((a, b) => compare(a.messageId, b.messageId) || compare(a.campaign, b.campaign) || compare(a.person, b.person)),
  };
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
