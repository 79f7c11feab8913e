import fc from 'fast-check';
import { createEngine, type Engine, type Message } from '../../src/engine.js';
import { at, duration } from './moments.js';

/** One request: some messages that arrived together. */
export interface Request {
  messages: Message[];
  receivedAt: number;
  sequence: number;
  sentAt?: number;
}

/** Requests in the order of the log. */
export type History = Request[];

/** How many histories each property is tried on; `SIMULATION_RUNS=20000` for a long night. */
export const RUNS = { numRuns: Number(process.env['SIMULATION_RUNS'] ?? 300) };

/**
 * Histories of few people and few anonymous ids, which meet at the edges of the windows. They hold batches, attempts
 * that were repeated, events sent again under a new anonymous id, wrong clocks, and ids that nobody should merge by.
 */
export function histories({ messages = anyMessage }: { messages?: fc.Arbitrary<Message> } = {}): fc.Arbitrary<History> {
  const request = fc.record({
    receivedAt: arrivals,
    skew: fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, fc.constantFrom(...SKEWS)),
    messages: fc.array(messages, { minLength: 1, maxLength: 4 }),
  });
  const repeat = fc.record({ index: fc.nat(), receivedAt: arrivals, isRenamed: fc.boolean() });
  return fc
    .record({ requests: fc.array(request, { minLength: 1, maxLength: 12 }), repeats: fc.array(repeat, { maxLength: 4 }) })
    .map(({ requests, repeats }) => {
      const first = requests.map(({ receivedAt, skew, messages }, index): Omit<Request, 'sequence'> => ({
        messages: messages.map((message, place) => ({ ...message, messageId: `m${index}.${place}` })),
        receivedAt,
        ...(skew !== undefined && { sentAt: receivedAt - skew }),
      }));
      const again = repeats.map(({ index, receivedAt, isRenamed }): Omit<Request, 'sequence'> => {
        const { messages } = first[index % first.length]!;
        return { messages: isRenamed ? messages.map(renamed) : messages, receivedAt };
      });
      return [...first, ...again].map((request, index) => ({ ...request, sequence: index + 1 })).sort(inLogOrder);
    });
}

/** A history, and its requests in whatever order they may be worked on, each of them once or more. */
export function shuffledHistories(): fc.Arbitrary<{ history: History; shuffled: History }> {
  return histories().chain((history) =>
    fc
      .array(fc.constantFrom(...history), { maxLength: 6 })
      .chain((repeated) => fc.shuffledSubarray([...history, ...repeated], { minLength: history.length + repeated.length }))
      .map((shuffled) => ({ history, shuffled })),
  );
}

/** The engine after a history, worked on in the order in which it is given. */
export function engineAfter(history: History): Engine {
  const engine = createEngine();
  for (const request of history) deliver(engine, request);
  return engine;
}

export function deliver(engine: Engine, { messages, ...arrival }: Request): ReturnType<Engine['receive']> {
  return engine.receive(messages, arrival);
}

// Differences of these hit every window on both sides, whichever of them is the claim.
const ARRIVALS = ['-30 d', '-1 h', '-1 ms', '0:00', '0:00', '0:00', '1 ms', '0:03', '0:05 -1 ms', '0:05', '0:05 +1 ms', '0:10', '72 h', '30 d'];
const MOMENTS = ['-60 d', '-30 d -1 ms', '-30 d', '-30 d +1 ms', '-72 h -1 ms', '-72 h', '-72 h +1 ms', '-1 h', '0:00', '0:03', '3 d'];
const SKEWS = ['1 min', '1 min +1 ms', '-1 min', '-1 min -1 ms', '2 h', '-2 h'].map(duration);

const arrivals = fc.constantFrom(...ARRIVALS).map(at);
/** Mostly by the reader's own clock, and sometimes as servers write it or as nobody can read it. */
const timestamps = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...MOMENTS).map((moment) => new Date(at(moment)).toISOString()) },
  fc.constantFrom(...MOMENTS).map((moment) => at(moment) / 1000),
  fc.constantFrom(undefined, 'yesterday'),
);
const anonymousIds = fc.oneof({ weight: 8, arbitrary: fc.constantFrom('a', 'b', 'c') }, fc.constantFrom('null', ' ', '"None"', null));
const people = fc.constantFrom('p', 'q', 'r');
const traits = fc.dictionary(fc.constantFrom('plan', 'city', 'name'), fc.constantFrom('x', 'y', 'z', null), { maxKeys: 2 });

const anonymousEvent = fc.record({ anonymousId: anonymousIds, timestamp: timestamps }).chain(eventBy);
const identifiedEvent = fc
  .record({ userId: people, anonymousId: anonymousIds, timestamp: timestamps })
  .chain(eventBy);
const anonymousIdentify = fc.record({ type: fc.constant('identify'), anonymousId: anonymousIds, traits, timestamp: timestamps });
const identify = fc.record({ type: fc.constant('identify'), userId: people, anonymousId: anonymousIds, traits, timestamp: timestamps });
const identifyByEmail = fc.record({
  type: fc.constant('identify'),
  anonymousId: anonymousIds,
  traits: traits.map((others) => ({ ...others, email: 'P@example.com' })),
});
/** As the Track API writes it: the anonymous id among the attributes. */
const identifyByTrait = fc.record({
  type: fc.constant('identify'),
  userId: people,
  traits: fc.record({ anonymous_id: fc.constantFrom('a', 'b', 'c', 'null') }),
});
const alias = fc.record({
  type: fc.constant('alias'),
  userId: people,
  anonymousId: fc.constantFrom('a', 'b'),
  previousId: fc.constantFrom('a', 'p'),
});

const anyMessage = oneOfMessages([6, anonymousEvent], [2, identifiedEvent], [2, anonymousIdentify], [4, identify], [1, identifyByEmail], [1, identifyByTrait], [1, alias]);

/** Messages that name nobody. */
export const anonymousMessages = oneOfMessages([3, anonymousEvent], [1, anonymousIdentify]);

function eventBy(who: object): fc.Arbitrary<object> {
  return fc.constantFrom({ type: 'track', event: 'addedToCart' }, { type: 'page', name: 'Pricing' }, { type: 'screen', name: 'Home' }).map((what) => ({
    ...what,
    ...who,
  }));
}

function oneOfMessages(...choices: [weight: number, arbitrary: fc.Arbitrary<object>][]): fc.Arbitrary<Message> {
  return fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary }))) as fc.Arbitrary<Message>;
}

/** The same event, sent again under an anonymous id of its own, as the client does when the late window has passed. */
function renamed(message: Message): Message {
  return message.userId === undefined && typeof message.anonymousId === 'string' ? { ...message, anonymousId: 'c' } : message;
}

function inLogOrder(a: Request, b: Request): number {
  return a.receivedAt - b.receivedAt || a.sequence - b.sequence;
}
