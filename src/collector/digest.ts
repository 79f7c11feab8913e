const encoder = new TextEncoder();

/** The SHA-256 of a text, through the Web Cryptography API: it is in Node, in browsers and in workers. */
export async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(text)));
}

/** Compares two digests in a time that says nothing about where they differ. */
export function isSameDigest(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ (b[i] ?? 0);
  return difference === 0;
}

/** The first 128 bits in hex: to tell things apart, not to keep a secret. */
export async function shortHash(text: string): Promise<string> {
  return [...(await sha256(text)).subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
