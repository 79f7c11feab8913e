import http from 'node:http';
import https from 'node:https';
import { TrackClient } from 'customerio-node';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { MINUTE, NOON } from '../messages.js';
import { SECRET_KEY, servedCollectors, WRITE_KEY, type ServedCollector } from './collector.js';

const serve = servedCollectors();
afterEach(() => vi.restoreAllMocks());

/** The package speaks TLS to port 443 and nothing else: what stands in front of a collector, and takes the TLS off, is this. */
function clientOf({ port }: ServedCollector, key = SECRET_KEY): TrackClient {
  vi.spyOn(https, 'request').mockImplementation(((options: http.RequestOptions, answered: (response: http.IncomingMessage) => void) => {
    expect(options.hostname).toBe('collector.example');
    return http.request({ ...options, protocol: 'http:', hostname: '127.0.0.1', port }, answered);
  }) as typeof https.request);
  return new TrackClient('site', key, { url: 'https://collector.example/api/v1' });
}

describe('customerio-node', () => {
  it('does what the document says a server does: events of a visitor, then a person with that anonymous_id', async () => {
    const collector = await serve();
    const client = clientOf(collector);
    await client.trackAnonymous('48d213bb', { name: 'added_to_cart', data: { product: 'shoes' }, timestamp: NOON / 1000 - 60 });
    expect(await client.identify('019mr8mf4r', { email: 'cool.person@example.com', anonymous_id: '48d213bb' })).toEqual({});
    collector.time += 5 * MINUTE;
    await client.trackAnonymous('48d213bb', { name: 'just_in_time' });
    collector.time += 1;
    await client.trackAnonymous('48d213bb', { name: 'too_late' });

    const { traits, events } = await collector.person('019mr8mf4r');
    expect(traits).toEqual({ email: 'cool.person@example.com', anonymous_id: '48d213bb' });
    expect(events).toMatchObject([
      { name: 'added_to_cart', previouslyAnonymous: true, occurredAt: NOON - MINUTE },
      { name: 'just_in_time', previouslyAnonymous: true },
    ]);
    expect(await collector.activity('&tab=anonymous')).toMatchObject([{ name: 'too_late' }]);
  });

  it('brings in what came too late by the recipe', async () => {
    const collector = await serve();
    const client = clientOf(collector);
    await client.identify('ada', { anonymous_id: 'a' });
    collector.time += 60 * MINUTE;
    await client.trackAnonymous('a', { name: 'added_to_cart', timestamp: NOON / 1000 + 1800 });
    await client.trackAnonymous('b', { name: 'added_to_cart', timestamp: NOON / 1000 + 1800 });
    await client.identify('ada', { anonymous_id: 'b' });
    expect(await collector.person('ada')).toMatchObject({ anonymousIds: ['a', 'b'], traits: { anonymous_id: 'b' }, events: [{ name: 'added_to_cart', anonymousId: 'b', occurredAt: NOON + 30 * MINUTE }] });
  });

  it('is understood in everything else it says', async () => {
    const collector = await serve();
    const client = clientOf(collector);
    await client.identify('ada', { plan: 'pro' });
    await client.track('ada', { name: 'paid', data: { total: 1 } });
    await client.trackPageView('ada', 'https://shop.example/cart');
    await client.addDevice('ada', 'token', 'ios', { last_used: 1, app_version: '2' });
    await client.deleteDevice('ada', 'token');
    await client.trackPush({ event: 'opened', delivery_id: 'd', device_id: 'token', timestamp: 1 });
    await client.identify('old@example.com', {});
    await client.mergeCustomers('id' as never, 'ada', 'email' as never, 'old@example.com');
    await client.suppress('grace');
    await client.track('grace', { name: 'ignored' });
    await client.unsuppress('grace');
    await client.track('grace', { name: 'heeded' });
    expect((await collector.person('ada')).events.map(({ name }) => name)).toEqual(['paid', 'https://shop.example/cart', 'Device Created or Updated', 'Device Deleted']);
    expect(await collector.person('old@example.com')).toMatchObject({ id: 'ada' });
    expect((await collector.person('grace')).events.map(({ name }) => name)).toEqual(['heeded']);
    collector.time += 1;
    await client.destroy('ada');
    await expect(collector.person('ada')).rejects.toThrow('404');
  });

  it('shows its user what is wrong, in our words', async () => {
    const collector = await serve();
    const client = clientOf(collector);
    await expect(client.track('x'.repeat(151), { name: 'it' })).rejects.toMatchObject({ statusCode: 400, message: expect.stringContaining('150 bytes') });
    await expect(client.track('ada', { name: 'it', data: 'red' as never })).rejects.toMatchObject({ statusCode: 400, message: expect.stringContaining('data is an object') });
    for (const key of ['wrong', WRITE_KEY]) {
      await expect(clientOf(collector, key).identify('ada', {})).rejects.toMatchObject({ statusCode: 401, message: expect.stringContaining('secret key') });
    }
    expect(await collector.activity()).toEqual([]);
  });
});
