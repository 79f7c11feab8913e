import type { JsonObject } from '../wire/index.js';
import type { Client } from './types.js';

/** Which ids of an address are heeded. */
export interface QueryRules {
  /** Of `ajs_aid`, the anonymous id. */
  aid?: RegExp;
  /** Of `ajs_uid`, the person's id. */
  uid?: RegExp;
}

/**
 * Does what an address says: `ajs_aid` is the visitor, `ajs_uid` the person with the traits `ajs_trait_*`, `ajs_event` an event
 * with the properties `ajs_prop_*`.
 */
export function followQuery(search: string, rules: true | QueryRules, client: Pick<Client, 'setAnonymousId' | 'identify' | 'track'>): void {
  const parameters = new URLSearchParams(search);
  const patterns = rules as QueryRules;
  const { ajs_aid: aid, ajs_uid: uid, ajs_event: event } = Object.fromEntries(parameters);
  if (aid && matches(aid, patterns.aid)) client.setAnonymousId(aid);
  if (uid && matches(uid, patterns.uid)) void client.identify(uid, named(parameters, 'ajs_trait_'));
  if (event) void client.track(event, named(parameters, 'ajs_prop_'));
}

function matches(id: string, pattern: RegExp | undefined): boolean {
  return !(pattern instanceof RegExp) || id.search(pattern) >= 0;
}

function named(parameters: URLSearchParams, prefix: string): JsonObject {
  return Object.fromEntries([...parameters].flatMap(([key, value]) => (key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [])));
}
