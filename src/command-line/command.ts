import type { LedgerOptions } from '../ledger/index.js';

/** One option of a command. */
export interface Option {
  /** What stands for its value in the help; an option without one is a switch. */
  value?: string;
  /** A few words. */
  help: string;
  /** What holds without it, in the help. */
  otherwise?: string;
  /** It may be given more than once. */
  many?: true;
}

export type Options = Record<string, Option>;

/** What was given: texts, lists of those that may come more than once, and switches. */
export type Values = Record<string, string | string[] | boolean | undefined>;

/** What `hitherto NAME` does. */
export interface Command {
  /** A line of the overview. */
  summary: string;
  /** What stands behind the name: `MESSAGE_ID`. */
  argument?: string;
  /** Paragraphs below the first line of its help. */
  about?: string;
  options: Options;
  examples: string[];
  /** @param ledgerOptions what the file of the collector says besides */
  run(values: Values, argument: string | undefined, ledgerOptions?: LedgerOptions): Promise<void> | void;
}

/** What the user can mend; told in one line, without a stack. */
export class UsageError extends Error {}

/** Nobody is meant by what was asked about. */
export class NobodyError extends UsageError {}

/**
 * How every command ends: with 0 when it is done; with FAILED when it could not be, and one line says why; with NOBODY when the
 * answer is that there is nobody, so that a script can tell that from a failure.
 */
export const EXIT = { FAILED: 1, NOBODY: 2 } as const;

export function textIn(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}
