import type { Activity, ActivityPage, ActivityTab } from '../wire/index.js';

/** Where the lines come from. There are two: a collector over HTTP, and a client in the page. */
export interface Source {
  /**
   * The newest lines of a tab, at least `limit` of them if there are as many.
   * Rejects with a {@link SourceError} whose message tells the reader what to do.
   */
  read(query: Query): Promise<ActivityPage>;
  /** Calls back at each change, where the source can tell. */
  onChange?(changed: () => void): () => void;
}

export interface Query {
  tab: ActivityTab;
  person?: string | undefined;
  limit: number;
}

/** Any object that knows the log: the in-page client, or one of your own. */
export interface ActivityClient {
  /** The lines of a tab, newest first. */
  activity(filter: { tab: ActivityTab }): Promise<Activity[]> | Activity[];
  /** `on('activity', …)` is called at each change; without it the log asks every second. */
  on?(event: string, changed: () => void): unknown;
  /** Listens no longer. */
  off?(event: string, changed: () => void): unknown;
}

/** Why there is nothing to show, in a sentence that names the remedy. */
export class SourceError extends Error {
  /**
   * @param code `refused` is final: asking again with the same token would be refused again
   */
  constructor(
    readonly code: 'refused' | 'unreachable' | 'failed' | 'malformed',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A line is an object; anything else in a list is left out rather than drawn. */
export function readLines(value: unknown): Activity[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.filter((line): line is Activity => typeof line === 'object' && line !== null);
}
