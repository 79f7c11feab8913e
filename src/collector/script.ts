import { json, notFound } from './answers.js';
import { shortHash } from './digest.js';
import type { Keys } from './keys.js';

/** The client for a page with a collector, among the pages of this one. */
const CLIENT = '/hitherto.remote.min.js';
/** A page view within this long of another asks nobody; it is also how long a page may lag behind the collector. */
const FRESH_SECONDS = 300;

/**
 * The script at the address that the original's snippet asks for, `/v1/analytics-js/snippet/KEY/analytics.min.js`: our
 * client, set up for that key and for wherever it came from, so that a page changes the snippet's host and nothing else.
 *
 * @param site what gives the script
 */
export async function scriptFor(key: string, keys: Keys, site: (path: string) => Promise<Response | undefined> | Response | undefined): Promise<Response> {
  if (!keys.isWriteKey(key)) return notFound('This collector does not know this write key; use the one it was started with.');
  const file = await site(CLIENT);
  if (!file?.ok) return json(404, NO_SCRIPT);
  const setUp = setUpFor(key);
  const etag = file.headers.get('ETag');
  return new Response(setUp + (await file.text()), {
    headers: {
      'Content-Type': 'text/javascript; charset=utf-8',
      'Cache-Control': `public, max-age=${FRESH_SECONDS}`,
      'Cross-Origin-Resource-Policy': 'cross-origin',
      ...(etag && { ETag: `"${await shortHash(etag + setUp)}"` }),
    },
  });
}

/**
 * Says what the tag did not. The collector is wherever the browser got the script: a host that is told by a request may be
 * that of a proxy in between.
 */
function setUpFor(key: string): string {
  return `(s=>{if(s){let d=s.dataset;d.writeKey??=${JSON.stringify(key)};d.endpoint??=s.src.split("/v1/analytics-js/")[0]}})(globalThis.document?.currentScript);\n`;
}

const NO_SCRIPT = { code: 'not_found', message: 'This collector was mounted without its scripts; give it a site, or serve the script from elsewhere.' };
