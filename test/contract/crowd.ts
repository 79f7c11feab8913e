import type { AcceptedMessage } from '../../src/wire/index.js';
import { isAcknowledged, type CollectorProcess } from './collector-process.js';

/** What a crowd of clients sent and was told: against this the collector's log is held. */
export interface Sent {
  messages: Map<string, AcceptedMessage>;
  acknowledged: Set<string>;
  /** By anonymous id, the identify that was sent first: as its client sends in order, no other one can lay the claim. */
  claims: Map<string, AcceptedMessage>;
}

export interface Crowd {
  sent: Sent;
  /** Sends, all clients at once, until the collector is gone. */
  send(collector: CollectorProcess): Promise<void>;
  /** Sends what was not acknowledged, to a collector that stays. */
  deliver(collector: CollectorProcess): Promise<void>;
  /** Resolves after so many further answers. */
  answers(count: number): Promise<void>;
  /** Of each client, what its last request was the first to carry. */
  lastRequests(): AcceptedMessage[][];
}

/** Clients that behave as pages do: each sends in order, and keeps a message until it is acknowledged. */
export function createCrowd(size: number, seed: number): Crowd {
  const sent: Sent = { messages: new Map(), acknowledged: new Set(), claims: new Map() };
  let answered = 0;
  let awaited = { count: Infinity, resolve: (): void => undefined };
  const clients = Array.from({ length: size }, (_, index) => createClient(`c${index}`, randomFrom(seed + index), sent, (batch) => {
    for (const { messageId } of batch) sent.acknowledged.add(messageId);
    if (++answered >= awaited.count) awaited.resolve();
  }));
  return {
    sent,
    send: async (collector) => void (await Promise.all(clients.map(({ send }) => send(collector)))),
    deliver: async (collector) => void (await Promise.all(clients.map(({ deliver }) => deliver(collector)))),
    answers: (count) =>
      new Promise((resolve) => {
        awaited = { count: answered + count, resolve };
      }),
    lastRequests: () => clients.map(({ lastRequest }) => lastRequest()),
  };
}

function createClient(name: string, random: () => number, sent: Sent, acknowledge: (batch: AcceptedMessage[]) => void) {
  const nextMessage = createVisitors(name, random, sent);
  let outbox: AcceptedMessage[] = [];
  let delivered: AcceptedMessage[] = [];
  let fresh: AcceptedMessage[] = [];

  /** @returns whether it was acknowledged */
  async function post(collector: CollectorProcess, batch: AcceptedMessage[]): Promise<boolean> {
    let isStored: boolean;
    try {
      isStored = await isAcknowledged(await collector.post(batch), batch);
    } catch (error) {
      // As fetch puts it when the connection breaks, which a collector that is killed does to it.
      if (error instanceof TypeError) return false;
      throw error;
    }
    if (!isStored) throw new Error('The collector answered, and had not stored a batch.');
    acknowledge(batch);
    return true;
  }

  return {
    async send(collector: CollectorProcess): Promise<void> {
      for (;;) {
        // Mostly as many as a page sends; now and then so many that the transaction is long enough to be hit in its middle.
        const count = random() < 0.04 ? 100 + Math.floor(random() * 200) : 1 + Math.floor(random() * 5);
        fresh = Array.from({ length: count }, nextMessage);
        outbox.push(...fresh);
        // What was delivered comes again when its answer was lost on the way, and twice at once from two tabs.
        const batch = [...(random() < 0.1 ? delivered : []), ...outbox];
        const answers = await Promise.all((random() < 0.1 ? [batch, batch] : [batch]).map((copy) => post(collector, copy)));
        if (!answers.includes(true)) return;
        delivered = outbox;
        outbox = [];
      }
    },
    async deliver(collector: CollectorProcess): Promise<void> {
      if (!(await post(collector, outbox))) throw new Error('The collector does not answer.');
      outbox = [];
    },
    lastRequest: () => fresh,
  };
}

/** One visitor after the other: each looks around, may say who they are, goes on, and leaves. */
function createVisitors(client: string, random: () => number, { messages, claims }: Sent): () => AcceptedMessage {
  let visitor = 0;

  return function nextMessage() {
    if (claims.has(`${client}-visitor-${visitor}`) ? random() < 0.3 : random() < 0.02) visitor++;
    const message = { messageId: `${client}-${messages.size}`, timestamp: new Date().toISOString(), ...whatHappens(`${client}-visitor-${visitor}`, `${client}-person-${visitor}`) };
    messages.set(message.messageId, message);
    const { type, anonymousId } = message;
    if (type === 'identify' && !claims.has(anonymousId)) claims.set(anonymousId, message);
    return message;
  };

  function whatHappens(anonymousId: string, person: string) {
    const dice = random();
    if (!claims.has(anonymousId)) {
      return dice < 0.15 ? ({ type: 'identify', anonymousId, userId: person } as const) : ({ type: 'track', event: 'looked', anonymousId } as const);
    }
    // A straggler from another tab, an action of the person, and somebody who signs in where another one has before.
    if (dice < 0.4) return { type: 'track', event: 'lagged', anonymousId } as const;
    if (dice < 0.8) return { type: 'track', event: 'bought', anonymousId, userId: person } as const;
    return { type: 'identify', anonymousId, userId: `${person}-sibling` } as const;
  }
}

/** mulberry32: small, seeded, and even enough to choose by. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
