import type { JsonObject } from '../client/index.js';
import type { RecordedMessage, TestClient } from './test-client.js';

/** What vitest and jest give a matcher, and what they want back. */
interface MatcherState {
  equals(actual: unknown, expected: unknown): boolean;
  utils: { stringify(value: unknown): string };
}

/** The answer of a matcher. */
export interface MatcherResult {
  /** Whether it holds. */
  pass: boolean;
  /** What the test says when it fails. */
  message(): string;
}

/**
 * The assertions that `expect.extend(matchers)` adds, for the types of vitest or jest: see docs/testing.md.
 */
export interface HithertoMatchers<Result = unknown> {
  /** An event of this name was tracked; of its properties, those that are given are so. */
  toHaveTracked(event: string, properties?: JsonObject): Result;
  /** This person was identified; of their traits, those that are given are so. */
  toHaveIdentified(userId: string, traits?: JsonObject): Result;
  /** A page was viewed, of this name where one is given; of its properties, those that are given are so. */
  toHaveViewed(name?: string, properties?: JsonObject): Result;
  /** An event (or page) of this name happened anonymously, and is this person's by now. */
  toHaveMerged(name: string, person: string): Result;
}

type Recorder = Pick<TestClient<never>, 'messages' | 'engine'>;

/**
 * Assertions about a test client, for vitest and jest.
 *
 * @example
 * ```ts
 * expect.extend(matchers);
 * expect(client).toHaveTracked('addedToCart', { product: 'cool-shoes' });
 * ```
 */
export const matchers = {
  /** See {@link HithertoMatchers.toHaveTracked}. */
  toHaveTracked(this: MatcherState, client: unknown, event: string, properties: JsonObject = {}): MatcherResult {
    return found(this, client, `track ${this.utils.stringify(event)}`, 'properties', properties, (message) => message.type === 'track' && message.event === event);
  },

  /** See {@link HithertoMatchers.toHaveIdentified}. */
  toHaveIdentified(this: MatcherState, client: unknown, userId: string, traits: JsonObject = {}): MatcherResult {
    return found(this, client, `identify ${this.utils.stringify(userId)}`, 'traits', traits, (message) => message.type === 'identify' && message.userId === userId);
  },

  /** See {@link HithertoMatchers.toHaveViewed}. */
  toHaveViewed(this: MatcherState, client: unknown, name?: string, properties: JsonObject = {}): MatcherResult {
    const what = name === undefined ? 'view a page' : `view the page ${this.utils.stringify(name)}`;
    return found(this, client, what, 'properties', properties, (message) => message.type === 'page' && (name === undefined || message.name === name));
  },

  /** See {@link HithertoMatchers.toHaveMerged}. */
  toHaveMerged(this: MatcherState, client: unknown, name: string, person: string): MatcherResult {
    const { engine } = recorderOf(client);
    const events = engine.events().filter((event) => event.name === name);
    const pass = events.some((event) => event.previouslyAnonymous && event.person === person);
    const why = events.length === 0 ? 'None of that name has arrived.' : events.map(({ messageId }) => engine.explain(messageId, undefined, Date.now()).detail).join('\n');
    return { pass, message: () => `Expected ${this.utils.stringify(name)} ${pass ? 'not ' : ''}to have merged into ${this.utils.stringify(person)}.\n${why}` };
  },
};

function found({ equals, utils }: MatcherState, client: unknown, what: string, part: 'properties' | 'traits', expected: JsonObject, isOne: (message: RecordedMessage) => boolean): MatcherResult {
  const { messages } = recorderOf(client);
  const candidates = messages.filter(isOne);
  const holds = (message: RecordedMessage): boolean => Object.entries(expected).every(([key, value]) => equals(message[part]?.[key], value));
  const pass = candidates.some(holds);
  const instead =
    candidates.length > 0
      ? `It did, with other ${part}:\n${candidates.map((message) => utils.stringify(message[part])).join('\n')}`
      : `Its calls were:\n${messages.map(callOf).join('\n') || 'none'}`;
  const wanted = Object.keys(expected).length > 0 ? `${what} with the ${part} ${utils.stringify(expected)}` : what;
  return { pass, message: () => (pass ? `Expected the client not to ${wanted}; it did.` : `Expected the client to ${wanted}. ${instead}`) };
}

function callOf({ type, userId, event, name }: RecordedMessage): string {
  return [type, event ?? name ?? (type === 'identify' ? userId : undefined)].filter((word) => word != null).join(' ');
}

function recorderOf(client: unknown): Recorder {
  const { messages, engine } = (client ?? {}) as Partial<Recorder>;
  if (!messages || !engine) throw new TypeError('These assertions are about what createTestClient() makes: expect(client).toHaveTracked("addedToCart").');
  return { messages, engine };
}
