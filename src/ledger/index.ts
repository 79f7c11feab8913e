export { memoryLedger } from './memory.js';
export { LedgerError } from './error.js';
export type { LedgerFault } from './error.js';
export type { ActivityQuery, Administration, Ledger, LedgerOptions, RequestTime, SegmentState, StartedTrigger, TriggerQueue } from './ledger.js';
