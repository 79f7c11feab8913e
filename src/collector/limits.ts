/** More than a full batch of the smallest messages can hold; it bounds the answer, which names every message that is refused. */
export const BATCH_MESSAGES = 10_000;
/** What a batch may grow to when its context is copied to each of its messages. */
export const SPREAD_BYTES = 4 * 1024 * 1024;
/** Objects within objects in a message; far beyond any real one, far below where serialising it overflows the stack. */
export const MESSAGE_DEPTH = 100;
/** Lines of a page of the activity log. */
export const PAGE_LINES = 100;
export const PAGE_LINES_MAX = 1000;
/** People of a page of them. */
export const PAGE_PEOPLE = 50;
export const PAGE_PEOPLE_MAX = 200;
/** Columns of a chart, and more than a screen has room for. */
export const STATS_STEPS = 400;
/** When to come back after a failure to store; a hiccup of a disk is over by then. */
export const RETRY_SECONDS = 5;
/** How long a body may take to arrive: a page on a slow phone sends a full batch in less. */
export const BODY_MS = 30_000;
/** Requests a minute from one address: a whole office behind it, each of its tabs sending once a second. */
export const REQUESTS_PER_ADDRESS = 6_000;
/** Requests a minute with one key. */
export const REQUESTS_PER_KEY = 600_000;
/** Wrong secrets a minute from one address: enough for whoever mistypes one, too few for whoever guesses. */
export const MISTAKES_PER_ADDRESS = 60;
