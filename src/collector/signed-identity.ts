import { errors, importSPKI, jwtVerify, type CryptoKey, type JWTPayload } from 'jose';
import { isLongerThanId, isObject, USER_ID_BYTES, type AcceptedMessage, type Fault, type JsonObject } from '../wire/index.js';

/** Who may say who a visitor is, when a page says it: the write key is public, so that anybody can send with it. */
export interface SignedIdentityOptions {
  /**
   * `open`: any page. `traits`: any page, but without a token no traits are set. `all`: an identify or an alias without a token
   * is refused. In both, what names somebody (the email, an `anonymous_id` among the traits) counts only among the traits that
   * the token signs. Servers, with a secret key, need none.
   */
  require: 'open' | 'traits' | 'all';
  /** What the host signs with: HS256, at least 32 bytes. Several while one takes the place of another. */
  secret?: string | string[];
  /** The host's public key instead, as PEM (SPKI); EdDSA, ES256 or RS256. */
  publicKey?: string;
  /** How long a token may hold, from when it was signed (`iat`) until `exp`; from now, where it does not say when it was. Seconds. @defaultValue 86,400, a day */
  tokenSeconds?: number;
}

/** A message as far as its token lets it be. */
export type Signed = { message: AcceptedMessage; fault?: never } | { fault: Fault; message?: never };

export interface SignedIdentity {
  /**
   * Checks the token in a message of a page, and takes it out.
   *
   * The token is a JWT with `sub` (the userId), `anonymous_id`, `exp`, and perhaps `traits`, which stand above those of the page.
   */
  check(message: AcceptedMessage): Promise<Signed>;
}

/** A message without its token, which nobody keeps: it is as good as a password while it lasts. */
export function withoutToken(message: AcceptedMessage): AcceptedMessage {
  if (!('token' in message)) return message;
  const { token: _token, ...rest } = message as AcceptedMessage & { token: unknown };
  return rest;
}

const SECRET_BYTES = 32;
/** Clocks differ. */
const TOLERANCE_S = 60;
/** A token lies in a page for as long as it holds; a day is more than any page needs, and an identify that waited overnight still counts. */
const TOKEN_SECONDS = 86_400;
const PUBLIC_ALGORITHMS = ['EdDSA', 'ES256', 'RS256'];
const PEM = /-----BEGIN PUBLIC KEY-----[\s\w+/=]+-----END PUBLIC KEY-----/;
const NO_PUBLIC_KEY = 'publicKey is a public key as PEM (SPKI), of EdDSA, ES256 or RS256.';

