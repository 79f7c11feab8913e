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
import type { Body } from './body.js';
import { SPREAD_BYTES, type SizeLimits } from './limits.js';
import { shapeFault } from './shape.js';

/** What a request holds: the messages that can be stored, and those that cannot. */
export interface Unpacked {
  messages: AcceptedMessage[];
  refused: Refusal[];
}

export type Unpacking = { unpacked: Unpacked; fault?: never } | { fault: Fault; unpacked?: never };

/** Takes one message out of a body; the path says of what type it is. */
export function unpackMessage(body: Body, type: MessageType, { messageBytes }: Required<SizeLimits>): Unpacking {
  return { unpacked: sift([{ ...body.value, type }], {}, body, () => undefined, messageBytes) };
}

/**
 * Takes the messages out of a batch. One that cannot be stored is named; its neighbours are none the worse for it.
 *
 * @param faultOf a further reason to refuse an item, such as its key
 */
export function unpackBatch(body: Body, faultOf: (item: unknown) => Fault | undefined, { messageBytes, batchMessages }: Required<SizeLimits>): Unpacking {
  const { batch, context, integrations } = body.value;
  if (!Array.isArray(batch)) return { fault: { code: 'no_batch', message: 'A batch is { "batch": [ … ] }, with the messages in it.' } };
  if (batch.length > batchMessages) {
    return { fault: { code: 'too_many', message: `A batch has at most ${batchMessages} messages; this one has ${batch.length}.` } };
  }
  const shared = { ...(isObject(context) && { context }), ...(isObject(integrations) && { integrations }) };
  const fault = shapeFault(shared);
  if (fault) return { fault };
  if (batch.length > 1 && utf8Bytes(JSON.stringify(shared)) * batch.length > SPREAD_BYTES) {
    return { fault: { code: 'too_large', message: 'The context of a batch is copied to each of its messages; this is too much of both. Send smaller batches.' } };
  }
  return { unpacked: sift(batch, shared, body, faultOf, messageBytes) };
}

type Shared = { context?: JsonObject; integrations?: JsonObject };

function sift(items: unknown[], shared: Shared, body: Body, faultOf: (item: unknown) => Fault | undefined, limit: number): Unpacked {
  const messages: AcceptedMessage[] = [];
  const refused: Refusal[] = [];
  items.forEach((item, index) => {
    const { message, fault } = read(item, shared, body, faultOf, limit);
    if (message) messages.push(message);
    else refused.push({ ...named(item), index, ...fault });
  });
  return { messages, refused };
}

function read(item: unknown, shared: Shared, { bytes }: Body, faultOf: (item: unknown) => Fault | undefined, limit: number): ParsedMessage {
  const fault = faultOf(item) ?? shapeFault(item);
  if (fault) return { fault };
  const whole = isObject(item) ? withShared(item, shared) : item;
  // In a request that is no larger than a message may be, none is.
  if (bytes > limit && isObject(whole) && utf8Bytes(JSON.stringify(whole)) > limit) return { fault: tooLarge(limit) };
  return parseMessage(whole, () => crypto.randomUUID());
}

/** The message as it is kept: with what the batch says for all, and without the key, which is not part of what happened. */
function withShared({ writeKey: _key, strict: _strict, ...item }: JsonObject, shared: Shared): JsonObject {
  const message = item;
  for (const [part, value] of Object.entries(shared)) {
    const own = item[part];
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
