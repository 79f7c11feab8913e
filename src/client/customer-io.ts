import { isObject, type JsonObject } from '../wire/index.js';
import type { ClientOptions } from './types.js';

/** Where Customer.io's own clients send to, unless they are told otherwise. */
const ENDPOINT = 'https://cdp.customer.io';
const INTEGRATION = 'Customer.io Data Pipelines';

/**
 * Reads the options of Customer.io's `load(settings, options)`, so that a page can change the script's address and nothing
 * else. The endpoint is `endpoint`, ours, else the `apiHost` of their integration, else their own.
 */
export function readLoadOptions(settings: unknown, options: unknown): ClientOptions {
  const given = isObject(options) ? options : {};
  const { writeKey } = isObject(settings) ? settings : {};
  return { ...given, writeKey, endpoint: endpointIn(given) } as ClientOptions;
}

function endpointIn(options: JsonObject): string {
  if (typeof options['endpoint'] === 'string') return options['endpoint'];
  const integrations = options['integrations'];
  const integration = isObject(integrations) ? integrations[INTEGRATION] : undefined;
  const { apiHost, protocol = 'https' } = isObject(integration) ? integration : {};
  return typeof apiHost === 'string' ? `${String(protocol)}://${apiHost}` : ENDPOINT;
}
