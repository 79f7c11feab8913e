import { utf8Bytes } from '../wire/index.js';
import { readRetryAfter } from './backoff.js';
import type { Response } from './outcome.js';

/**
 * Browsers give all keepalive requests and beacons of a page one pool of 64 KiB; a request that does not fit is
 * refused at once. Staying under 48 KiB leaves room for the page's own.
 */
export const KEEPALIVE_BYTES = 48 * 1024;
/** A server that accepts a connection and never answers must not hold the outbox for ever. */
const TIMEOUT_MS = 30_000;

let keepaliveBytesInFlight = 0;

/** How much more fits into a keepalive request now, in bytes. */
export function keepaliveRoom(): number {
  return KEEPALIVE_BYTES - keepaliveBytesInFlight;
}

/**
 * POSTs a body and says what came back. Never rejects: a network error, a timeout and an ad blocker are status 0.
 *
 * The content type is text/plain, which a browser sends across origins without asking first.
 */
export async function post(url: string, body: string): Promise<Response> {
  const bytes = utf8Bytes(body);
  const keepalive = bytes <= keepaliveRoom();
  try {
    if (keepalive) keepaliveBytesInFlight += bytes;
    return await attempt(url, body, keepalive);
  } catch (error) {
    // The pool may be fuller than we know (the page's own beacons): once more without it.
    return keepalive && error instanceof TypeError ? attempt(url, body, false).catch(unanswered) : unanswered();
  } finally {
    if (keepalive) keepaliveBytesInFlight -= bytes;
  }
}

async function attempt(url: string, body: string, keepalive: boolean): Promise<Response> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'Content-Type': 'text/plain' },
      keepalive,
      signal: abort.signal,
    });
    const retryAfterMs = readRetryAfter(response.headers.get('Retry-After'), Date.now());
    return { status: response.status, body: await response.text(), retryAfterMs };
  } finally {
    clearTimeout(timer);
  }
}

function unanswered(): Response {
  return { status: 0, body: '' };
}
