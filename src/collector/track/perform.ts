import { parseMessage, utf8Bytes, type AcceptedMessage } from '../../wire/index.js';
import { SPREAD_BYTES } from '../limits.js';
import { shapeOf } from '../shape.js';
import type { Store } from '../store.js';
import { invalid, type Call, type TrackFault } from './call.js';

/** What became of an item: a fault of its own, or nothing to say. */
export interface Performed {
  fault?: TrackFault;
}

/**
 * Does what items say, in their order. Messages that follow one another are stored by one commit; those of one item are checked
 * before any of them is stored.
 *
 * @param items the calls of each item
 * @param messageBytes how large each of their messages may be
 * @returns what became of each item; `undefined` when the ledger failed, and everything is to be sent again
 */
export async function perform(items: Call[][], store: Store, messageBytes: number): Promise<Performed[] | undefined> {
  const performed: Performed[] = [];
  let waiting: AcceptedMessage[] = [];

  async function flush(): Promise<boolean> {
    const messages = waiting;
    waiting = [];
    return messages.length === 0 || (await store.append(messages)) !== undefined;
  }

  for (const calls of items) {
    const { messages, fault } = messagesIn(calls, messageBytes);
    const command = calls.find((call) => call.kind !== 'message');
    if (fault) performed.push({ fault });
    else if (command) {
      const result = (await flush()) ? await run(command, store) : undefined;
      if (!result) return undefined;
      performed.push(result);
    } else {
      waiting.push(...messages);
      performed.push({});
    }
  }
  return (await flush()) ? performed : undefined;
}

function messagesIn(calls: Call[], messageBytes: number): { messages: AcceptedMessage[]; fault?: never } | { fault: TrackFault; messages?: never } {
  const messages: AcceptedMessage[] = [];
  let sum = 0;
  for (const call of calls) {
    if (call.kind !== 'message') continue;
    const { fault: shape } = shapeOf(call.message);
    if (shape) return { fault: { ...shape, reason: 'invalid', field: 'attributes' } };
    const bytes = utf8Bytes(JSON.stringify(call.message));
    if (bytes > messageBytes) return invalid('attributes', `A call has at most ${messageBytes} bytes; send less with it.`);
    sum += bytes;
    if (sum > SPREAD_BYTES) return invalid('cio_relationships', 'The attributes of an object are kept with each of its relationships; this is too much of both. Name fewer at a time.');
    const { message, fault } = parseMessage(call.message, () => crypto.randomUUID());
    if (fault) return { fault: { ...fault, reason: 'invalid', field: FIELDS[fault.code] ?? 'attributes' } };
    messages.push(message);
  }
  return { messages };
}

async function run(call: Exclude<Call, { kind: 'message' }>, store: Store): Promise<Performed | undefined> {
  const result = await store.command((administration, at) => {
    switch (call.kind) {
      case 'merge':
        return administration.mergePeople(call.primary, call.secondary, at);
      case 'delete':
        return administration.deletePerson(call.person, at);
      case 'suppress':
        return administration.suppress(call.person, at);
      case 'unsuppress':
        return administration.unsuppress(call.person, at);
    }
  });
  if (result === undefined) return undefined;
  if (result === 'unable') return invalid('action', 'The ledger of this collector only takes in and shows; it changes nobody.');
  // Whoever is not there needs no deleting: a call that comes twice is answered as the first time.
  const isDone = result.done || result.code === 'nobody' || result.code === 'same_person';
  return isDone ? {} : invalid('identifiers', result.message);
}

const FIELDS: Record<string, string> = {
  bad_user_id: 'identifiers',
  bad_anonymous_id: 'identifiers',
  no_identity: 'identifiers',
  bad_message_id: 'id',
  no_event: 'name',
};
