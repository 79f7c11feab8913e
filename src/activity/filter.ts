import type { Activity } from '../wire/index.js';

/** What the log is narrowed to; a line has to meet all of it. */
export interface Filter {
  person?: string;
  anonymousId?: string;
  /** A part of the name, in whatever case. */
  name?: string;
  /** Only what came in within so many milliseconds before now. */
  withinMs?: number;
}

export function isFiltered(filter: Filter): boolean {
  return Object.values(filter).some((value) => value !== undefined);
}

/** Whether a line is wanted, for sources that do not look for themselves. */
export function isWanted(line: Activity, { person, anonymousId, name, since }: Omit<Filter, 'withinMs'> & { since?: number | undefined }): boolean {
  return (
    (person === undefined || line.person === person) &&
    (anonymousId === undefined || line.anonymousId === anonymousId) &&
    (name === undefined || String(line.name ?? '').toLowerCase().includes(name.toLowerCase())) &&
    (since === undefined || line.at >= since)
  );
}
