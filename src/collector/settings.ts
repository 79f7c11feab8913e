import { json, notFound } from './answers.js';
import type { Keys } from './keys.js';

/** The name under which the published clients look for where to send. */
const INTEGRATION = 'Customer.io Data Pipelines';

/** What a published client asks for before it sends: where to, which is back here. */
export function settingsFor(request: Request, key: string, keys: Keys): Response {
  if (!keys.isWriteKey(key)) return notFound('This collector does not know this write key; use the one it was started with.');
  const { host, protocol } = new URL(request.url);
  // Behind a proxy that speaks TLS the request arrives as plain HTTP. Whoever makes the header up misleads nobody else: the
  // answer is not cached.
  const forwarded = /^(https?)\b/i.exec(request.headers.get('X-Forwarded-Proto') ?? '')?.[1]?.toLowerCase();
  return json(200, {
    integrations: {
      [INTEGRATION]: { apiKey: key, apiHost: `${host}/v1`, protocol: forwarded ?? protocol.slice(0, -1) },
    },
  });
}
