import { LedgerError, type ActivityQuery, type Ledger } from '../ledger/index.js';
import type { Fault } from '../wire/index.js';
import { json, notFound } from './answers.js';
import { shortHash } from './digest.js';
import { bearerToken, createSecrets } from './keys.js';
import { PAGE_LINES, PAGE_LINES_MAX, PAGE_PEOPLE, PAGE_PEOPLE_MAX } from './limits.js';
import type { Rates } from './rate.js';

/** Lets through whoever has the admin token; answers everybody else, and whoever guesses does not get far. */
export function createAdminGate(adminToken: string | undefined, rates: Rates, addressOf: (request: Request) => string | undefined): (request: Request) => Promise<Response | undefined> {
  const isToken = createSecrets(adminToken === undefined ? [] : [adminToken]);
  return async (request) => {
    if (adminToken === undefined) {
      return json(403, { code: 'no_admin_token', message: 'This collector has no admin token, so nobody may read it; start it with one.' });
    }
    const address = addressOf(request);
    const guesser = await rates.guesser(address);
    if (guesser) return guesser;
    const token = bearerToken(request);
    if (token !== undefined && isToken(token)) return undefined;
    await rates.mistake(address);
    const fault = { code: 'unknown_admin_token', message: 'Send the admin token, as in "Authorization: Bearer TOKEN".' };
    return json(401, fault, { 'WWW-Authenticate': 'Bearer realm="hitherto"' });
  };
}

/** `GET /api/activity`: the log, a page at a time. Its ETag stands still while nothing was stored, so that polling is cheap. */
export async function answerActivity(request: Request, ledger: Ledger): Promise<Response> {
  const { searchParams } = new URL(request.url);
  const { query, fault } = readQuery(searchParams);
  if (fault) return json(400, fault);
  // Before the page, so that what comes in between changes the next tag and not this one.
  const etag = `"${await shortHash(`${await ledger.version()}?${JSON.stringify(query)}`)}"`;
  try {
    // Whoever knows the page is spared it, and the ledger too.
    const isKnown = request.headers.get('If-None-Match') === etag;
    return json(200, isKnown ? null : await ledger.activity(query), { ETag: etag });
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'bad_cursor') return json(400, { code: error.code, message: error.message });
    throw error;
  }
}

/** `GET /api/people/:id`. */
export async function answerPerson(id: string, ledger: Ledger): Promise<Response> {
  const person = await ledger.person(id);
  return person ? json(200, person) : notFound('Nobody is known by this id.');
}

/** `GET /api/people/:id/standing`. */
export async function answerStanding(id: string, ledger: Ledger, now: number): Promise<Response> {
  if (!ledger.standing) return json(501, { code: 'no_standing', message: 'The ledger of this collector knows neither segments nor campaigns.' });
  const standing = await ledger.standing(id, now);
  return standing ? json(200, standing) : notFound('Nobody is known by this id.');
}

/** `GET /api/people`. */
export async function answerPeople(request: Request, ledger: Ledger): Promise<Response> {
  if (!ledger.people) return json(501, { code: 'no_people', message: 'The ledger of this collector cannot list people; read /api/people/ID.' });
  const { searchParams } = new URL(request.url);
  const { limit, fault } = readLimit(searchParams, PAGE_PEOPLE, PAGE_PEOPLE_MAX);
  if (fault) return json(400, fault);
  const search = searchParams.get('search') || undefined;
  const before = searchParams.get('before') || undefined;
  return json(200, await ledger.people({ limit, ...(search !== undefined && { search }), ...(before !== undefined && { before }) }));
}

function readLimit(parameters: URLSearchParams, usual: number, most: number): { limit: number; fault?: never } | { fault: Fault; limit?: never } {
  const limit = parameters.get('limit') || String(usual);
  if (/^\d{1,4}$/.test(limit) && Number(limit) >= 1 && Number(limit) <= most) return { limit: Number(limit) };
  return { fault: { code: 'bad_limit', message: `limit is a whole number from 1 to ${most}.` } };
}

function readQuery(parameters: URLSearchParams): { query: ActivityQuery; fault?: never } | { fault: Fault; query?: never } {
  const tab = parameters.get('tab') || undefined;
  if (tab !== undefined && tab !== 'identified' && tab !== 'anonymous') {
    return { fault: { code: 'bad_tab', message: 'tab is "identified", "anonymous", or left out for both.' } };
  }
  const { limit, fault } = readLimit(parameters, PAGE_LINES, PAGE_LINES_MAX);
  if (fault) return { fault };
  const since = parameters.get('since') || undefined;
  if (!isTime(since)) return { fault: { code: 'bad_since', message: 'since is a time in milliseconds, as in Date.now().' } };
  const until = parameters.get('until') || undefined;
  if (!isTime(until)) return { fault: { code: 'bad_until', message: 'until is a time in milliseconds, as in Date.now().' } };
  const name = parameters.get('name') || undefined;
  const anonymousId = parameters.get('anonymousId') || undefined;
  const person = parameters.get('person') || undefined;
  const before = parameters.get('before') || undefined;
  return {
    query: {
      limit,
      ...(tab !== undefined && { tab }),
      ...(person !== undefined && { person }),
      ...(before !== undefined && { before }),
      ...(name !== undefined && { name }),
      ...(anonymousId !== undefined && { anonymousId }),
      ...(since !== undefined && { since: Number(since) }),
      ...(until !== undefined && { until: Number(until) }),
    },
  };
}

function isTime(text: string | undefined): boolean {
  return text === undefined || /^\d{1,15}$/.test(text);
}
