import { withoutFragment, type AnyObject, type Client } from '../client/index.js';

/** What a page view says beside its address. */
export interface PageDescription {
  /** The page's name: `Pricing`. */
  name?: string | undefined;
  /** Anything else about it. */
  properties?: AnyObject | undefined;
}

interface View {
  place: string;
  url: string;
}

/** What each client viewed last: kept here, and not in a component, which a framework may mount twice. */
const latest = new WeakMap<object, View>();

/**
 * One page view for each place in succession, whoever tells of it and how often. The referrer of a navigation inside the
 * page is the page before it.
 *
 * @param place the path and the query: what makes it another page
 */
export function viewPage(client: Client, place: string, { name, properties }: PageDescription = {}): void {
  const before = latest.get(client);
  if (before?.place === place) return;
  latest.set(client, { place, url: withoutFragment(location.href) });
  const said = { ...(before && { referrer: before.url }), ...properties };
  void (name ? client.page(name, said) : client.page(said));
}
