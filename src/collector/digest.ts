/** The first 128 bits of a text's SHA-256, in hex: to tell things apart, not to keep a secret. The Web Cryptography API is in Node and in workers. */
export async function shortHash(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return [...digest.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
