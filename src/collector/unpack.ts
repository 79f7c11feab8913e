import {
  isObject,
  parseMessage,
  utf8Bytes,
  type AcceptedMessage,
  type Fault,
  type JsonObject,
  type MessageType,
  type ParsedMessage,
  type Refusal,
} from '../wire/index.js';
import { SPREAD_BYTES, type SizeLimits } from './limits.js';
import { shapeOf } from './shape.js';

/** What a request holds: the messages that can be stored, and those that cannot. */
export interface Unpacked {
  messages: AcceptedMessage[];
  refused: Refusal[];
}

export type Unpacking = { unpacked: Unpacked; fault?: never } | { fault: Fault; unpacked?: never };

/** Takes one message out of a body; the path says of what type it is. */
export function unpackMessage(body: JsonObject, type: MessageType, { messageBytes }: Required<SizeLimits>): Unpacking {
  return { unpacked: sift([{ ...body, type }], { shared: {}, sharedBytes: 0, faultOf: () => undefined, messageBytes }) };
}

/**
 * Takes the messages out of a batch. One that cannot be stored is named; its neighbours are none the worse for it.
 *
 * @param faultOf a further reason to refuse an item, such as its key
 */
export function unpackBatch(body: JsonObject, faultOf: (item: unknown) => Fault | undefined, { messageBytes, batchMessages }: Required<SizeLimits>): Unpacking {
  const { batch, context, integrations } = body;
  if (!Array.isArray(batch)) return { fault: { code: 'no_batch', message: 'A batch is { "batch": [ … ] }, with the messages in it.' } };
  if (batch.length > batchMessages) {
    return { fault: { code: 'too_many', message: `A batch has at most ${batchMessages} messages; this one has ${batch.length}.` } };
  }
  const shared = { ...(isObject(context) && { context }), ...(isObject(integrations) && { integrations }) };
  const { fault } = shapeOf(shared);
  if (fault) return { fault };
  const sharedBytes = utf8Bytes(JSON.stringify(shared));
  if (batch.length > 1 && sharedBytes * batch.length > SPREAD_BYTES) {
    return { fault: { code: 'too_large', message: 'The context of a batch is copied to each of its messages; this is too much of both. Send smaller batches.' } };
  }
  return { unpacked: sift(batch, { shared, sharedBytes, faultOf, messageBytes }) };
}

/** What holds for every message of a request. */
interface Terms {
  shared: { context?: JsonObject; integrations?: JsonObject };
  sharedBytes: number;
  faultOf(item: unknown): Fault | undefined;
  messageBytes: number;
}

function sift(items: unknown[], terms: Terms): Unpacked {
  const messages: AcceptedMessage[] = [];
  const refused: Refusal[] = [];
  items.forEach((item, index) => {
    const { message, fault } = read(item, terms);
    if (message) messages.push(message);
    else refused.push({ ...named(item), index, ...fault });
  });
  return { messages, refused };
}

function read(item: unknown, { shared, sharedBytes, faultOf, messageBytes }: Terms): ParsedMessage {
  const shape = shapeOf(item);
  const fault = faultOf(item) ?? shape.fault;
  if (fault) return { fault };
  if (!isObject(item)) return parseMessage(item, spareId);
  const whole = withShared(item, shared);
  // To write a message down only to know its length takes as long as all the rest of this, and hardly any comes near the limit.
  if (shape.atMostBytes + sharedBytes > messageBytes && utf8Bytes(JSON.stringify(whole)) > messageBytes) return { fault: tooLarge(messageBytes) };
  return parseMessage(whole, spareId);
}

function spareId(): string {
  return crypto.randomUUID();
}

/** The message as it is kept: with what the batch says for all, and without the key, which is not part of what happened. */
function withShared(item: JsonObject, shared: Terms['shared']): JsonObject {
  const parts = Object.entries(shared);
  // Most are kept as they came, and a copy of each would cost more than to look.
  if (parts.length === 0 && !('writeKey' in item) && !('strict' in item)) return item;
  const { writeKey: _key, strict: _strict, ...message } = item;
  for (const [part, value] of parts) {
    const own = message[part];
    if (own === undefined || own === null) message[part] = value;
    else if (isObject(own)) message[part] = { ...value, ...own };
  }
  return message;
}

function named(item: unknown): { messageId?: string } {
  const messageId = isObject(item) ? item['messageId'] : undefined;
  return typeof messageId === 'string' ? { messageId: messageId.slice(0, 100) } : {};
}

function tooLarge(limit: number): Fault {
  return { code: 'too_large', message: `A message has at most ${limit} bytes as JSON; send less with it.` };
}
