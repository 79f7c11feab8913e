import { json, notFound } from './answers.js';
import type { Keys } from './keys.js';

/** The name under which the published clients look for where to send. */
const INTEGRATION = 'Customer.io Data Pipelines';

/** What a published client asks for before it sends: where to, which is back here. */
export async function settingsFor(request: Request, key: string, keys: Keys): Promise<Response> {
  if (!(await keys.isWriteKey(key))) return notFound('This collector does not know this write key; use the one it was started with.');
  const { host } = new URL(request.url);
  return json(200, {
    integrations: {
      [INTEGRATION]: { apiKey: key, apiHost: `${host}/v1`, protocol: forwardedProtocol(request) },
    },
  });
}

/**
 * `http` or `https`, as the page sees it. Behind a proxy that speaks TLS the request arrives as plain HTTP. Whoever makes the
 * header up misleads nobody else: no answer that goes by it is cached.
 */
export function forwardedProtocol(request: Request): string {
  const forwarded = /^(https?)\b/i.exec(request.headers.get('X-Forwarded-Proto') ?? '')?.[1]?.toLowerCase();
  return forwarded ?? new URL(request.url).protocol.slice(0, -1);
}
