/** One message that was not stored, and what to do about it. */
export interface Refusal {
  messageId?: string;
  /** Its place in the batch, from 0. */
  index: number;
  /** Stable, for programs. */
  code: string;
  /** A sentence, for people: what is wrong, and the remedy. */
  message: string;
}

/**
 * The collector's answer to a request that it could read.
 *
 * The request is `{ batch, writeKey, sentAt, strict, context, dropped }`: `sentAt` is set anew at each attempt, so that the
 * collector can tell how wrong the browser's clock is; `strict` asks for honest statuses (400, 401), without which the
 * Pipelines API says 200 to nearly everything; `context` applies to every message that does not say otherwise; `dropped`
 * is how many events a browser gave up since its last delivery, because too many were waiting.
 */
export interface BatchAnswer {
  success: boolean;
  /** How many messages are now stored, those included that were stored before. */
  accepted: number;
  refused: Refusal[];
  /** Ids of messages that arrived after their late window; they stay anonymous (RULES R7) unless sent again (R13). */
  late: string[];
  /** Requests to `/v1/b?encoding=gzip` are read as gzip: in the address, since a header would cost a preflight. */
  gzip: boolean;
}
