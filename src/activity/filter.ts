import type { Activity } from '../wire/index.js';

/** What the log is narrowed to; a line has to meet all of it. */
export interface Filter {
  person?: string;
  anonymousId?: string;
  /** A part of the name, in whatever case. */
  name?: string;
  /** Only what came in within so many milliseconds before now. */
  withinMs?: number;
  /** Only what came in from then on; milliseconds. */
  since?: number;
  /** Only what came in before then; milliseconds. */
  until?: number;
}

export function isFiltered(filter: Filter): boolean {
  return Object.values(filter).some((value) => value !== undefined);
}

export function isBackwards({ since = -Infinity, until = Infinity }: Filter): boolean {
  return until <= since;
}

/** Whether a line is wanted, for sources that do not look for themselves. */
export function isWanted(line: Activity, { person, anonymousId, name, since, until }: Omit<Filter, 'withinMs'>): boolean {
  return (
    (person === undefined || line.person === person) &&
    (anonymousId === undefined || line.anonymousId === anonymousId) &&
    (name === undefined || String(line.name ?? '').toLowerCase().includes(name.toLowerCase())) &&
    (since === undefined || line.at >= since) &&
    (until === undefined || line.at < until)
  );
}
