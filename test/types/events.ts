// What must compile, and what must not: `npm run types` fails on a line that does the other thing.
import { type as ark } from 'arktype';
import * as v from 'valibot';
import { z } from 'zod';
import { classic } from '../../src/classic.js';
import { AnalyticsBrowser, createClient, type Client, type Plugin } from '../../src/index.js';
import type { PageDescription } from '../../src/react.js';
import { hithertoDestination } from '../../src/segment.js';

interface Shop {
  addedToCart: { product: string; price?: number };
  searched: { query?: string };
  signedOut: null;
}

const shop = createClient<Shop>({ writeKey: 'KEY', endpoint: 'https://collector.example' });

void shop.track('addedToCart', { product: 'cool-shoes' });
void shop.track('addedToCart', { product: 'cool-shoes', price: 39.95 }, { context: { ip: '1.2.3.4' } }, (context) => context.id);
void shop.track('searched');
void AnalyticsBrowser.load({ writeKey: 'KEY' }).user().then((user) => user.id());
void AnalyticsBrowser.load({ writeKey: 'KEY' }).group().then((group) => group.id());
void shop.track('searched', null, { integrations: { All: false } });
void shop.track('signedOut');
void shop.track({ event: 'addedToCart', properties: { product: 'cool-shoes' } });
void shop.track({ event: 'searched' });

// @ts-expect-error -- there is no such event
void shop.track('addedToBasket', { product: 'cool-shoes' });
// @ts-expect-error -- the product is missing
void shop.track('addedToCart', {});
// @ts-expect-error -- so are all properties
void shop.track('addedToCart');
// @ts-expect-error -- a product is text
void shop.track('addedToCart', { product: 7 });
// @ts-expect-error -- there is no such property
void shop.track('addedToCart', { product: 'cool-shoes', prize: 39.95 });
// @ts-expect-error -- this event has no properties
void shop.track('signedOut', { why: 'late' });
// @ts-expect-error -- there is no such event, in the one-object form either
void shop.track({ event: 'addedToBasket' });
// @ts-expect-error -- the properties are another event's
void shop.track({ event: 'addedToCart', properties: { query: 'shoes' } });
// @ts-expect-error -- the properties are missing
void shop.track({ event: 'addedToCart' });

interface Product { name: string }
declare const product: Product;
const dropIn = AnalyticsBrowser.load({ writeKey: 'KEY' });
// As Customer.io's client takes it: what has the type of an interface has no index signature.
void dropIn.track('viewed', product);
void dropIn.identify('ada', product);
void dropIn.identify(product);
void dropIn.group('acme', product);
void dropIn.page('docs', 'intro', product);
void dropIn.page(product);
void ({ name: 'Product', properties: product } satisfies PageDescription);
AnalyticsBrowser.load({ writeKey: 'KEY' }, { retryQueue: true, obfuscate: true });
declare const id: string | null | undefined;
declare const traits: { email?: string } | undefined;
void dropIn.identify(id);
void dropIn.identify(id, traits);
void dropIn.identify('ada', (context) => context.id);
void dropIn.group(id, traits, (context) => context.id);
void dropIn.alias('ada', { integrations: {} });
void dropIn.page(undefined, 'intro', (context) => context.id);
void dropIn.page(null, id);
void dropIn.track('viewed', (context) => context.id);
void dropIn.track('viewed', product, (context) => context.id);
// A class, there, and so a type as well.
let later: AnalyticsBrowser | undefined;
later = AnalyticsBrowser.load({ writeKey: 'KEY' });
void later;
void createClient().track({ event: 'viewed', properties: product });

const empty = createClient({ events: { signedOut: z.object({}) } });
void empty.track('signedOut');
// oxlint-disable-next-line typescript/no-explicit-any -- as a page may type its events
const loose = createClient<Record<string, any>>();
void loose.track('x', { a: 1 });
// oxlint-disable-next-line typescript/no-explicit-any -- the same
const clicks = createClient<{ clicked: any; left: Record<string, never> }>();
void clicks.track('clicked', { a: 1 });
void clicks.track('left');

const anything = createClient();
void anything.track('whatever', { it: 'is' });
void anything.track('whatever');
void anything.track({ event: 'whatever', properties: { it: 'is' } });
const plain: Client = anything;
void plain.track('whatever');
// @ts-expect-error -- an event has a name
void anything.track();
// @ts-expect-error -- which is text
void anything.track(7);

const schemas = createClient({
  events: {
    addedToCart: z.object({ product: z.string(), price: z.number().optional() }),
    searched: v.object({ query: v.string() }),
    rated: ark({ stars: 'number' }),
  },
});
void schemas.track('addedToCart', { product: 'cool-shoes' });
void schemas.track('searched', { query: 'shoes' });
void schemas.track('rated', { stars: 5 });
// @ts-expect-error -- zod says that a product is text
void schemas.track('addedToCart', { product: 7 });
// @ts-expect-error -- valibot says that there is a query
void schemas.track('searched', {});
// @ts-expect-error -- arktype says that stars are a number
void schemas.track('rated', { stars: 'five' });
// @ts-expect-error -- there is no schema of that name
void schemas.track('bought', {});

void shop.identify('ada', { plan: 'pro' });
void shop.identify(7);
void shop.identify({ plan: 'pro' });
// @ts-expect-error -- an id is text or a number
void shop.identify(true);
// @ts-expect-error -- there is a visitor, or there is none
void shop.consent('perhaps');
void shop.consent({ analytics: true, advertising: false });
// @ts-expect-error -- a purpose is agreed to or not
void shop.consent({ analytics: 'yes' });

const state: 'granted' | 'pending' | 'denied' = shop.consent();
const group: string | null = shop.group().id();
void [state, group];

const plugin: Plugin = { name: 'plan', type: 'enrichment', track: (context: unknown) => context };
void shop.register(plugin);
void shop.register({
  name: 'prices',
  type: 'before',
  load: (_, client) => client.on('reset', () => {}),
  track({ event }) {
    if (event.properties?.price > 100) event.context = { ...event.context, page: { url: event.context?.page.url } };
  },
});
void shop.addSourceMiddleware(({ payload, next }) => {
  if (payload.obj.properties?.path !== '/health') next(payload);
});
// @ts-expect-error -- a plugin has a type
void shop.register({ name: 'plan' });
// @ts-expect-error -- of these five
void shop.register({ name: 'plan', type: 'middleware' });

// Whatever its events are, a client fits the doors.
void [classic(shop), hithertoDestination(shop)];

const loaded = AnalyticsBrowser.load({ writeKey: 'KEY' }, { endpoint: 'https://collector.example' });
loaded.trackLink(null, 'clicked');
async function awaited(): Promise<string | null> {
  const [client] = await loaded;
  return client.user().id();
}
void awaited;
// @ts-expect-error -- a source has a key
AnalyticsBrowser.load({});
