import { startClient, type AnyEvents, type Client, type ClientOptions, type Context } from '../client/index.js';
import { createEngine, type Engine } from '../merge/index.js';

/** Options of {@link createTestClient}: those of a client, without the ones that say where to send and what to keep. */
export interface TestClientOptions extends Omit<ClientOptions, 'writeKey' | 'endpoint' | 'persistence' | 'campaigns' | 'flushInterval' | 'batchSize' | 'limit'> {
  /**
   * Where its messages arrive. Several clients over one engine are a visitor's devices; one with campaigns or segments says
   * what they start.
   * @defaultValue one of its own
   */
  engine?: Engine;
}

type Message = Exclude<Parameters<Engine['receive']>[0], unknown[]>;

/** A message as it would have been sent. */
export interface RecordedMessage extends Message {
  messageId: string;
  anonymousId: string;
  userId: string | null;
  /** ISO 8601. */
  timestamp: string;
}

/** A client that keeps what it is told in a list, and sends and stores nothing. */
export interface TestClient<Events extends object = AnyEvents> extends Client<Events> {
  /** Every message so far, oldest first. */
  readonly messages: readonly RecordedMessage[];
  /** Asks whose an event is: `engine.person('ada')`, `engine.explain(messageId)`, `engine.triggers()`. */
  readonly engine: Engine;
  /** From now on messages are recorded, and arrive at the engine only when the client is online again. */
  goOffline(): void;
  /** What waited arrives, now. */
  goOnline(): void;
  /** Empties the list of messages. Whose they are stays known. */
  clear(): void;
}

/**
 * Makes a client for the tests of a page: the real one, with its arguments, plugins and consent, over memory. A call is in
 * `messages`, and has arrived at the engine, when it returns; behind a plugin that takes time, when its promise resolves, and
 * while consent is pending, once it is granted.
 *
 * @example
 * ```ts
 * const client = createTestClient();
 * client.track('addedToCart', { product: 'cool-shoes' });
 * client.messages[0].event; // 'addedToCart'
 * ```
 */
export function createTestClient<Events extends object = AnyEvents>({ engine = createEngine(), ...options }: TestClientOptions = {}): TestClient<Events> {
  const messages: RecordedMessage[] = [];
  let waiting: RecordedMessage[] | undefined;

  function arrive(message: RecordedMessage): void {
    engine.receive(message, { receivedAt: Date.now() });
  }

  function record(context: unknown): void {
    // As it would be sent: nobody changes it afterwards.
    const message = JSON.parse(JSON.stringify((context as Context).event)) as RecordedMessage;
    messages.push(message);
    if (waiting) waiting.push(message);
    else arrive(message);
  }

  const client = startClient(
    { ...options, persistence: 'memory' },
    {
      loadEngine: async () => ({
        apply() {},
        activity: (filter) => engine.activity(filter),
        explain: (messageId) => engine.explain(messageId, undefined, Date.now()),
        message: (messageId) => engine.message(messageId) as Record<string, unknown> | undefined,
      }),
    },
  );
  void client.register({ name: 'recorder', type: 'after', track: record, identify: record, page: record, screen: record, group: record, alias: record });

  return Object.assign(client as unknown as Client<Events>, {
    messages,
    engine,
    goOffline: () => void (waiting ??= []),
    goOnline() {
      const arrived = waiting ?? [];
      waiting = undefined;
      arrived.forEach(arrive);
    },
    clear: () => void messages.splice(0),
  });
}
