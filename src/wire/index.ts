export type { AcceptedMessage, JsonObject, Message, MessageType } from './message.js';
export { isObject, parseMessage, UNREADABLE } from './parse.js';
export type { Fault, ParsedMessage } from './parse.js';
export type { BatchAnswer, Refusal } from './batch.js';
export { occurredAt } from './timestamp.js';
export { utf8Bytes } from './bytes.js';
export { ANONYMOUS_ID_CHARACTERS, BATCH_BYTES, MESSAGE_BYTES, USER_ID_BYTES } from './limits.js';
export type { Activity, ActivityFilter, ActivityPage, ActivityTab, Counts, Explanation, PeoplePage, Person, PersonSummary, PersonTrigger, Reason, Standing, Stats, StoredEvent } from './activity.js';
export { asJson, fromJson, plain, readable, serialise } from './serialise.js';
