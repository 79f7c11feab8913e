import { isObject, type JsonObject } from '../wire/index.js';
import { readLoadOptions } from './customer-io.js';
import type { Client, ClientOptions } from './types.js';

const GLOBAL = 'cioanalytics';

/** The array that a page pastes: calls made before this script arrived, each one a method's name and its arguments. */
type Stub = unknown[] & { initialized?: boolean; _writeKey?: string; _loadOptions?: unknown };

/**
 * Puts a client in the place of the page's stub and makes its calls, in the order in which they were made.
 *
 * Does nothing where a client stands already, so that pasting the tag twice tracks nothing twice.
 *
 * @param script the tag that brought this script; its attributes configure the client where the stub does not
 * @param start makes the client
 */
export function takeOver(script: HTMLScriptElement | null, start: (options: ClientOptions) => Client): void {
  const data: DOMStringMap = script?.dataset ?? {};
  const name = data['globalCustomerioAnalyticsKey'] ?? data['global'] ?? GLOBAL;
  const page = globalThis as unknown as JsonObject;
  const found = page[name] as Stub | undefined;
  if (found?.initialized === true) return;

  const stub: Stub = Array.isArray(found) ? found : [];
  const options = optionsFrom(data, stub);
  const client = start(options);
  const methods = client as unknown as JsonObject;
  // A snippet that is pasted once more looks for `initialize`; without it, it puts its stub in our methods' place.
  page[name] = Object.assign(client, { initialize: true });
  // A page may have kept the stub, or one of its methods: what is pushed from now on is called at once.
  stub.push = (...calls) => {
    for (const call of calls) replay(methods, call);
    return 0;
  };
  stub.splice(0).forEach((call) => replay(methods, call));
}

/** `load(KEY, options)` on the stub says it in Customer.io's way, and sends there unless told otherwise; the tag says it in ours. */
function optionsFrom({ writeKey, endpoint }: DOMStringMap, { _writeKey, _loadOptions }: Stub): ClientOptions {
  const options = isObject(_loadOptions) ? _loadOptions : {};
  if (_writeKey) return readLoadOptions({ writeKey: _writeKey }, { ...(endpoint && { endpoint }), ...options });
  return { ...(writeKey && { writeKey }), ...(endpoint && { endpoint }), ...options };
}

function replay(methods: JsonObject, call: unknown): void {
  const [name, ...values] = Array.isArray(call) ? (call as unknown[]) : [];
  const method = typeof name === 'string' ? methods[name] : undefined;
  if (typeof method === 'function') (method as (...args: unknown[]) => unknown)(...values);
  else console.error(`hitherto: there is no method ${String(name)}(); the page called it before this script arrived. That call was dropped.`);
}
