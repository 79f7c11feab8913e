import { Analytics as CustomerIo } from '@customerio/cdp-analytics-node';
import { Analytics as Segment } from '@segment/analytics-node';
import { describe, expect, it } from 'vitest';
import { DAY, MINUTE, NOON } from '../messages.js';
import { SECRET_KEY, servedCollectors, WRITE_KEY, type ServedCollector } from './collector.js';

const serve = servedCollectors();

/** What both packages have in common, as far as these tests call it. */
type Client = Pick<CustomerIo, 'track' | 'identify' | 'page' | 'screen' | 'group' | 'alias' | 'closeAndFlush' | 'on'>;

const CLIENTS: [string, (collector: ServedCollector, writeKey?: string) => Client][] = [
  ['@customerio/cdp-analytics-node', ({ url }, writeKey = WRITE_KEY) => new CustomerIo({ writeKey, host: url, flushInterval: 50 })],
  ['@segment/analytics-node', ({ url }, writeKey = WRITE_KEY) => new Segment({ writeKey, host: url, flushInterval: 50 }) as unknown as Client],
];
const CART = { anonymousId: '48d213bb-95c3-4f8d-af97-86b2b404dcfe', event: 'added_to_cart', properties: { product: 'shoes', revenue: 39.95, qty: 1, size: 9 } };
const PERSON = { userId: '019mr8mf4r', anonymousId: CART.anonymousId, traits: { first_name: 'Cool', last_name: 'Person', email: 'cool.person@example.com', purchases: 0 } };

