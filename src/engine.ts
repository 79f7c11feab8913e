export { createEngine } from './merge/index.js';
export type {
  Campaign,
  CommandAt,
  CommandResult,
  Condition,
  Conditions,
  Engine,
  EngineOptions,
  Explanation,
  Outcome,
  Preview,
  Reason,
  ReceivedAt,
  Scalar,
  Segment,
  SegmentChange,
  Settings,
  Trigger,
  Warning,
} from './merge/index.js';
export type { Activity, ActivityFilter, ActivityTab, Message, MessageType, Person, StoredEvent } from './wire/index.js';
