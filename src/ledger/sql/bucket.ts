/** Enough for any cluster, few enough that a node's share is a short list (docs/scaling-out.md). */
export const BUCKETS = 1024;

/**
 * Which of 1,024 buckets a stream lies in: FNV-1a over its UTF-16 code units, low byte first. It leads the keys of
 * messages and claims, so that an anonymous id's events and the claim on it stay together when the tables are spread
 * over machines. It is written into every row: it can never change.
 */
export function bucketOf(stream: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < stream.length; i++) {
    const unit = stream.charCodeAt(i);
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
  }
  // The low bits of FNV are its weakest; folding the high half in makes up for it.
  return ((hash ^ (hash >>> 16)) >>> 0) % BUCKETS;
}
