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
  run(values: Values, argument: string | undefined): Promise<void> | void;
}

/** What the user can mend; told in one line, without a stack. */
export class UsageError extends Error {}

export function textIn(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}
