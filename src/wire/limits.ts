import { utf8Bytes } from './bytes.js';

/** A message id is opaque; RULES R14. */
export const MESSAGE_ID_CHARACTERS = 100;
/** RULES R3. */
export const ANONYMOUS_ID_CHARACTERS = 255;
/** The Track API's limit for an id; RULES R21. */
export const USER_ID_BYTES = 150;
/** One call, serialised; the Pipelines limit, RULES R25. */
export const MESSAGE_BYTES = 32 * 1024;
/** One request of many calls; the Pipelines limit, RULES R25. */
export const BATCH_BYTES = 500 * 1024;

export function isLongerThanId(text: string): boolean {
  // Nearly none needs counting.
  return text.length * 3 > USER_ID_BYTES && utf8Bytes(text) > USER_ID_BYTES;
}
