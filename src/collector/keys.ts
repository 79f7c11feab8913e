import { isSameDigest, sha256 } from './digest.js';

/** Whether a secret is one of those that were configured. Compared by hash, in constant time. */
export function createSecrets(secrets: string[]): (candidate: string) => Promise<boolean> {
  // At the first question, since a worker may not compute while it is being loaded.
  let digests: Promise<Uint8Array[]> | undefined;
  return async (candidate) => {
    if (secrets.length === 0) return false;
    digests ??= Promise.all(secrets.map(sha256));
    const [known, asked] = await Promise.all([digests, sha256(candidate)]);
    // Every one is compared, so that the time does not say which of them was near.
    return known.filter((digest) => isSameDigest(digest, asked)).length > 0;
  };
}

/** The keys that a source may present. */
export interface Keys {
  /** A write key: public, in every page that sends. */
  isWriteKey(key: string): Promise<boolean>;
  /** A secret key, of a server. */
  isSecretKey(key: string): Promise<boolean>;
}

export function createKeys(writeKeys: string[], secretKeys: string[]): Keys {
  return { isWriteKey: createSecrets(writeKeys), isSecretKey: createSecrets(secretKeys) };
}

/** The key in `Authorization: Basic base64(key:)`: its user name, as the Pipelines API has it. */
export function basicKey(request: Request): string | undefined {
  return basicHalves(request)[0];
}

/** Both halves of `Authorization: Basic base64(site:key)`, as the Track API has it; none when there is no such header. */
export function basicHalves(request: Request): string[] {
  const [, encoded] = /^Basic +([\w+/=-]+) *$/i.exec(request.headers.get('Authorization') ?? '') ?? [];
  if (encoded === undefined) return [];
  try {
    const text = atob(encoded);
    const colon = text.indexOf(':');
    return colon < 0 ? [text] : [text.slice(0, colon), text.slice(colon + 1)];
  } catch {
    // Not base64 is a key that nobody has: the answer is the same.
    return [''];
  }
}

/** The token in `Authorization: Bearer …`. */
export function bearerToken(request: Request): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(request.headers.get('Authorization') ?? '')?.[1];
}
