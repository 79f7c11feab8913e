/** Whether a text is one of the secrets that were configured. */
export function createSecrets(secrets: string[]): (candidate: string) => boolean {
  // Every one is compared, so that the time does not say which of them was near.
  return (candidate) => secrets.filter((secret) => isSecret(candidate, secret)).length > 0;
}

/** Compares to the end, whatever differs: the time says how long the candidate is, and nothing about the secret. */
function isSecret(candidate: string, secret: string): boolean {
  let difference = candidate.length ^ secret.length;
  for (let i = 0; i < candidate.length; i++) difference |= candidate.charCodeAt(i) ^ secret.charCodeAt(i % secret.length);
  return difference === 0;
}

/** The keys that a source may present. */
export interface Keys {
  /** A write key: public, in every page that sends. */
  isWriteKey(key: string): boolean;
  /** A secret key, of a server. */
  isSecretKey(key: string): boolean;
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
