import { BATCH_BYTES, MESSAGE_BYTES } from '../wire/index.js';

/** What a request may bring; what is beyond it is refused, and counted. */
export interface SizeLimits {
  /** A message, or an item of Track v2, as JSON; bytes. @defaultValue 32 KB, as in the original */
  messageBytes?: number;
  /** A request, decompressed; bytes. @defaultValue 500 KB, as in the original */
  batchBytes?: number;
  /** Messages of a request. @defaultValue 10,000 */
  batchMessages?: number;
}

/** More than a full batch of the smallest messages can hold; it bounds the answer, which names every message that is refused. */
const BATCH_MESSAGES = 10_000;

/** @throws TypeError */
export function checkedSizes({ messageBytes = MESSAGE_BYTES, batchBytes = BATCH_BYTES, batchMessages = BATCH_MESSAGES }: SizeLimits = {}): Required<SizeLimits> {
  const sizes = { messageBytes, batchBytes, batchMessages };
  for (const [name, value] of Object.entries(sizes)) {
    if (!Number.isInteger(value) || value < 1) throw new TypeError(`sizeLimits.${name} is a whole number from 1, not ${String(value)}.`);
  }
  if (messageBytes > batchBytes) throw new TypeError(`sizeLimits.messageBytes is at most batchBytes (${batchBytes}): a message comes in a request.`);
  return sizes;
}

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
