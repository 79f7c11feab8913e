import { AnalyticsBrowser, type Analytics } from '@segment/analytics-next';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hithertoDestination } from '../../../src/integrations/segment.js';
import type { JsonObject } from '../../../src/wire/index.js';
import { client } from './client.js';

let analytics: Analytics;
beforeEach(async () => {
  localStorage.clear();
  for (const pair of document.cookie.split('; ')) document.cookie = `${pair.split('=')[0]}=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT`;
  // What they send themselves goes nowhere.
  vi.stubGlobal('fetch', async () => new Response('{}'));
  const cdnSettings = { integrations: { 'Segment.io': { apiKey: 'SEGMENT-KEY' } } };
  [analytics] = await AnalyticsBrowser.load({ writeKey: 'SEGMENT-KEY', cdnSettings }, { integrations: { 'Segment.io': false } });
  await analytics.register(hithertoDestination(client));
});
afterEach(() => {
  analytics.reset();
  vi.unstubAllGlobals();
});

describe('a page that keeps analytics.js', () => {
  it('gives us its calls, as the messages that they are', async () => {
    const sent = [
      await analytics.track('addedToCart', { product: 'cool-shoes' }, { timestamp: new Date(0), context: { campaign: { name: 'spring', source: 'news', medium: 'email' } } }),
      await analytics.page('Shop', 'Cart', { step: 2 }),
      await analytics.identify('ada', { plan: 'pro' }),
      await analytics.screen('Settings', { dark: true }),
      await analytics.group('acme', { size: 3 }),
      await analytics.alias('ada-2', 'ada'),
    ].map(({ event }) => JSON.parse(JSON.stringify(event)) as Record<string, unknown>);
    expect(client.messages.map(({ type }) => type)).toEqual(['track', 'page', 'identify', 'screen', 'group', 'alias']);
    for (const [i, message] of client.messages.entries()) {
      const { integrations: _, ...theirs } = sent[i]!;
      expect(message).toMatchObject(theirs);
    }
    expect(client.messages[0]).toMatchObject({ timestamp: '1970-01-01T00:00:00.000Z', context: { campaign: { name: 'spring' }, library: { name: 'analytics.js' } } });
  });

  it('has one visitor with us, and one person', async () => {
    await analytics.track('before');
    expect(client.user().anonymousId()).toBe(analytics.user().anonymousId());
    await analytics.identify('ada', { plan: 'pro' });
    await client.track('ours');
    expect(client.messages.at(-1)).toMatchObject({ event: 'ours', userId: 'ada', anonymousId: analytics.user().anonymousId() });
    expect(client).toHaveMerged('before', 'ada');
  });

  it('ends both visits with its reset()', async () => {
    await analytics.identify('ada');
    analytics.reset();
    await client.track('somebody new');
    expect(client.messages.at(-1)).toMatchObject({ userId: null });
    expect(client.user().anonymousId()).not.toBe(client.messages[0]!.anonymousId);
  });

  it('does not keep our own calls from being ours', async () => {
    await client.track('ours', { n: 1 });
    expect(client.messages[0]).toMatchObject({ event: 'ours', properties: { n: 1 }, context: { library: { name: 'hitherto' } } });
  });

  it('gives us nothing after it has let go of us', async () => {
    await analytics.deregister('hitherto');
    await analytics.track('alone');
    const before = client.user().anonymousId();
    analytics.reset();
    expect([client.messages, client.user().anonymousId()]).toEqual([[], before]);
  });

  it('has what the visitor agreed to in their messages as in ours, unless theirs say it themselves', async () => {
    await client.consent({ analytics: true, advertising: false });
    await analytics.track('agreed');
    const theirs = { categoryPreferences: { analytics: false } };
    await analytics.track('of theirs', {}, { context: { consent: theirs } as never });
    expect(client.messages.map(({ context }) => (context as JsonObject)['consent'])).toEqual([{ categoryPreferences: { analytics: true, advertising: false } }, theirs]);
    expect(client.messages[0]).toMatchObject({ context: { library: { name: 'analytics.js' } } });
  });
});
