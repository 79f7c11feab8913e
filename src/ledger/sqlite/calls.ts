import { LedgerError, type LedgerFault } from '../error.js';

/** What a thread that holds a ledger is asked: one of its methods, with what goes into it. */
export interface Call {
  id: number;
  method: string;
  parameters: unknown[];
}

/** What came of a call. */
export type Answer = { id: number; result: unknown; fault?: never } | { id: number; fault: PackedError; result?: never };

/** An error on its way to another thread, which would arrive without its code. */
export interface PackedError {
  name: string;
  message: string;
  code?: string;
  cause?: PackedError;
}

export function packError(error: unknown): PackedError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message, cause } = error;
  const { code } = error as Error & { code?: unknown };
  return { name, message, ...(typeof code === 'string' && { code }), ...(cause !== undefined && { cause: packError(cause) }) };
}

export function unpackError({ name, message, code, cause: packed }: PackedError): Error {
  const cause = packed && unpackError(packed);
  if (name === 'LedgerError') return new LedgerError(code as LedgerFault, message, cause);
  return Object.assign(new Error(message, cause && { cause }), { name, ...(code !== undefined && { code }) });
}

/** Sends things to another thread, those of one turn of the event loop together: each message wakes it up. */
export function createPost<Item>(port: { postMessage(items: Item[]): void }): (item: Item) => void {
  let waiting: Item[] = [];
  return (item) => {
    if (waiting.push(item) > 1) return;
    setImmediate(() => {
      const items = waiting;
      waiting = [];
      port.postMessage(items);
    });
  };
}
