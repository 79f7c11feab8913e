import { isObject, type Refusal } from '../wire/index.js';

/** What a request came back with; `status` 0 when it did not come back. */
export interface Response {
  status: number;
  body: string;
  retryAfterMs?: number | undefined;
}

/** What follows from it. */
export type Outcome =
  /**
   * They are stored; those named in `refused` never will be, and those in `late` came after their late window.
   * `gzip`: the collector says that it reads compressed requests.
   */
  | { kind: 'delivered'; refused: Refusal[]; late: string[]; gzip: boolean }
  /** Nothing was stored for certain; the same again, later. */
  | { kind: 'retry'; retryAfterMs?: number | undefined }
  /** One of them is at fault, or there are too many: fewer at a time; alone, it can never be delivered. */
  | { kind: 'halve'; reason: string }
  /** The fault is ours to mend, not the messages': keep everything and try again much later. */
  | { kind: 'park'; reason: string };

/** Decides what a request's result means, once and for all (DELIVERY, "One table for the outcome of a request"). */
export function outcomeOf({ status, body, retryAfterMs }: Response): Outcome {
  if (status >= 200 && status < 300) return acknowledged(body);
  if (status === 401 || status === 403) return { kind: 'park', reason: messageIn(body) ?? `it answers ${status}` };
  if (status === 400 || status === 413 || status === 422) return { kind: 'halve', reason: messageIn(body) ?? `it answers ${status}` };
  if (status === 0 || status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501 && status !== 505)) {
    return { kind: 'retry', retryAfterMs };
  }
  // Any other answer (404, 405, 501, a redirect to nowhere) means that this address is not a collector.
  return { kind: 'park', reason: `it answers ${status}, so this is not a collector's address` };
}

/** A 2xx with HTML is a captive portal or a single-page app's fallback, not a collector: nothing was stored. */
function acknowledged(body: string): Outcome {
  const answer = body.trim() === '' ? {} : parse(body);
  if (!isObject(answer) || answer['success'] === false) return { kind: 'retry' };
  return {
    kind: 'delivered',
    refused: listIn(answer['refused']).filter(isObject) as unknown as Refusal[],
    late: listIn(answer['late']).filter((messageId) => typeof messageId === 'string'),
    gzip: answer['gzip'] === true,
  };
}

function listIn(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function messageIn(body: string): string | undefined {
  const answer = parse(body);
  return isObject(answer) && typeof answer['message'] === 'string' ? answer['message'] : undefined;
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // Not JSON is an answer like any other here: the table says what it means.
    return undefined;
  }
}
