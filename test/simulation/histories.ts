import fc from 'fast-check';
import { createEngine, type Campaign, type Engine, type Message } from '../../src/engine.js';
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

/** What an administrator did, or the purge that comes by at times. */
export type Command = { receivedAt: number; sequence: number } & Order;
type Order =
  | { command: 'mergePeople'; primary: string; secondary: string }
  | { command: 'undoMerge'; anonymousId: string }
  | { command: 'deletePerson' | 'suppress' | 'unsuppress'; person: string }
  | { command: 'settings'; anonymousEventMerge: boolean }
  | { command: 'purge' };

export type Entry = Request | Command;

/** What every simulated engine starts when an event comes to somebody. */
export const CAMPAIGNS: (Campaign & { event: string })[] = [
  { name: 'cart', event: 'addedToCart' },
  { name: 'cart again', event: 'addedToCart' },
];

/** How many histories each property is tried on: 10,000 where `CI` is set, and `SIMULATION_RUNS=20000` for a long night. */
export const RUNS = { numRuns: Number(process.env['SIMULATION_RUNS'] ?? (process.env['CI'] ? 10_000 : 300)), ...seedInCi() };

/** Where a change lands, it must not hang on luck: the same histories each time. Everywhere else, others each time. */
export function seedInCi(): { seed?: number } {
  const { CI, SIMULATION_SEED } = process.env;
  return CI || SIMULATION_SEED ? { seed: Number(SIMULATION_SEED ?? 1) } : {};
}

/**
 * Histories of few people and few anonymous ids, which meet at the edges of the windows. They hold batches, attempts
 * that were repeated, events sent again under a new anonymous id, wrong clocks, and ids that nobody should merge by.
 */
export function histories({ messages = anyMessage, repeats = 4 }: { messages?: fc.Arbitrary<Message>; repeats?: number } = {}): fc.Arbitrary<History> {
  const request = fc.record({
    receivedAt: arrivals,
    skew: fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, fc.constantFrom(...SKEWS)),
    messages: fc.array(messages, { minLength: 1, maxLength: 4 }),
  });
  const repeat = fc.record({ index: fc.nat(), receivedAt: arrivals, isRenamed: fc.boolean() });
  return fc
    .record({ requests: fc.array(request, { minLength: 1, maxLength: 12 }), repeats: fc.array(repeat, { maxLength: repeats }) })
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

/** Histories in which people are merged, deleted, suppressed, merges undone, merging is switched, and the purge comes by. */
export function commandedHistories({
  messages = everyMessage,
  repeats = 4,
  orders = anyOrder,
}: { messages?: fc.Arbitrary<Message>; repeats?: number; orders?: fc.Arbitrary<Order> } = {}): fc.Arbitrary<Entry[]> {
  const command = fc.record({ order: orders, receivedAt: fc.constantFrom(...COMMAND_MOMENTS).map(at), behind: fc.nat() });
  return fc.tuple(histories({ messages, repeats }), fc.array(command, { maxLength: 6 })).map(([requests, commands]) => {
    // Behind the messages of some request, and before those of the next: it matters where they share a millisecond.
    const sequenceOf = (behind: number, index: number): number => (behind % (requests.length + 1)) + 0.9 + index / 1000;
    const given = commands.map(({ order, receivedAt, behind }, index): Command => ({ ...order, receivedAt, sequence: sequenceOf(behind, index) }));
    return [...requests, ...given].sort(inLogOrder);
  });
}

/** Entries that come one message at a time, in any order that leaves each command between what stands before and behind it. */
export function shuffledBetweenCommands(history: Entry[]): fc.Arbitrary<Entry[]> {
  const parts: Entry[][] = [[]];
  for (const entry of history) {
    if ('command' in entry) parts.push([entry], []);
    else parts.at(-1)!.push(...oneByOne(entry));
  }
  return fc.tuple(...parts.map((part) => fc.shuffledSubarray(part, { minLength: part.length }))).map((shuffled) => shuffled.flat());
}

