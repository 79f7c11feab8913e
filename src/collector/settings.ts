import { json, notFound } from './answers.js';
import type { Keys } from './keys.js';

/**
 * The names under which the published clients look for where to send, each at an address of its own: where there are two,
 * these clients fetch code for the other from their own CDN, and wait for that with every call.
 */
export const SETTINGS_PATHS = {
  '/v1/projects/:key/settings': 'Customer.io Data Pipelines',
  // For a page that gives Segment's client the address of the collector, with /v1/segment behind it, as its cdnURL.
  '/v1/segment/v1/projects/:key/settings': 'Segment.io',
};

/** What a published client asks for before it sends: where to, which is back here. */
export function settingsFor(request: Request, key: string, keys: Keys, integration: string): Response {
  if (!keys.isWriteKey(key)) return notFound('This collector does not know this write key; use the one it was started with.');
  const { host } = new URL(request.url);
  return json(200, {
    integrations: {
      [integration]: { apiKey: key, apiHost: `${host}/v1`, protocol: forwardedProtocol(request) },
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
