import { json } from './answers.js';
import { forwardedProtocol } from './settings.js';

/** Which pages may talk to the collector. */
export interface Cors {
  /** Lets a request through, or answers it: a preflight, or a page that may not send. */
  gate(request: Request): Response | undefined;
  /** The headers by which the page that asked may read the answer. */
  headers(request: Request): Record<string, string>;
}

const MAY_ASK = {
  'Access-Control-Allow-Methods': 'GET, POST, OPTIONS',
  'Access-Control-Allow-Headers': 'Authorization, Content-Encoding, Content-Type, X-Strict-Mode',
  // A day; browsers that allow less take what they allow.
  'Access-Control-Max-Age': '86400',
};

/** Of the headers, a page of another origin gets to see only those that are named. */
const MAY_READ = { 'Access-Control-Expose-Headers': 'Retry-After' };

/**
 * For what takes messages in. Without a list any page may send: the write key is public anyway, and there are no credentials to
 * misuse.
 */
export function createCors(allowedOrigins: string[] | undefined): Cors {
  const isAllowed = allowedOrigins && originsIn(allowedOrigins);

  function headers(request: Request): Record<string, string> {
    if (!isAllowed) return { 'Access-Control-Allow-Origin': '*', ...MAY_READ };
    const origin = request.headers.get('Origin');
    return { Vary: 'Origin', ...(origin !== null && isAllowed(origin) && { 'Access-Control-Allow-Origin': origin, ...MAY_READ }) };
  }

  return {
    headers,
    gate(request) {
      const origin = request.headers.get('Origin');
      // Servers send no Origin; a browser always does when it posts to another one.
      if (isAllowed && origin !== null && !isAllowed(origin) && origin !== ownOrigin(request)) return json(403, NOT_ALLOWED, headers(request));
      return request.method === 'OPTIONS' ? new Response(null, { status: 204, headers: { ...headers(request), ...MAY_ASK } }) : undefined;
    },
  };
}

/**
 * For what goes by a cookie: only the pages that are named, and with credentials.
 */
export function createCredentialedCors(allowedOrigins: string[] | undefined): Cors {
  const isAllowed = originsIn(allowedOrigins ?? []);

  function headers(request: Request): Record<string, string> {
    const origin = request.headers.get('Origin');
    if (origin === null || !isAllowed(origin)) return { Vary: 'Origin' };
    return { Vary: 'Origin', 'Access-Control-Allow-Origin': origin, 'Access-Control-Allow-Credentials': 'true' };
  }

  return {
    headers,
    gate(request) {
      const origin = request.headers.get('Origin');
      if (origin === null || !isAllowed(origin)) return json(403, NOT_ALLOWED, headers(request));
      const methods = { 'Access-Control-Allow-Methods': 'POST, DELETE, OPTIONS' };
      return request.method === 'OPTIONS' ? new Response(null, { status: 204, headers: { ...headers(request), ...MAY_ASK, ...methods } }) : undefined;
    },
  };
}

/** That of the collector's own pages, whatever stands in front of it. */
function ownOrigin(request: Request): string {
  return `${forwardedProtocol(request)}://${new URL(request.url).host}`;
}

/** An origin, `https://shop.example`, or `https://*.shop.example` for all of its subdomains. */
function originsIn(named: string[]): (origin: string) => boolean {
  // As a browser writes them: in small letters, without the port that goes without saying.
  const list = named.map((origin) => new URL(origin).origin);
  const exact = new Set(list.filter((origin) => !origin.includes('*')));
  const families = list.filter((origin) => origin.includes('://*.')).map((origin) => origin.split('*') as [string, string]);
  return (origin) => exact.has(origin) || families.some(([scheme, domain]) => origin.startsWith(scheme) && origin.endsWith(domain));
}

const NOT_ALLOWED = {
  success: false,
  code: 'origin_not_allowed',
  message: 'Pages of this origin may not send to this collector; whoever runs it adds the origin to --allow-origin.',
};
