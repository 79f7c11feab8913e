import { readable, type JsonObject } from '../wire/index.js';

/** Three parts of base64url with points between them; the second says whom it is about. */
const TOKEN = /^[\w-]+\.([\w-]+)\.[\w-]+$/;

type Given = JsonObject | null | undefined;

/** What an identify was given, without the token by which the site's server says who somebody is. */
export interface SignedCall {
  token?: string;
  /** The `sub` in it. */
  userId?: string | undefined;
  traits: Given;
  options: Given;
}

/** `identify({ token })`, or `token` among the options of an identify. Beside other traits, one of that name is a trait. */
export function signedCall(traits: Given, options: Given): SignedCall {
  const [said, others] = [readable(traits), readable(options)];
  const isAlone = Object.keys(said).length === 1;
  const token = others['token'] ?? (isAlone ? said['token'] : undefined);
  const payload = typeof token === 'string' ? TOKEN.exec(token)?.[1] : undefined;
  if (payload === undefined) return { traits, options };
  const { token: _token, ...rest } = others;
  return { token: token as string, userId: subjectOf(payload), traits: said['token'] === token ? {} : traits, options: rest };
}

function subjectOf(payload: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(payload.replace(/-/g, '+').replace(/_/g, '/')), (letter) => letter.charCodeAt(0));
    const { sub } = JSON.parse(new TextDecoder().decode(bytes)) as { sub?: unknown };
    return typeof sub === 'string' ? sub : undefined;
  } catch {
    // Not a token of ours to read: the collector says what is wrong with it.
    return undefined;
  }
}
