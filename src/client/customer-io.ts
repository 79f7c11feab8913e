import { isObject, type JsonObject } from '../wire/index.js';
import { readOptions } from './options.js';
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
  /** Whose settings those are; messages may leave under another key. */
  source: string | undefined;
}

/**
 * Reads the arguments of Customer.io's `load(settings, options)`, so that a page can change the script's address and
 * nothing else. The endpoint is `endpoint`, ours, else the `apiHost` of their integration, else where the settings come
 * from, else their own. So it is with the write key: the `apiKey` of their integration, else that of the settings.
 *
 * @param settings `{ writeKey, cdnURL?, cdnSettings?, plugins?, timeout? }`, or the write key alone
 */
export function readLoadOptions(settings: unknown, options: unknown): LoadRequest {
  const given = readOptions(options);
  const { writeKey: key, cdnURL: ownCdn, cdnSettings, plugins, timeout } = readOptions(typeof settings === 'object' ? settings : { writeKey: settings });
  const source = textIn(key);
  const cdnURL = textIn(ownCdn) ?? textIn(given['cdnURL']) ?? ENDPOINT;
  const said = addressIn(cdnSettings ?? given['cdnSettings'], given['integrations']);
  const endpoint = textIn(given['endpoint']) ?? said.endpoint ?? cdnURL;
  const mustAsk = !textIn(given['endpoint']) && !isObject(cdnSettings ?? given['cdnSettings']) && source !== undefined;
  return {
    source,
    options: {
      timeout,
      ...given,
      ...(plugins !== undefined && { plugins: [plugins, given['plugins'] ?? []] }),
      ...readPersistence(given),
      ...readSwitches(given),
      writeKey: said.writeKey ?? source,
      endpoint,
    } as ClientOptions,
    ...(mustAsk && { cdnURL: cdnURL.replace(/\/+$/, '') }),
  };
}

/** Where settings send to, and under which key, with what the page says about the same integration over it. */
export function addressIn(settings: unknown, overrides: unknown): { endpoint: string | undefined; writeKey: string | undefined } {
  const [fetched, own] = [(settings as Given)?.['integrations'], overrides].map((integrations) => (integrations as Given)?.[INTEGRATION] as Given);
  const { apiHost, protocol = 'https', apiKey } = { ...fetched, ...own };
  return { endpoint: typeof apiHost === 'string' ? `${String(protocol)}://${apiHost}` : undefined, writeKey: textIn(apiKey) };
}

/** Whatever it is, it is data: its keys can be read. */
type Given = JsonObject | null | undefined;

/** To the original the visitor's id is of the user: where that is not to be kept, neither is the id, nor what carries it. */
function readPersistence({ disableClientPersistence, persistence, user }: JsonObject): JsonObject {
  const isUserKept = !isObject(user) || (user['persist'] !== false && user['disable'] !== true);
  if (disableClientPersistence === true || (persistence === undefined && !isUserKept)) return { persistence: 'memory' };
  return persistence === undefined ? {} : { persistence };
}

/** Where all are off and theirs is not named, nothing is sent: the original does not even start what sends. */
function readSwitches({ integrations }: JsonObject): JsonObject {
  const isOff = isObject(integrations) && integrations['All'] === false && !integrations[INTEGRATION];
  return isOff ? { integrations: { ...integrations, [INTEGRATION]: false } } : {};
}

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value ? value : undefined;
}