describe.each(CLIENTS)('%s', (_, createClient) => {
  /** What a server process says in one go, all of it delivered when this returns. */
  async function say(collector: ServedCollector, calls: (client: Client) => void, writeKey?: string): Promise<unknown[]> {
    const errors: unknown[] = [];
    const client = createClient(collector, writeKey);
    client.on('error', (error: unknown) => errors.push(error));
    calls(client);
    await client.closeAndFlush({ timeout: 20_000 });
    return errors;
  }

  it('is understood: every call is there, once, with what was said', async () => {
    const collector = await serve();
    expect(
      await say(collector, (client) => {
        client.track({ userId: 'ada', event: 'paid', properties: { total: 39.95 }, timestamp: new Date(NOON - MINUTE) });
        client.identify({ userId: 'ada', traits: { email: 'ada@example.com' } });
        client.page({ userId: 'ada', category: 'Shop', name: 'Shoes', properties: { url: 'https://shop.example/shoes' } });
        client.screen({ userId: 'ada', name: 'Cart' });
        client.group({ userId: 'ada', groupId: 'acme', traits: { name: 'Acme' } });
        client.track({ anonymousId: 'v', event: 'seen' });
      }),
    ).toEqual([]);
    expect(new Set(collector.requests)).toEqual(new Set(['POST /v1/batch']));
    const log = (await collector.activity()).map(({ type, name, person = null }) => [name ?? type, person]).reverse();
    expect(log).toEqual([['paid', 'ada'], ['identify', 'ada'], ['Shoes', 'ada'], ['Cart', 'ada'], ['acme', 'ada'], ['seen', null]]);
    expect(await collector.person('ada')).toMatchObject({ traits: { email: 'ada@example.com' }, events: [{ name: 'paid', occurredAt: NOON - MINUTE }, { name: 'Shoes' }, { name: 'Cart' }] });
  });

  it("does what the document says a server does: track with an anonymousId, then identify with both ids", async () => {
    const collector = await serve();
    await say(collector, (client) => client.track(CART));
    expect(await collector.activity('&tab=anonymous')).toMatchObject([{ name: 'added_to_cart' }]);
    collector.time += 20 * DAY;
    await say(collector, (client) => client.identify(PERSON));

    const { traits, anonymousIds, events } = await collector.person(PERSON.userId);
    expect([traits, anonymousIds]).toEqual([{ ...PERSON.traits, anonymous_id: PERSON.anonymousId }, [PERSON.anonymousId]]);
    expect(events).toMatchObject([{ name: 'added_to_cart', previouslyAnonymous: true, canTrigger: false }]);
    const [merge] = await collector.activity(`&person=${PERSON.userId}`);
    expect(merge).toMatchObject({ type: 'anon_merge', anonymousId: CART.anonymousId, count: 1, oldest: Math.floor(events[0]!.occurredAt / 1000) });
  });

  it('joins what comes late, for five minutes and not a millisecond more', async () => {
    const collector = await serve();
    await say(collector, (client) => client.identify(PERSON));
    collector.time += 5 * MINUTE;
    await say(collector, (client) => client.track({ ...CART, event: 'just_in_time' }));
    collector.time += 1;
    await say(collector, (client) => client.track({ ...CART, event: 'too_late' }));
    expect((await collector.person(PERSON.userId)).events.map(({ name }) => name)).toEqual(['just_in_time']);
    expect(await collector.activity('&tab=anonymous')).toMatchObject([{ name: 'too_late' }]);
  });

  it('brings in what came too late by the recipe: again under a new anonymous id, then an identify that names it', async () => {
    const collector = await serve();
    await say(collector, (client) => client.identify(PERSON));
    const happenedAt = new Date(NOON + 6 * MINUTE);
    collector.time = NOON + 7 * MINUTE;
    await say(collector, (client) => client.track({ ...CART, timestamp: happenedAt, messageId: 'late' }));
    // Naming the old id once more is no use.
    await say(collector, (client) => client.identify(PERSON));
    expect((await collector.person(PERSON.userId)).events).toEqual([]);

    collector.time = NOON + 60 * MINUTE;
    await say(collector, (client) => {
      client.track({ ...CART, anonymousId: 'new-id', timestamp: happenedAt, messageId: 'late' });
      client.identify({ ...PERSON, anonymousId: 'new-id' });
    });
    const { events, anonymousIds } = await collector.person(PERSON.userId);
    expect(events).toMatchObject([{ name: 'added_to_cart', anonymousId: 'new-id', occurredAt: happenedAt.getTime(), previouslyAnonymous: true, canTrigger: true }]);
    expect(anonymousIds).toEqual([PERSON.anonymousId, 'new-id']);
    // The old copy stays anonymous: nothing counts twice.
    expect(await collector.activity('&tab=anonymous')).toMatchObject([{ messageId: 'late', anonymousId: CART.anonymousId }]);
  });

  it('does not get an anonymous id that somebody has', async () => {
    const collector = await serve();
    await say(collector, (client) => client.track(CART));
    await say(collector, (client) => client.identify(PERSON));
    await say(collector, (client) => client.identify({ ...PERSON, userId: 'somebody-else', traits: { plan: 'pro' } }));
    expect(await collector.person('somebody-else')).toMatchObject({ traits: { plan: 'pro' }, anonymousIds: [], events: [] });
  });

  it('with a secret key, its alias makes two people one; with the write key it does not', async () => {
    const collector = await serve();
    await say(collector, (client) => {
      client.track({ userId: 'old', event: 'seen' });
      client.identify({ userId: 'new' });
    });
    await say(collector, (client) => client.alias({ userId: 'new', previousId: 'old' }));
    expect((await collector.person('new')).events).toEqual([]);
    await say(collector, (client) => client.alias({ userId: 'new', previousId: 'old' }), SECRET_KEY);
    expect(await collector.person('old')).toMatchObject({ id: 'new', events: [{ name: 'seen' }] });
  });

  it('sends again what the collector could not take, and it is there once', async () => {
    const collector = await serve();
    collector.failNext(503);
    expect(await say(collector, (client) => client.track({ ...CART, event: 'once' }))).toEqual([]);
    expect(collector.requests.length).toBe(2);
    expect(await collector.activity()).toMatchObject([{ name: 'once' }]);
  });

  it('stores nothing with a key that nobody knows', async () => {
    const collector = await serve();
    await say(collector, (client) => client.track(CART), 'other');
    expect(await collector.activity()).toEqual([]);
  });
});
