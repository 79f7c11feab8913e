import { ANONYMOUS_ID_CHARACTERS } from '../wire/index.js';
import { json, refusal } from './answers.js';
import { readBody } from './body.js';
import type { Keys } from './keys.js';
import { forwardedProtocol } from './settings.js';

/**
 * Beside the cookies that scripts write: this one no script can read, and no browser shortens its life. With the prefix that
 * browsers reserve for it, no neighbour below the same domain can plant one either; it takes TLS.
 */
const NAME = 'hitherto_id';
const NAME_OVER_TLS = `__Host-${NAME}`;
/** As long as the client's own cookies live; browsers cut it to 400 days. */
const MAX_AGE_S = 365 * 24 * 60 * 60;
/** A key and an id; more is nobody's honest request. */
const BODY_BYTES = 2048;

/**
 * `POST /v1/id { writeKey, anonymousId, replace? }`: keeps the visitor's id in a cookie of the collector's own, and answers
 * `{ anonymousId }`: the one that is in the cookie, else the one that was given. `replace` puts the given one in its place, after
 * a reset. `DELETE` forgets it.
 */
export function createFirstPartyCookie(keys: Keys) {
  async function keep(request: Request): Promise<Response> {
    const { body, fault } = await readBody(request, BODY_BYTES);
    if (fault) return refusal(fault.status, fault);
    const { writeKey, anonymousId, replace } = body;
    if (typeof writeKey !== 'string' || !keys.isWriteKey(writeKey)) return refusal(401, UNKNOWN_KEY);
    if (typeof anonymousId !== 'string' || anonymousId.trim() === '' || anonymousId.length > ANONYMOUS_ID_CHARACTERS || HALF_A_PAIR.test(anonymousId)) return refusal(400, NO_ID);
    const id = (replace === true ? undefined : idIn(request)) ?? anonymousId;
    return json(200, { anonymousId: id }, { 'Set-Cookie': cookie(request, encodeURIComponent(id), MAX_AGE_S) });
  }

  return { keep, forget: (request: Request): Response => json(200, {}, { 'Set-Cookie': cookie(request, '', 0) }) };
}

/** Half of a character has no encoding that a cookie could hold. */
const HALF_A_PAIR = /\p{Surrogate}/u;

function idIn(request: Request): string | undefined {
  for (const pair of (request.headers.get('Cookie') ?? '').split(';')) {
    const [name, value] = pair.trim().split('=');
    if (name !== nameFor(request) || !value) continue;
    try {
      const id = decodeURIComponent(value);
      return id.trim() !== '' && id.length <= ANONYMOUS_ID_CHARACTERS ? id : undefined;
    } catch {
      // Not ours, since ours decodes: the visitor is as good as new.
      return undefined;
    }
  }
  return undefined;
}

/** Without `Secure` only where there is no TLS, on a developer's machine: browsers would not keep it. */
function cookie(request: Request, value: string, maxAge: number): string {
  return `${nameFor(request)}=${value}; Max-Age=${maxAge}; Path=/; HttpOnly; SameSite=Lax${isOverTls(request) ? '; Secure' : ''}`;
}

function nameFor(request: Request): string {
  return isOverTls(request) ? NAME_OVER_TLS : NAME;
}

function isOverTls(request: Request): boolean {
  return forwardedProtocol(request) === 'https';
}

const UNKNOWN_KEY = { code: 'unknown_write_key', message: 'This collector does not know this write key; use the one it was started with.' };
const NO_ID = { code: 'bad_anonymous_id', message: 'Send the visitor: { "writeKey": "…", "anonymousId": "…" }.' };
