import { isObject, type JsonObject } from '../../wire/index.js';
import { invalid, message, required, type Translated } from './call.js';
import { textOf, type Who } from './who.js';

/** `{ name, type?, data?, timestamp?, id? }`: something that somebody did. @param type `event`, `page` or `screen`; the body's own when absent */
export function eventCall(who: Who, body: JsonObject, type: unknown = body['type'] ?? 'event'): Translated {
  const name = textOf(body['name']);
  if (name === undefined) return required('name', 'An event has a name: { "name": "added_to_cart" }.');
  const data = body['data'] ?? body['attributes'] ?? {};
  if (!isObject(data)) return invalid('data', 'data is an object, as in { "product": "shoes" }.');
  const about = { ...who, ...anonymousIdBeside(who, body, data), ...whenAndWhich(body) };
  switch (type) {
    case 'event':
      return { calls: [message({ type: 'track', event: name, properties: data, ...about })] };
    case 'page':
      return { calls: [message({ type: 'page', name, properties: { url: name, ...data }, ...about })] };
    case 'screen':
      return { calls: [message({ type: 'screen', name, properties: data, ...about })] };
    default:
      return invalid('type', 'The type of an event is "event", "page" or "screen".');
  }
}

/** `{ device: { id | token, platform, last_used?, attributes? } }`. */
export function deviceCall(who: Who, body: JsonObject): Translated {
  const { device } = body;
  if (!isObject(device)) return required('device', 'A device is { "device": { "id": "token", "platform": "ios" } }.');
  const { id, token = id, attributes, ...about } = device;
  if (textOf(token) === undefined) return required('device', 'A device has an id, which is its token, as text.');
  if (!isAbsent(attributes) && !isObject(attributes)) return invalid('device', 'The attributes of a device are an object, as in { "app_version": "2.1" }.');
  return reported('Device Created or Updated', who, { ...about, ...attributes, token: textOf(token) }, body);
}

export function deviceDeletedCall(who: Who, token: unknown, body: JsonObject = {}): Translated {
  const text = textOf(token);
  return text === undefined ? required('device', 'Say which device: its token.') : reported('Device Deleted', who, { token: text }, body);
}

/** What became of a message that somebody sent to a person: `{ delivery_id, metric, … }`, under the older name `event` too. */
export function deliveryCall(body: JsonObject): Translated {
  const { delivery_id, delivery_token = delivery_id, event, metric = event, timestamp: _timestamp, ...about } = body;
  if (textOf(delivery_token) === undefined) return required('delivery_id', 'Say which delivery this is about: { "delivery_id": "…", "metric": "opened" }.');
  if (textOf(metric) === undefined) return required('metric', 'Say what became of the delivery: { "delivery_id": "…", "metric": "opened" }.');
  return reported('Report Delivery Event', NOBODY, { deliveryId: textOf(delivery_token), metric, ...about }, body);
}

/**
 * What has no message type of its own is kept as an event of the name that the Pipelines API gives it, so that it is in the log
 * of whom it is about, and a campaign may go by it.
 */
export function reported(event: string, who: Who, properties: JsonObject, body: JsonObject): Translated {
  return { calls: [message({ type: 'track', event, ...who, properties, ...whenAndWhich(body) })] };
}

/** A blank anonymous id is kept and never merges (RULES R3): whatever is about nobody lies there. */
export const NOBODY: Who = { anonymousId: null };

/** JSON has no undefined: who has nothing to say leaves it out, or says null. */
export function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

/** When it happened, and the id by which it is recognised when it comes twice. */
export function whenAndWhich(body: JsonObject): JsonObject {
  const messageId = textOf(body['id']);
  return { ...when(body), ...(messageId !== undefined && { messageId }) };
}

/** Unix seconds; some senders write them as text. */
export function when({ timestamp }: JsonObject): JsonObject {
  if (isAbsent(timestamp)) return {};
  return { timestamp: typeof timestamp === 'string' && /^\d+(\.\d+)?$/.test(timestamp) ? Number(timestamp) : timestamp };
}

/** An event of a person may say which visitor they were; it does not claim (RULES R2). */
function anonymousIdBeside(who: Who, body: JsonObject, data: JsonObject): JsonObject {
  const anonymousId = 'userId' in who ? (textOf(body['anonymous_id']) ?? textOf(data['anonymous_id'])) : undefined;
  return anonymousId === undefined ? {} : { anonymousId };
}
