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

/** Less is not worth the work. */
const GZIP_CHARACTERS = 4_096;

/** POSTs a body and says what came back. Never rejects: a network error, a timeout and an ad blocker are status 0. */
export type Post = (url: string, body: string, options?: PostOptions) => Promise<Response>;

export interface PostOptions {
  /** Compress a body that is worth it. Takes a moment, which a page that leaves does not have. */
  gzip?: boolean;
  /** Asked before each request: the visitor may say no while a body is compressed, or before a second attempt. */
  isWanted?(): boolean;
}

/**
 * The fetch of now is the one that is used: a page may put something of its own in its place later.
 *
 * The content type is text/plain, which a browser sends across origins without asking first.
 */
export function createPost(fetch: typeof globalThis.fetch | undefined = globalThis.fetch): Post {
  return async (url, text, { gzip = false, isWanted = () => true } = {}) => {
    const small = gzip && text.length >= GZIP_CHARACTERS ? await compressed(text) : undefined;
    if (!isWanted()) return unanswered();
    const address = small ? `${url}?encoding=gzip` : url;
    const body = small ?? text;
    const bytes = typeof body === 'string' ? utf8Bytes(body) : body.byteLength;
    const keepalive = bytes <= keepaliveRoom();
    try {
      if (keepalive) keepaliveBytesInFlight += bytes;
      return await attempt(address, body, keepalive);
    } catch (error) {
      // The pool may be fuller than we know (the page's own beacons): once more without it.
      return keepalive && error instanceof TypeError && isWanted() ? attempt(address, body, false).catch(unanswered) : unanswered();
    } finally {
      if (keepalive) keepaliveBytesInFlight -= bytes;
    }
  };

  async function attempt(url: string, body: string | ArrayBuffer, keepalive: boolean): Promise<Response> {
    const abort = new globalThis.AbortController();
    const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
    try {
      const response = await fetch!.call(globalThis, url, {
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
}

async function compressed(text: string): Promise<ArrayBuffer | undefined> {
  try {
    return await new globalThis.Response(new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer();
  } catch {
    // Missing in older browsers, and pages bring their own, which may throw: as it is, it arrives as well.
    return undefined;
  }
}

function unanswered(): Response {
  return { status: 0, body: '' };
}
