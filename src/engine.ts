export { createEngine } from './merge/index.js';
export type {
  Campaign,
  CommandAt,
  CommandResult,
  Condition,
  Conditions,
  Engine,
  EngineOptions,
  Outcome,
  Preview,
  ReceivedAt,
  Scalar,
  Segment,
  SegmentChange,
  Settings,
  Trigger,
  Warning,
} from './merge/index.js';
export type { Activity, ActivityFilter, ActivityTab, Explanation, Message, MessageType, Person, Reason, StoredEvent } from './wire/index.js';
