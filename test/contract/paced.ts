import { setTimeout as after } from 'node:timers/promises';
import type { AcceptedMessage } from '../../src/wire/index.js';
import { track } from './messages.js';

/** Clients that are handed so many messages a second, whatever becomes of those before; each keeps its own until they are acknowledged. */
export interface PacedClients {
  /** By messageId: whether it was acknowledged. */
  sent: Map<string, boolean>;
  /** Resolves when all was handed over, and all of it was acknowledged. */
  done: Promise<void>;
}

export interface Pace {
  clients: number;
  messagesPerSecond: number;
  seconds: number;
}

/** A request carries no more than a page's does. */
const BATCH_MESSAGES = 200;
/** How long a client waits that was not answered, or was told to come again. */
const RETRY_MS = 50;

/** @param post sends a batch somewhere. @returns whether it was acknowledged; rejects like fetch when nobody answers */
export function startPaced({ clients, messagesPerSecond, seconds }: Pace, post: (batch: AcceptedMessage[], client: number) => Promise<boolean>): PacedClients {
  const sent = new Map<string, boolean>();
  const begun = performance.now();
  const due = (): number => Math.floor((Math.min(performance.now() - begun, seconds * 1000) * messagesPerSecond) / clients / 1000);
  const all = (seconds * messagesPerSecond) / clients;

  async function run(client: number): Promise<void> {
    const waiting: AcceptedMessage[] = [];
    for (let made = 0; made < all || waiting.length > 0; ) {
      for (const until = due(); made < until; made++) {
        const message = track('load', { anonymousId: `client ${client}`, timestamp: new Date().toISOString() });
        sent.set(message.messageId, false);
        waiting.push(message);
      }
      const batch = waiting.slice(0, BATCH_MESSAGES);
      if (batch.length > 0 && (await isTaken(batch, client))) {
        for (const { messageId } of batch) sent.set(messageId, true);
        waiting.splice(0, batch.length);
      } else await after(RETRY_MS);
    }
  }

  async function isTaken(batch: AcceptedMessage[], client: number): Promise<boolean> {
    try {
      return await post(batch, client);
    } catch (error) {
      // As fetch puts it when the connection breaks, which whatever is tried here does to it.
      if (error instanceof TypeError) return false;
      throw error;
    }
  }

  return { sent, done: Promise.all(Array.from({ length: clients }, (_, client) => run(client))).then(() => undefined) };
}

/** What was acknowledged and is not stored, and what is stored more than once. */
export function faultsIn(sent: Map<string, boolean>, storedIds: string[]): { lost: string[]; doubled: string[]; strange: string[] } {
  const times = new Map<string, number>();
  for (const id of storedIds) times.set(id, (times.get(id) ?? 0) + 1);
  return {
    lost: [...sent].flatMap(([id, isAcknowledged]) => (isAcknowledged && !times.has(id) ? id : [])),
    doubled: [...times].flatMap(([id, count]) => (count > 1 ? id : [])),
    strange: [...times.keys()].filter((id) => !sent.has(id)),
  };
}