/** @throws TypeError with a sentence, when the options cannot hold what they promise */
export function createSignedIdentity({ require, secret = [], publicKey, tokenSeconds = TOKEN_SECONDS }: SignedIdentityOptions, now: () => number): SignedIdentity {
  const secrets = [secret].flat();
  if (!['open', 'traits', 'all'].includes(require)) throw new TypeError(`signedIdentity.require is "open", "traits" or "all", not "${String(require)}".`);
  if (secrets.some((text) => encoder.encode(text).length < SECRET_BYTES)) throw new TypeError(`A secret that signs identities has at least ${SECRET_BYTES} bytes; "openssl rand -base64 32" makes one.`);
  if (require !== 'open' && secrets.length === 0 && publicKey === undefined) throw new TypeError('signedIdentity needs a secret or a publicKey to check tokens by.');
  if (publicKey !== undefined && !PEM.test(publicKey)) throw new TypeError(NO_PUBLIC_KEY);
  if (!Number.isInteger(tokenSeconds) || tokenSeconds < 1) throw new TypeError(`signedIdentity.tokenSeconds is a whole number from 1, not ${String(tokenSeconds)}.`);
  let keys: Promise<{ key: Uint8Array | CryptoKey; algorithms: string[] }[]> | undefined;

  function readKeys() {
    const shared = secrets.map((text) => ({ key: encoder.encode(text), algorithms: ['HS256'] }));
    return Promise.all([...shared, ...(publicKey === undefined ? [] : [importPublic(publicKey)])]);
  }

  async function verify(token: string): Promise<JWTPayload | Fault> {
    keys ??= readKeys();
    let last: unknown;
    for (const { key, algorithms } of await keys) {
      try {
        const options = { algorithms, requiredClaims: ['sub', 'exp'], clockTolerance: TOLERANCE_S, currentDate: new Date(now()) };
        const { payload } = await jwtVerify(token, key, options);
        return holdsTooLong(payload) ? TOO_LONG : payload;
      } catch (error) {
        last = error;
        if (error instanceof errors.JWTExpired) break;
      }
    }
    return last instanceof errors.JWTExpired ? EXPIRED : BAD_TOKEN;
  }

  /** One that says it was signed in the future gains nothing by it. */
  function holdsTooLong({ iat, exp }: JWTPayload): boolean {
    const seconds = now() / 1000;
    const signedAt = typeof iat === 'number' ? Math.min(iat, seconds) : seconds;
    return exp! - signedAt > tokenSeconds + TOLERANCE_S;
  }

  const TOO_LONG: Fault = { code: 'bad_token', message: `The token of this identify holds for too long; sign one that expires within ${tokenSeconds} seconds.` };

  async function checkToken(message: AcceptedMessage, token: unknown): Promise<Signed> {
    if (secrets.length === 0 && publicKey === undefined) return { message };
    const payload = typeof token === 'string' ? await verify(token) : BAD_TOKEN;
    if ('code' in payload && 'message' in payload) return { fault: payload as Fault };
    const { anonymous_id, traits } = payload as JWTPayload & JsonObject;
    const sub = personIn(payload as JWTPayload & JsonObject);
    if (sub === undefined) return { fault: BAD_TOKEN };
    if (isLongerThanId(sub)) return { fault: TOO_LONG_AN_ID };
    const { userId = sub, anonymousId = '' } = message;
    if (userId !== sub) return { fault: OTHER_PERSON };
    if (anonymousId.trim() !== '' && anonymousId !== anonymous_id && (anonymous_id !== undefined || require === 'all')) return { fault: OTHER_VISITOR };
    const described = require === 'open' ? message.traits : withoutNames(message.traits);
    const all = { ...described, ...(isObject(traits) && traits) };
    return { message: { ...message, userId, ...((message.traits || isObject(traits)) && { traits: all }) } };
  }

  return {
    async check(given) {
      if (given.type !== 'identify' && given.type !== 'alias') return { message: given };
      const { token, ...message } = given as AcceptedMessage & { token?: unknown };
      if (token !== undefined) return checkToken(message, token);
      if (require === 'open') return { message: given };
      const namesNobody = message.type === 'identify' && message.userId === undefined && !isNamed(message.traits?.['email']);
      if (require === 'all' && !namesNobody) return { fault: UNSIGNED };
      // Whose it is stands; what it says of them does not.
      if (message.userId === undefined && !namesNobody) return { fault: UNSIGNED };
      return { message: message.type === 'identify' ? { ...message, traits: {} } : message };
    },
  };
}

async function importPublic(pem: string): Promise<{ key: CryptoKey; algorithms: string[] }> {
  for (const algorithm of PUBLIC_ALGORITHMS) {
    try {
      return { key: await importSPKI(pem, algorithm), algorithms: [algorithm] };
    } catch {
      // A key of another kind: the next one may fit.
    }
  }
  throw new TypeError(NO_PUBLIC_KEY);
}

/** The `sub` as a userId is written: numbers become text there too. */
function personIn({ sub }: JsonObject): string | undefined {
  const text = typeof sub === 'number' ? String(sub) : sub;
  return typeof text === 'string' && text.trim() !== '' ? text : undefined;
}

/** Traits are names too: with somebody else's email, or with their anonymous id, a token of one's own would reach what is theirs. */
function withoutNames(given: AcceptedMessage['traits']): JsonObject {
  const { email: _email, anonymous_id: _id, ...traits } = given ?? {};
  return traits;
}

function isNamed(email: unknown): boolean {
  return typeof email === 'string' && email.trim() !== '';
}

const encoder = new TextEncoder();

const BAD_TOKEN: Fault = { code: 'bad_token', message: 'The token of this identify is not signed by this site; ask its server for one.' };
const TOO_LONG_AN_ID: Fault = { code: 'bad_user_id', message: `The "sub" of the token of this identify is the userId, and that has at most ${USER_ID_BYTES} bytes.` };
const EXPIRED: Fault = { code: 'expired_token', message: 'The token of this identify has expired; ask the server for a new one and identify again.' };
const OTHER_PERSON: Fault = { code: 'token_of_another', message: 'The token of this identify is about another person: its "sub" is not the userId.' };
const OTHER_VISITOR: Fault = { code: 'token_of_another', message: 'The token of this identify is for another visitor: its "anonymous_id" is not the anonymousId.' };
const UNSIGNED: Fault = { code: 'unsigned_identify', message: 'This collector takes an identify of a page only with a token from its server: identify({ token }).' };
