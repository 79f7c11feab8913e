import { legible, readable, type JsonObject } from '../wire/index.js';

/**
 * What a page configures, as far as it can be read: copied, so that nothing in it can throw later (a getter, a revoked Proxy).
 * What has functions of the page's own stays as it is given, and is handled with care.
 */
export function readOptions(given: unknown): JsonObject {
  const { plugins, events, useQueryString, onError, scrub, campaigns, ...data } = readable(given as JsonObject);
  return Object.assign(legible(data), { plugins, events, useQueryString, onError, scrub, campaigns });
}
