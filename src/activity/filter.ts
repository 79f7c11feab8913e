import type { Activity } from '../wire/index.js';

/** Whose lines the log is narrowed to: a person's, or one visitor's. At most one of the two. */
export interface Filter {
  person?: string;
  anonymousId?: string;
}

/** Whether a line is that person's or that visitor's; every line when nothing is asked for. */
export function isWanted(line: Activity, { person, anonymousId }: Filter): boolean {
  return (person === undefined || line.person === person) && (anonymousId === undefined || line.anonymousId === anonymousId);
}
