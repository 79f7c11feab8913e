export { memoryLedger } from './memory.js';
export { LedgerError } from './error.js';
export type { LedgerFault } from './error.js';
export type { ActivityQuery, Ledger, RequestTime } from './ledger.js';
