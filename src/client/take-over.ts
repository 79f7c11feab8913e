import { isObject, type JsonObject } from '../wire/index.js';
import { during } from './circumstances.js';
import type { LoadOptions } from './drop-in.js';
import type { Client } from './types.js';

const GLOBAL = 'cioanalytics';

/** What a tag says in its attributes. */
const TEXTS = ['writeKey', 'endpoint', 'consent', 'persistence'];
/** The same, where an attribute without a value is there to say yes. */
const SWITCHES = ['autoPage', 'debug', 'firstPartyCookie', 'globalPrivacyControl', 'doNotTrack'];

/**
 * The array that a page pastes: calls made before this script arrived, each one a method's name and its arguments. Our own
 * snippet also notes when and where each call was made (`at`).
 */
type Stub = unknown[] & { initialized?: boolean; _writeKey?: string; _loadOptions?: unknown; _cdn?: unknown };

export type TagOptions = LoadOptions & { writeKey?: string };

export interface TagSettings {
  writeKey: string;
  cdnURL: unknown;
}

/**
 * Puts a client in the place of the page's stub and makes its calls, in the order in which they were made.
 *
 * Does nothing where a client stands already, so that pasting the tag twice tracks nothing twice.
 *
 * @param script the tag that brought this script; its attributes configure the client where the stub does not
 * @param start makes the client; `settings` are what the page gave to the stub's `load(KEY, options)`, if it called that
 */
export function takeOver(script: HTMLScriptElement | null, start: (options: TagOptions, settings?: TagSettings) => Client): void {
  const data: DOMStringMap = script?.dataset ?? {};
  const name = data['globalCustomerioAnalyticsKey'] ?? data['global'] ?? GLOBAL;
  const page = globalThis as unknown as JsonObject;
  const found = page[name] as Stub | undefined;
  if (found?.initialized === true) return;

  const stub: Stub = Array.isArray(found) ? found : [];
  const client = start(...whatPageSays(data, stub));
  const methods = client as unknown as JsonObject;
  // A page may have kept the stub, or push where it cannot know whether this script is there: that is called at once from now on.
  const push = (...calls: unknown[]): number => {
    for (const call of calls) replay(methods, call);
    return 0;
  };
  // Assigned to, it would throw where a page has frozen what arrays inherit.
  Object.defineProperty(stub, 'push', { value: push });
  // A snippet that is pasted once more looks for `initialize`, ours for `invoked`; without them, it puts its stub in our methods' place.
  page[name] = Object.assign(client, { initialize: true, invoked: true, push });
  stub.splice(0).forEach((call) => replay(methods, call));
}

/** The stub's options come before the tag's. */
function whatPageSays(data: DOMStringMap, { _writeKey, _loadOptions, _cdn }: Stub): [TagOptions, TagSettings?] {
  const options = { ...optionsIn(data), ...(isObject(_loadOptions) ? _loadOptions : {}) };
  return _writeKey ? [options, { writeKey: _writeKey, cdnURL: _cdn }] : [options];
}

function optionsIn(data: DOMStringMap): TagOptions {
  const options: JsonObject = {};
  for (const name of [...TEXTS, ...SWITCHES]) {
    // HTML knows no capitals: data-autoPage arrives as data-autopage.
    const value = data[name] ?? data[name.toLowerCase()];
    if (value !== undefined) options[name] = TEXTS.includes(name) ? value : value !== 'false';
  }
  return options;
}

function replay(methods: JsonObject, call: unknown): void {
  const [name, ...values] = Array.isArray(call) ? (call as unknown[]) : [];
  const method = typeof name === 'string' ? methods[name] : undefined;
  if (typeof method === 'function') during((call as { at?: unknown }).at, () => (method as (...args: unknown[]) => unknown)(...values));
  else console.error(`hitherto: there is no method ${String(name)}(); the page called it before this script arrived. That call was dropped.`);
}
