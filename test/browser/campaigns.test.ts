import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StartedCampaign } from '../../src/campaigns.js';
import type { Client } from '../../src/index.js';
import { COLLECTOR, forgetEverything, openTab, store, type Tab } from './page.js';

const HOUR_MS = 60 * 60 * 1_000;
const CAMPAIGNS = [{ name: 'basket', event: 'added' }, { name: 'dear basket', event: 'added', where: { price: { gt: 100 } } }];

beforeEach(forgetEverything);
afterEach(forgetEverything);

/** A client that watches for campaigns, and what they have started. */
function watching(tab: Tab, onStart: (started: StartedCampaign) => void = () => {}): { client: Client; started: string[] } {
  const started: string[] = [];
  const campaigns = tab.watchCampaigns(CAMPAIGNS, (one) => {
    started.push(`${one.campaign}: ${one.person} ${String(one.properties['price'])}`);
    onStart(one);
  });
  return { client: tab.createClient({ campaigns }), started };
}

/** Puts an event into the log as if it had been tracked that long ago. */
async function added(hoursAgo: number, price: number): Promise<void> {
  const time = Date.now() - hoursAgo * HOUR_MS;
  const message = { anonymousId: 'visitor', type: 'track', event: 'added', messageId: `m${price}`, properties: { price }, timestamp: new Date(time).toISOString() };
  await store(`${String(time).padStart(15, '0')}.an-older-page/page`, JSON.stringify(message));
}

describe('campaigns in the page', () => {
  it('start nothing for a visitor, and what they did in the last 72 hours when they sign in: in order, once', async () => {
    await added(73, 1);
    await added(2, 3);
    await added(71, 200);
    const { client, started } = watching(await openTab());
    client.setAnonymousId('visitor');
    await client.track('added', { price: 4 });
    await client.activity();
    expect(started).toEqual([]);
    await client.identify('ada');
    await vi.waitFor(() => expect(started).toEqual(['basket: ada 200', 'dear basket: ada 200', 'basket: ada 3', 'basket: ada 4']));
    await client.track('added', { price: 5 });
    await client.track('seen', { price: 6 });
    await vi.waitFor(() => expect(started.slice(4)).toEqual(['basket: ada 5']));
  });

  it('tell what was done, and when', async () => {
    const told: StartedCampaign[] = [];
    const { client } = watching(await openTab(), (one) => told.push(one));
    client.identify('ada');
    const { id, event } = await client.track('added', { price: 4 });
    await vi.waitFor(() => expect(told).toHaveLength(1));
    const { occurredAt, ...rest } = told[0]!;
    expect(rest).toEqual({ campaign: 'basket', person: 'ada', messageId: id, event: 'added', properties: { price: 4 } });
    expect(occurredAt.toISOString()).toBe(event['timestamp']);
  });

  it('start once, however many tabs are open and whenever the next one is opened', async () => {
    const [a, b] = await Promise.all([openTab(), openTab()]).then((tabs) => tabs.map((tab) => watching(tab)));
    await Promise.all([a!.client.activity(), b!.client.activity()]);
    await a!.client.identify('ada');
    for (let price = 0; price < 10; price++) await [a, b][price % 2]!.client.track('added', { price });
    const all = () => [...a!.started, ...b!.started].sort();
    const expected = Array.from({ length: 10 }, (_, price) => `basket: ada ${price}`);
    await vi.waitFor(() => expect(all()).toEqual(expected));

    const c = watching(await openTab());
    await c.client.track('added', { price: 10 });
    await vi.waitFor(() => expect([...all(), ...c.started]).toContain('basket: ada 10'));
    expect([...all(), ...c.started].sort()).toEqual([...expected, 'basket: ada 10'].sort());
  });

  it('start nothing for what had joined before anybody watched', async () => {
    const before = (await openTab()).createClient();
    before.identify('ada');
    await before.track('added', { price: 1 });
    const { client, started } = watching(await openTab());
    await client.track('added', { price: 2 });
    await vi.waitFor(() => expect(started).toEqual(['basket: ada 2']));
  });

  it('go on when the page throws, and when localStorage is blocked', async () => {
    const errors: unknown[] = [];
    const tab = await openTab((window) => {
      window.addEventListener('error', (event) => errors.push(event.error) && event.preventDefault());
      Object.defineProperty(window, 'localStorage', { get: () => { throw new DOMException('blocked', 'SecurityError'); } });
    });
    const { client, started } = watching(tab, () => {
      throw new Error('the page is at fault');
    });
    client.identify('ada');
    await client.track('added', { price: 1 });
    await client.track('added', { price: 2 });
    await vi.waitFor(() => expect(started).toEqual(['basket: ada 1', 'basket: ada 2']));
    await vi.waitFor(() => expect(errors).toMatchObject([{ message: 'the page is at fault' }, { message: 'the page is at fault' }]));
  });

  it('say at once what is wrong with them', async () => {
    const { watchCampaigns } = await openTab();
    expect(() => watchCampaigns([{ name: 'basket' } as never], () => {})).toThrow('campaigns[0].event');
  });

  it('are the collector\'s where there is one, and say so', async () => {
    const tab = await openTab();
    tab.createClient({ ...COLLECTOR, campaigns: tab.watchCampaigns(CAMPAIGNS, () => {}) });
    expect(tab.errors).toMatchObject([{ code: 'no_engine', message: expect.stringContaining('a collector has its own') as string }]);
  });
});
