export { MESSAGE_TYPES } from './message.js';
export type { AcceptedMessage, JsonObject, Message, MessageType } from './message.js';
export { isObject, parseMessage } from './parse.js';
export type { Fault, ParsedMessage } from './parse.js';
export type { Batch, BatchAnswer, Refusal } from './batch.js';
export { occurredAt, readTimestamp } from './timestamp.js';
export { utf8Bytes } from './bytes.js';
export { ANONYMOUS_ID_CHARACTERS, BATCH_BYTES, MESSAGE_BYTES, MESSAGE_ID_CHARACTERS, USER_ID_BYTES } from './limits.js';
export type { Activity, ActivityFilter, ActivityPage, ActivityTab, Person, StoredEvent } from './activity.js';
