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
  isWriteKey(key: string): boolean;
  /** A write key, or a secret key of a server. */
  isKnown(key: string): Promise<boolean>;
}

export function createKeys(writeKeys: string[], secretKeys: string[]): Keys {
  const published = new Set(writeKeys);
  const isSecret = createSecrets(secretKeys);
  return {
    isWriteKey: (key) => published.has(key),
    isKnown: async (key) => published.has(key) || isSecret(key),
  };
}

/** The key in `Authorization: Basic base64(key:)`: its user name, as the Pipelines API has it. */
export function basicKey(request: Request): string | undefined {
  const [, encoded] = /^Basic +([\w+/=-]+) *$/i.exec(request.headers.get('Authorization') ?? '') ?? [];
  if (encoded === undefined) return undefined;
  try {
    return atob(encoded).split(':')[0];
  } catch {
    // Not base64 is a key that nobody has: the answer is the same.
    return '';
  }
}

/** The token in `Authorization: Bearer …`. */
export function bearerToken(request: Request): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(request.headers.get('Authorization') ?? '')?.[1];
}
