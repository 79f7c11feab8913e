import {
  isObject,
  parseMessage,
  UNREADABLE,
  type AcceptedMessage,
  type Activity,
  type ActivityFilter,
  type Fault,
  type Message,
  type Person,
  type StoredEvent,
} from '../wire/index.js';
import { activitiesOf, isShown, mergeActivity, storedEvent } from './activity.js';
import { decide, mergingId, type Arrival, type Decision, type Outcome } from './decide.js';
import { isMerged } from './membership.js';
import { personOf } from './person.js';
import { byPosition, isEvent, streamOf, type Claim, type MessageRecord } from './record.js';

/** When messages arrived. */
export interface ReceivedAt {
  /** Milliseconds; stamped once for all the messages of a request. */
  receivedAt: number;
  /** Breaks the tie within a millisecond; the next number when absent. */
  sequence?: number;
  /** When the request left, by its sender's clock; corrects that clock when it is more than a minute off. */
  sentAt?: string | number | undefined;
}

/** The merge rules over plain memory: synchronous, with no clock and no I/O of its own. */
export interface Engine {
  /**
   * Takes messages in; answers for each of them, in order. Never throws, whatever a message looks like.
   * The engine keeps the objects themselves, so leave them as they are afterwards.
   */
  receive(messages: Message | Message[], at: ReceivedAt): Outcome[];
  /** Everybody known, in the order of their ids. */
  people(): Person[];
  /** @param id an id, else `email:…` or `cio_…` */
  person(id: string): Person | undefined;
  /** Every track, page and screen, in the order of the log. */
  events(): StoredEvent[];
  /** The activity log, newest first. */
  activity(filter?: ActivityFilter): Activity[];
  /** The same, each line with its place, for a ledger that gives it out page by page. */
  placedActivity(filter?: ActivityFilter): PlacedActivity[];
}

/** A line of the log, and the sequence of what gave it: the message, or the claim of a merge. */
export interface PlacedActivity {
  sequence: number;
  line: Activity;
}

/**
 * Creates a merge engine.
 *
 * @example
 * ```ts
 * const engine = createEngine();
 * engine.receive({ type: 'track', anonymousId: 'a', event: 'addedToCart' }, { receivedAt: Date.now() });
 * engine.receive({ type: 'identify', anonymousId: 'a', userId: 'ada' }, { receivedAt: Date.now() });
 * engine.person('ada')?.events[0]; // addedToCart, previouslyAnonymous
 * ```
 */