/**
 * Entries that come one message at a time, in an order in which none comes before a command that stands before it in the log: many
 * come behind commands that they stand before.
 */
export function delayedBehindCommands(history: Entry[]): fc.Arbitrary<Entry[]> {
  const entries = history.flatMap((entry): Entry[] => ('command' in entry ? [entry] : oneByOne(entry)));
  const delays = fc.array(fc.oneof(fc.constant(0), fc.nat(entries.length)), { minLength: entries.length, maxLength: entries.length });
  return delays.map((delays) => {
    const waits = entries.map((entry, index) => ({ entry, until: 'command' in entry ? index : index + delays[index]! }));
    return waits.toSorted((a, b) => a.until - b.until || Number('command' in b.entry) - Number('command' in a.entry)).map(({ entry }) => entry);
  });
}

/** A request as if each of its messages had come alone, at its place in the log. */
export function oneByOne({ messages, sequence, ...request }: Request): Request[] {
  return messages.map((message, index) => ({ ...request, messages: [message], sequence: sequence + index / messages.length }));
}

/** The engine after a history, worked on in the order in which it is given. */
export function engineAfter(history: Entry[]): Engine {
  const engine = createEngine({ campaigns: CAMPAIGNS });
  for (const entry of history) take(engine, entry);
  return engine;
}

/** Lets an engine have an entry, whatever it is. */
export function take(engine: Engine, entry: Entry): void {
  if ('command' in entry) obey(engine, entry);
  else deliver(engine, entry);
}

export function deliver(engine: Engine, { messages, ...arrival }: Request): ReturnType<Engine['receive']> {
  return engine.receive(messages, arrival);
}

/** @returns how many messages were purged */
export function obey(engine: Engine, command: Command): number {
  if (command.command === 'purge') return engine.purge(command.receivedAt);
  isObeyed(engine, command);
  return 0;
}

/** @returns whether the command found something to do */
export function isObeyed(engine: Engine, command: Exclude<Command, { command: 'purge' }>): boolean {
  const { receivedAt, sequence } = command;
  const place = { receivedAt, sequence };
  if (command.command === 'mergePeople') return engine.mergePeople(command.primary, command.secondary, place).done;
  if (command.command === 'undoMerge') return engine.undoMerge(command.anonymousId, place).done;
  if (command.command !== 'settings') return engine[command.command](command.person, place).done;
  engine.settings({ anonymousEventMerge: command.anonymousEventMerge }, place);
  return true;
}

// Differences of these hit every window on both sides, whichever of them is the claim.
const ARRIVALS = ['-30 d', '-1 h', '-1 ms', '0:00', '0:00', '0:00', '1 ms', '0:03', '0:05 -1 ms', '0:05', '0:05 +1 ms', '0:10', '72 h', '30 d'];
const MOMENTS = ['-60 d', '-30 d -1 ms', '-30 d', '-30 d +1 ms', '-72 h -1 ms', '-72 h', '-72 h +1 ms', '-1 h', '0:00', '0:03', '3 d'];
/** Those of messages, too: within a millisecond it is the sequence that says what comes first. */
const COMMAND_MOMENTS = ['-2 h', '-1 min', '-1 ms', '0:00', '0:00', '1 ms', '2 ms', '3 ms', '0:01', '0:03', '0:04', '0:05', '0:07', '1 d', '30 d', '30 d 1 min', '30 d 1 h', '61 d'];
const SKEWS = ['1 min', '1 min +1 ms', '-1 min', '-1 min -1 ms', '2 h', '-2 h'].map(duration);

