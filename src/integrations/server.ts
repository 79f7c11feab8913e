import { idIn, legacyIds, newId, type CookieOptions } from '../client/index.js';

/** A request of Node's own server. */
export interface NodeRequest {
  headers: { cookie?: string | undefined };
}

/** A response of Node's own server. */
export interface NodeResponse {
  /** Adds a header beside those of its name. */
  appendHeader(name: string, value: string): unknown;
}

/** Options of {@link visitorOf}: the same ones that the page gives to `createClient`. */
export interface VisitorOptions {
  /**
   * How the cookie is written. On a site with subdomains say `domain`, as in `shop.example`: the page finds the widest
   * one by trying, a server cannot.
   */
  cookie?: CookieOptions;
  /** `cookie.key` is the name of the cookie with the person's id. @defaultValue `ajs_user_id` */
  user?: { cookie?: { key?: string } };
}

/** Whose request it is: the ids that the client in the page knows too. */
export interface Visitor {
  /** The visitor; minted where no cookie says. */
  readonly anonymousId: string;
  /** The person, where the page has identified them in this browser. Anybody can write a cookie: not a proof of who it is. */
  readonly userId: string | undefined;
  /** No cookie said who it is. */
  readonly isNew: boolean;
  /** The line for `Set-Cookie`, or `undefined` where the browser has what it needs. */
  readonly setCookie: string | undefined;
  /** Adds it to a response, where there is one. Only once the visitor may be tracked. */
  keep(response: Headers | { headers: Headers } | NodeResponse): void;
}

/** The name that the client writes, and Segment's and Customer.io's clients too. */
const ANONYMOUS_ID = 'ajs_anonymous_id';
const DAY_SECONDS = 86_400;
/** What a collector takes as an anonymous id. */
const ID_LIMIT = 255;

/**
 * Reads whose request it is, from the cookies that the client in the page writes; for somebody new it mints the id that
 * the page goes on with. Older clients' cookies count too, as in the page.
 *
 * @param request a `Request`, its headers, or a request of Node's own server
 * @example
 * ```ts
 * const visitor = visitorOf(request);
 * const headers = new Headers({ 'content-type': 'text/html; charset=utf-8' });
 * visitor.keep(headers);
 * return new Response(html, { headers });
 * ```
 */
export function visitorOf(request: Headers | { headers: Headers } | NodeRequest, { cookie: attributes = {}, user }: VisitorOptions = {}): Visitor {
  const cookies = cookiesIn(headerOf(request));
  const known = validIdIn(cookies.get(ANONYMOUS_ID));
  const older = legacyIds((name) => cookies.get(name));
  const anonymousId = known ?? validId(older.anonymousId) ?? newId();
  // Written again at each visit, a cookie lasts a year from the last one. Not where the page may have put it on a wider
  // domain: then there would be two, and after a logout they would disagree.
  const setCookie = known === undefined || attributes.domain ? cookieLine(anonymousId, attributes) : undefined;

  return {
    anonymousId,
    userId: validIdIn(cookies.get(user?.cookie?.key ?? 'ajs_user_id')) ?? (known === undefined ? validId(older.userId) : undefined),
    isNew: known === undefined && older.anonymousId === undefined,
    setCookie,
    keep(response) {
      if (setCookie === undefined) return;
      if ('appendHeader' in response) response.appendHeader('Set-Cookie', setCookie);
      else ('headers' in response ? response.headers : response).append('Set-Cookie', setCookie);
    },
  };
}

function headerOf(request: Headers | { headers: Headers } | NodeRequest): string {
  const headers = 'headers' in request ? request.headers : request;
  return ('get' in headers && typeof headers.get === 'function' ? headers.get('cookie') : (headers as NodeRequest['headers']).cookie) ?? '';
}

/** Of several with one name the last one stands: the youngest, which is the page's own after a logout. */
function cookiesIn(header: string): Map<string, string> {
  return new Map(
    header.split(';').flatMap((pair) => {
      const [name = '', ...value] = pair.split('=');
      return value.length > 0 ? [[name.trim(), decoded(value.join('=').trim())] as const] : [];
    }),
  );
}

function decoded(value: string): string {
  const text = value.replace(/^"(.*)"$/, '$1');
  try {
    return decodeURIComponent(text);
  } catch {
    // Somebody else wrote it, as it is.
    return text;
  }
}

function validIdIn(cookie: string | undefined): string | undefined {
  return validId(idIn(cookie));
}

function validId(value: string | undefined): string | undefined {
  return value?.trim() && value.length <= ID_LIMIT ? value : undefined;
}

/** As the client writes it: the page has to read it, so it is not HttpOnly. */
function cookieLine(anonymousId: string, { maxage = 365, domain, path = '/', secure = false, sameSite = 'Lax' }: CookieOptions): string {
  return [
    `${ANONYMOUS_ID}=${encodeURIComponent(anonymousId)}`,
    `Max-Age=${maxage * DAY_SECONDS}`,
    ...(domain ? [`Domain=${domain}`] : []),
    `Path=${path}`,
    `SameSite=${sameSite}`,
    ...(secure ? ['Secure'] : []),
  ].join('; ');
}
