export { memoryLedger } from './memory.js';
export { LedgerError } from './error.js';
export type { LedgerFault } from './error.js';
export type {
  ActivityQuery,
  Administration,
  Ledger,
  LedgerOptions,
  LiveActivity,
  LiveQuery,
  MessagePage,
  RequestTime,
  SegmentState,
  StartedTrigger,
  StoredMessage,
  TriggerQueue,
  WholeLedger,
} from './ledger.js';