const arrivals = fc.constantFrom(...ARRIVALS).map(at);
/** Mostly by the reader's own clock, and sometimes as servers write it or as nobody can read it. */
const timestamps = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...MOMENTS).map((moment) => new Date(at(moment)).toISOString()) },
  fc.constantFrom(...MOMENTS).map((moment) => at(moment) / 1000),
  fc.constantFrom(undefined, 'yesterday'),
);
const anonymousIds = fc.oneof({ weight: 8, arbitrary: fc.constantFrom('a', 'b', 'c') }, fc.constantFrom('null', ' ', '"None"', null));
/** One of them has an email for an id. */
const people = fc.constantFrom('p', 'q', 'r', 'q@example.com');
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
const emails = fc.constantFrom('P@example.com', 'p@EXAMPLE.com', 'q@example.com');
const identifyWithEmail = fc.record({
  type: fc.constant('identify'),
  userId: people,
  anonymousId: anonymousIds,
  traits: fc.tuple(traits, emails).map(([others, email]) => ({ ...others, email })),
});
/** What is dropped unless somebody is known. */
const updates = fc.oneof(
  fc.record({ userId: people.map((id) => `cio_${id}`), anonymousId: anonymousIds, timestamp: timestamps }).chain(eventBy),
  fc.record({ type: fc.constant('identify'), userId: people.map((id) => `cio_${id}`), anonymousId: anonymousIds, traits }),
  fc.record({ type: fc.constant('identify'), userId: people, anonymousId: anonymousIds, traits: fc.record({ _update: fc.constant(true), email: emails }) }),
);
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

/** Messages that name people by their ids only. */
export const idMessages = oneOfMessages([6, anonymousEvent], [4, identifiedEvent], [2, anonymousIdentify], [4, identify], [1, identifyByTrait], [1, alias]);
/** What comes to the same in whatever order it comes. */
export const anyMessage = oneOfMessages([6, anonymousEvent], [2, identifiedEvent], [2, anonymousIdentify], [4, identify], [1, identifyByEmail], [2, identifyWithEmail], [1, identifyByTrait], [1, alias]);
const everyMessage = fc.oneof({ weight: 9, arbitrary: anyMessage }, { weight: 1, arbitrary: updates as fc.Arbitrary<Message> });

const names = fc.constantFrom('p', 'q', 'r', 'cio_p', 'P@example.com', 'q@example.com', 'email:Q@example.com');
const restorable: fc.Arbitrary<Order>[] = [
  fc.record({ command: fc.constant('mergePeople' as const), primary: names, secondary: names }),
  fc.record({ command: fc.constant('undoMerge' as const), anonymousId: fc.constantFrom('a', 'b', 'c') }),
  fc.record({ command: fc.constant('settings' as const), anonymousEventMerge: fc.boolean() }),
];
/** Commands after which nothing is gone. */
export const keepingOrders: fc.Arbitrary<Order> = fc.oneof(...restorable);
export const anyOrder: fc.Arbitrary<Order> = fc.oneof(
  ...restorable,
  fc.record({ command: fc.constantFrom('deletePerson' as const, 'suppress' as const, 'unsuppress' as const), person: names }),
  fc.constant({ command: 'purge' as const }),
);

/** The same, and those that keep things out for a while. */
export const suppressingOrders: fc.Arbitrary<Order> = fc.oneof(
  ...restorable,
  fc.record({ command: fc.constantFrom('suppress' as const, 'unsuppress' as const), person: fc.constantFrom('p', 'q', 'cio_p') }),
);

/** Commands that take nothing away but what expired, or was never taken. */
export const purgingOrders: fc.Arbitrary<Order> = fc.oneof(
  ...restorable,
  fc.record({ command: fc.constantFrom('suppress' as const, 'unsuppress' as const), person: names }),
  fc.constant({ command: 'purge' as const }),
);

/** Tracks, pages and screens only, of the known and of the unknown. */
export const events = oneOfMessages([3, anonymousEvent], [2, identifiedEvent]);

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

function inLogOrder(a: Entry, b: Entry): number {
  return a.receivedAt - b.receivedAt || a.sequence - b.sequence;
}
