import { isObject, type JsonObject, type Refusal } from '../wire/index.js';

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
  | { kind: 'retry'; reason: string; retryAfterMs?: number | undefined }
  /** One of them is at fault, or there are too many: fewer at a time; alone, it can never be delivered. */
  | { kind: 'halve'; reason: string; isTooLarge: boolean }
  /** The fault is ours to mend, not the messages': keep everything and try again much later. */
  | { kind: 'park'; reason: string };

const ELSEWHERE = "so this is not a collector's address";

/** Decides what a request's result means, once and for all (docs/delivery.md). */
export function outcomeOf({ status, body, retryAfterMs }: Response): Outcome {
  const answer = answerIn(body);
  const said = status === 0 ? 'it does not answer' : `it answers ${status}`;
  const reason = typeof answer?.['message'] === 'string' ? answer['message'] : said;
  if (status >= 200 && status < 300) {
    // With HTML it is a captive portal or a single-page app's fallback, not a collector: nothing was stored.
    if (!answer) return { kind: 'retry', reason: `${said}, ${ELSEWHERE}` };
    if (answer['success'] === false) return { kind: 'retry', reason };
    return {
      kind: 'delivered',
      refused: listIn(answer['refused']).filter(isObject) as unknown as Refusal[],
      late: listIn(answer['late']).filter((messageId) => typeof messageId === 'string'),
      gzip: answer['gzip'] === true,
    };
  }
  if ([401, 403].includes(status)) return { kind: 'park', reason };
  if ([400, 413, 422].includes(status)) return { kind: 'halve', reason, isTooLarge: status === 413 };
  if ([0, 408, 425, 429].includes(status) || (status >= 500 && ![501, 505].includes(status))) return { kind: 'retry', reason, retryAfterMs };
  // Any other answer (404, 405, 501, a redirect to nowhere) means that this address is not a collector.
  return { kind: 'park', reason: `${said}, ${ELSEWHERE}` };
}

function listIn(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Nothing at all says as much as an object without a word; what is no object says nothing. */
function answerIn(body: string): JsonObject | undefined {
  try {
    const answer: unknown = JSON.parse(body.trim() || '{}');
    return isObject(answer) ? answer : undefined;
  } catch {
    // Not JSON is an answer like any other here: the table says what it means.
    return undefined;
  }
}
