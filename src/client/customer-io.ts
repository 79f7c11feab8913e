import { isObject, type JsonObject } from '../wire/index.js';
import type { ClientOptions } from './types.js';

/** Where Customer.io's own clients ask for settings, and send to, unless they are told otherwise. */
const ENDPOINT = 'https://cdp.customer.io';
/** The name of their own destination, in settings and in a call's `integrations`. */
export const INTEGRATION = 'Customer.io Data Pipelines';

/** What a page gives to Customer.io's `load(settings, options)`, in our words. */
export interface LoadRequest {
  options: ClientOptions;
  /** Where to ask for settings; absent when there is no need to. */
  cdnURL?: string;
}

/**
 * Reads the arguments of Customer.io's `load(settings, options)`, so that a page can change the script's address and
 * nothing else. The endpoint is `endpoint`, ours, else the `apiHost` of their integration, else where the settings come
 * from, else their own.
 *
 * @param settings `{ writeKey, cdnURL?, cdnSettings? }`, or the write key alone
 */
export function readLoadOptions(settings: unknown, options: unknown): LoadRequest {
  const given: JsonObject = isObject(options) ? options : {};
  const { writeKey: key, cdnURL: ownCdn, cdnSettings } = isObject(settings) ? settings : { writeKey: settings };
  const writeKey = textIn(key);
  const cdnURL = textIn(ownCdn) ?? textIn(given['cdnURL']) ?? ENDPOINT;
  const known = endpointIn(cdnSettings ?? given['cdnSettings'], given['integrations']);
  const endpoint = textIn(given['endpoint']) ?? known ?? cdnURL;
  const mustAsk = !textIn(given['endpoint']) && !isObject(cdnSettings ?? given['cdnSettings']) && writeKey !== undefined;
  return {
    options: { ...given, ...readPersistence(given), writeKey, endpoint } as ClientOptions,
    ...(mustAsk && { cdnURL: cdnURL.replace(/\/+$/, '') }),
  };
}

/** The endpoint in settings, with what the page says about the same integration over it. */
export function endpointIn(settings: unknown, overrides: unknown): string | undefined {
  const integration = { ...integrationIn(isObject(settings) && settings['integrations']), ...integrationIn(overrides) };
  const { apiHost, protocol = 'https' } = integration;
  return typeof apiHost === 'string' ? `${String(protocol)}://${apiHost}` : undefined;
}

function integrationIn(integrations: unknown): JsonObject {
  const integration = isObject(integrations) ? integrations[INTEGRATION] : undefined;
  return isObject(integration) ? integration : {};
}

function readPersistence({ disableClientPersistence, persistence }: JsonObject): JsonObject {
  return disableClientPersistence === true ? { persistence: 'memory' } : persistence === undefined ? {} : { persistence };
}

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value ? value : undefined;
}
