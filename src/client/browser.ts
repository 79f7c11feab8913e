import { startClient } from './client.js';
import { readLoadOptions } from './customer-io.js';
import type { Client, ClientOptions } from './types.js';

/** What is given first to `load`. */
export interface LoadSettings {
  /** Names the source. */
  writeKey: string;
}

/** What is given second to `load`. */
export interface LoadOptions extends Omit<ClientOptions, 'writeKey'> {
  /** `{ 'Customer.io Data Pipelines': { apiHost: 'collector.example/v1', protocol: 'https' } }`: the endpoint in Customer.io's words. */
  integrations?: Record<string, unknown>;
}

/** A client that can also be awaited, for the client itself: `const [client] = await AnalyticsBrowser.load({ writeKey })`. */
export type LoadedClient = Client & PromiseLike<[client: Client, context: undefined]>;

/**
 * The drop-in for Customer.io's `AnalyticsBrowser`, over the same client. Sends to Customer.io unless told otherwise.
 *
 * @example
 * ```ts
 * const analytics = AnalyticsBrowser.load({ writeKey: 'KEY' }, { endpoint: 'https://collector.example' });
 * analytics.track('addedToCart', { product: 'cool-shoes' });
 * ```
 */
export const AnalyticsBrowser = {
  load(settings: LoadSettings, options: LoadOptions = {}): LoadedClient {
    const client = startClient(readLoadOptions(settings, options));
    // The client in the result is another object: a promise that resolved with a thenable would wait for it for ever.
    const loaded: LoadedClient = {
      ...client,
      // oxlint-disable-next-line unicorn/no-thenable -- the original is awaited by its users
      then: (fulfilled, rejected) => client.ready().then((): [Client, undefined] => [client, undefined]).then(fulfilled, rejected),
    };
    return loaded;
  },
};
