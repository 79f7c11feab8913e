/** More than a full batch of the smallest messages can hold; it bounds the answer, which names every message that is refused. */
export const BATCH_MESSAGES = 10_000;
/** What a batch may grow to when its context is copied to each of its messages. */
export const SPREAD_BYTES = 4 * 1024 * 1024;
/** Objects within objects in a message; far beyond any real one, far below where serialising it overflows the stack. */
export const MESSAGE_DEPTH = 100;
/** Lines of a page of the activity log. */
export const PAGE_LINES = 100;
export const PAGE_LINES_MAX = 1000;
/** When to come back after a failure to store; a hiccup of a disk is over by then. */
export const RETRY_SECONDS = 5;
