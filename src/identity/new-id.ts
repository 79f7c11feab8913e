import { customRandom, urlAlphabet } from 'nanoid';

const LENGTH = 21;
/** So many ids come out of one question to the browser: each question takes it as long as making ten ids. */
const IDS_AT_ONCE = 64;

let pool = new Uint8Array(0);
let used = 0;

/** 126 random bits in 21 characters that need no escaping anywhere. Serves as messageId too. */
export const newId: () => string = customRandom(urlAlphabet, LENGTH, (size) => {
  if (used + size > pool.length) {
    pool = globalThis.crypto.getRandomValues(new Uint8Array(size * IDS_AT_ONCE));
    used = 0;
  }
  used += size;
  return pool.subarray(used - size, used);
});

const MINTED = /^[\w-]{21}$/;

/** Whether an id looks like one of ours. */
export function isMinted(id: string): boolean {
  return MINTED.test(id);
}
