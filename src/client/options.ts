import { legible, readable, type JsonObject } from '../wire/index.js';

/** Not data: each has functions of the page's own, which are called with care. */
const AS_GIVEN = /plugins|events|useQueryString/;

/** What a page configures, as far as it can be read: copied, so that nothing in it can throw later (a getter, a revoked Proxy). */
export function readOptions(given: unknown): JsonObject {
  return Object.fromEntries(Object.entries(readable(given as JsonObject)).map(([name, value]) => [name, AS_GIVEN.test(name) ? value : legible(value)]));
}