export function createEngine(): Engine {
  /** By messageId. Nearly always one; more when different people's messages share an id (RULES R14). */
  const records = new Map<string, MessageRecord | MessageRecord[]>();
  const streams = new Map<string, Stream>();
  const profiles = new Map<string, Profile>();
  let lastSequence = 0;

  function receive(messages: Message | Message[], { receivedAt, sequence = lastSequence + 1, sentAt }: ReceivedAt): Outcome[] {
    lastSequence = Math.max(lastSequence, sequence);
    const list = Array.isArray(messages) ? messages : [messages];
    return list.map((value, index) => {
      // Messages of one request stand between its sequence and the next, so that their order survives any other order of arrival.
      const arrival = { receivedAt, sequence: sequence + index / list.length, sentAt };
      const { message, fault } = parseMessage(value, () => `unnamed-${receivedAt}-${sequence}-${index}`);
      try {
        return message ? receiveOne(message, arrival) : refusalOf(value, fault);
      } catch {
        // The rules look deeper than the parser, into what a page may have given a throwing getter. Nothing was kept of it yet.
        return { status: 'refused', ...UNREADABLE };
      }
    });
  }

  function receiveOne(message: AcceptedMessage, arrival: Arrival): Outcome {
    const facts = { stored: find(message), claim: claimOn(mergingId(message)) };
    const decision = decide(facts, message, arrival);
    apply(decision, facts.stored);
    return decision.outcome;
  }

  function apply({ record, claim }: Decision, stored: MessageRecord | undefined): void {
    if (record) {
      // A copy that arrived earlier takes the place of the one that is known.
      if (stored) Object.assign(stored, record);
      else add(record);
    }
    if (claim) {
      const stream = streamNamed(claim.anonymousId);
      if (stream.claim) profiles.get(stream.claim.person)?.anonymousIds.delete(claim.anonymousId);
      stream.claim = claim;
      profileOf(claim.person).anonymousIds.add(claim.anonymousId);
    }
  }

  function add(record: MessageRecord): void {
    const { messageId } = record.message;
    const same = records.get(messageId);
    records.set(messageId, same ? [same, record].flat() : record);
    if (record.person !== undefined) profileOf(record.person).records.push(record);
    else streamNamed(record.message.anonymousId ?? '').records.push(record);
  }

  function find(message: AcceptedMessage): MessageRecord | undefined {
    const found = records.get(message.messageId);
    if (!found) return undefined;
    const stream = streamOf(message);
    return [found].flat().find((record) => streamOf(record.message) === stream);
  }

  function claimOn(anonymousId: string | undefined): Claim | undefined {
    return anonymousId === undefined ? undefined : streams.get(anonymousId)?.claim;
  }

  function claimFor(record: MessageRecord): Claim | undefined {
    return claimOn(mergingId(record.message));
  }

  function streamNamed(anonymousId: string): Stream {
    let stream = streams.get(anonymousId);
    if (!stream) streams.set(anonymousId, (stream = { records: [] }));
    return stream;
  }

  function profileOf(person: string): Profile {
    let profile = profiles.get(person);
    if (!profile) profiles.set(person, (profile = { records: [], anonymousIds: new Set() }));
    return profile;
  }

  function mergedInto(claim: Claim): MessageRecord[] {
    return streams.get(claim.anonymousId)!.records.filter((record) => isMerged(record, claim));
  }

  function toPerson(id: string, profile: Profile): Person {
    const claims = [...profile.anonymousIds].map((anonymousId) => claimOn(anonymousId)!);
    return personOf(id, claims, [...profile.records, ...claims.flatMap(mergedInto)], claimFor);
  }

  function log(): MessageRecord[] {
    return [...records.values()].flat().sort(byPosition);
  }

  function placedActivity(filter: ActivityFilter = {}): PlacedActivity[] {
    const claims = [...streams.values()].flatMap(({ claim }) => claim ?? []);
    // Sorting is stable, so that within one position the newest stays on top: the merge, then the messages of a batch from its end.
    return [
      ...claims.map((claim) => ({ at: claim.at, sequence: claim.sequence, lines: [mergeActivity(claim, mergedInto(claim)) ?? []].flat() })),
      ...log().reverse().map((record) => ({ at: record.receivedAt, sequence: record.sequence, lines: activitiesOf(record, claimFor(record)) })),
    ]
      .sort((a, b) => b.at - a.at || b.sequence - a.sequence)
      .flatMap(({ sequence, lines }) => lines.filter((line) => isShown(line, filter)).map((line) => ({ sequence, line })));
  }

  return {
    receive,
    people: () => [...profiles.keys()].sort().map((id) => toPerson(id, profiles.get(id)!)),
    person: (id) => {
      const profile = profiles.get(id);
      return profile && toPerson(id, profile);
    },
    events: () => log().filter(isEvent).map((record) => storedEvent(record, claimFor(record))),
    activity: (filter) => placedActivity(filter).map(({ line }) => line),
    placedActivity,
  };
}

/** What one anonymous id did, and whose it became. */
interface Stream {
  records: MessageRecord[];
  claim?: Claim;
}

/** What somebody did under their own name, and the anonymous ids that are theirs. */
interface Profile {
  records: MessageRecord[];
  anonymousIds: Set<string>;
}

function refusalOf(value: unknown, fault: Fault): Outcome {
  const messageId = isObject(value) ? value['messageId'] : undefined;
  return { ...(typeof messageId === 'string' && { messageId }), status: 'refused', ...fault };
}
