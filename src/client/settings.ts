import { isObject, type JsonObject } from '../wire/index.js';
import type { Settings } from './connection.js';
import { addressIn } from './customer-io.js';
import { within } from './within.js';

/** A workspace that does not say in time where its messages go gets them where the page says. */
const WAIT_MS = 1_000;

/**
 * Asks a workspace for its settings, as Customer.io's client does; what it says about where to send is heeded. Always
 * resolves, and soon: a request that fails, hangs or comes back as a captive portal's page holds nothing up for long.
 *
 * @param integrations what the page says over it
 */
export async function fetchSettings(cdnURL: string, writeKey: string, integrations: unknown): Promise<Settings> {
  const fetched = await within(WAIT_MS, request(`${cdnURL}/v1/projects/${encodeURIComponent(writeKey)}/settings`));
  return fetched ? { fetched, ...addressIn(fetched, integrations) } : {};
}

async function request(url: string): Promise<JsonObject | undefined> {
  try {
    const settings: unknown = await (await fetch(url)).json();
    return isObject(settings) ? settings : undefined;
  } catch {
    // Offline, blocked, not JSON: the page's own word holds.
    return undefined;
  }
}
