const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

// Every boundary is inclusive: exactly 30 days is still inside.

/** How old an anonymous event may be, at the claim, to join the person (RULES R4). */
export const RETENTION_MS = 30 * DAY_MS;
/** How long after the claim an anonymous event may still arrive and join (RULES R7). */
export const LATE_WINDOW_MS = 5 * MINUTE_MS;
/** How old an event may be, when it becomes a person's, to start campaigns (RULES R9). */
export const TRIGGER_WINDOW_MS = 72 * HOUR_MS;
