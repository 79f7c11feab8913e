export { createEngine } from './merge/index.js';
export type { Engine, Outcome, ReceivedAt, Warning } from './merge/index.js';
export type { Activity, ActivityFilter, ActivityTab, Message, MessageType, Person, StoredEvent } from './wire/index.js';
