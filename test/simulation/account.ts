import type { Activity, Engine, Person, StoredEvent } from '../../src/engine.js';

/** A merge as the activity log tells it. */
export type Merge = Pick<Activity, 'anonymousId' | 'person' | 'at' | 'count' | 'oldest'>;
/** An identify that came second, as the activity log tells it. */
export type Failure = Pick<Activity, 'anonymousId' | 'person' | 'at' | 'messageId'>;

/** Everything the rules decide, in a form that does not depend on who decided it, so that two can be compared. */
export interface Account {
  people: Person[];
  events: StoredEvent[];
  merges: Merge[];
  failures: Failure[];
}

/** What an engine makes of what it has received. */
export function accountOf(engine: Engine): Account {
  return inOrder({
    people: engine.people(),
    events: engine.events(),
    merges: engine
      .activity()
      .filter(({ type }) => type === 'anon_merge')
      .map(({ anonymousId, person, at, count, oldest }) => ({ anonymousId, person, at, count, oldest }) as Merge),
    failures: engine
      .activity()
      .filter(({ type }) => type === 'failed_attribute_change')
      .map(({ anonymousId, person, at, messageId }) => ({ anonymousId, person, at, messageId }) as Failure),
  });
}

/** Puts the people, and the lines that the log has newest first, in an order that every account shares. */
export function inOrder({ people, events, merges, failures }: Account): Account {
  return {
    people: people.toSorted((a, b) => compare(a.id, b.id)),
    events,
    merges: merges.toSorted((a, b) => compare(a.anonymousId!, b.anonymousId!)),
    failures: failures.toSorted((a, b) => compare(a.messageId!, b.messageId!) || compare(a.anonymousId!, b.anonymousId!)),
  };
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
