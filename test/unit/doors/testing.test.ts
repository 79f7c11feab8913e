import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEngine, createTestClient, startClock, type TestClock } from '../../../src/testing.js';
import { client } from './client.js';

describe('a test client', () => {
  it('has the message when the call returns', () => {
    void client.track('addedToCart', { product: 'cool-shoes' });
    expect(client.messages).toMatchObject([{ type: 'track', event: 'addedToCart', properties: { product: 'cool-shoes' }, userId: null }]);
  });

  it('says nothing in the console, and keeps nothing in the browser', async () => {
    const lines = [vi.spyOn(console, 'info'), vi.spyOn(console, 'error')];
    const before = [document.cookie, localStorage.length];
    const quiet = createTestClient();
    await quiet.ready();
    await quiet.identify('ada');
    expect(await quiet.activity()).toMatchObject([{ type: 'identify', person: 'ada' }]);
    for (const line of lines) expect(line).not.toHaveBeenCalled();
    expect([document.cookie, localStorage.length]).toEqual(before);
    vi.restoreAllMocks();
  });

  it('takes the options of a client: what waits for consent has not happened yet', async () => {
    const strict = createTestClient({ consent: 'pending', plugins: [{ name: 'plan', type: 'enrichment', track: (context) => void (context as { updateEvent(path: string, value: unknown): void }).updateEvent('properties.plan', 'pro') }] });
    void strict.track('asked');
    expect(strict.consent()).toBe('pending');
    expect(strict.messages).toEqual([]);
    await strict.consent('granted');
    expect(strict.messages).toMatchObject([{ properties: { plan: 'pro' } }]);
  });

  it('keeps what the test changes afterwards out of the messages', () => {
    const properties = { tags: ['new'] };
    void client.track('viewed', properties);
    properties.tags.push('changed');
    expect(client.messages[0]!.properties).toEqual({ tags: ['new'] });
  });

  it('forgets its messages, and not whose they are', () => {
    void client.track('before');
    client.clear();
    void client.identify('ada');
    expect(client.messages.map(({ type }) => type)).toEqual(['identify']);
    expect(client).toHaveMerged('before', 'ada');
  });

  it('asks what it starts', () => {
    const shop = createTestClient({ engine: createEngine({ campaigns: [{ name: 'left a cart', event: 'addedToCart' }] }) });
    void shop.track('addedToCart');
    expect(shop.engine.triggers()).toEqual([]);
    void shop.identify('ada');
    expect(shop.engine.triggers()).toMatchObject([{ campaign: 'left a cart', person: 'ada' }]);
  });
});

describe('a clock', () => {
  let clock: TestClock;
  beforeEach(() => {
    clock = startClock('2026-11-25T12:00:00Z');
  });
  afterEach(() => clock.restore());

  it('stands still, and jumps', () => {
    const noon = Date.UTC(2026, 10, 25, 12);
    expect([Date.now(), new Date().getTime(), +new Date(0), clock.now()]).toEqual([noon, noon, 0, noon]);
    expect(clock.jump({ days: 1, hours: 1, minutes: 1, seconds: 1, milliseconds: 1 })).toBe(noon + 90_061_001);
    expect(new Date()).toBeInstanceOf(Date);
    expect(Date()).toContain('2026');
    clock.restore();
    expect(Date.now()).toBeLessThan(Date.parse('2100-01-01'));
    expect(String(Date)).toContain('native');
  });

  it('is one at a time, and begins at a time', () => {
    expect(() => startClock()).toThrow('Another test clock is running. Call its restore() first, in afterEach for example.');
    expect(() => startClock('teatime')).toThrow(TypeError);
  });

  it('dates what happens', () => {
    void client.track('now');
    clock.jump({ minutes: 6 });
    void client.track('later');
    expect(client.messages.map(({ timestamp }) => timestamp)).toEqual(['2026-11-25T12:00:00.000Z', '2026-11-25T12:06:00.000Z']);
  });

  it('shows that 30 days are joined, and 31 are not', () => {
    void client.track('long ago');
    clock.jump({ days: 1 });
    void client.track('a month ago');
    clock.jump({ days: 30 });
    void client.identify('ada');
    expect(client).toHaveMerged('a month ago', 'ada');
    expect(client).not.toHaveMerged('long ago', 'ada');
  });

  it.each([
    [5, true],
    [6, false],
  ])('shows that what another tab held back for %i minutes is joined: %s', (minutes, isJoined) => {
    const other = createTestClient({ engine: client.engine });
    other.setAnonymousId(client.user().anonymousId());
    other.goOffline();
    void other.track('held back');
    void client.identify('ada');
    clock.jump({ minutes });
    expect(other).not.toHaveMerged('held back', 'ada');
    other.goOnline();
    if (isJoined) expect(other).toHaveMerged('held back', 'ada');
    else expect(other).not.toHaveMerged('held back', 'ada');
  });
});

/** What an assertion that fails says. */
function failureOf(assertion: () => void): string {
  try {
    assertion();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('The assertion held.');
}

describe('the assertions', () => {
  beforeEach(() => {
    void client.page('Shop', { step: 1 });
    void client.track('addedToCart', { product: 'cool-shoes', at: { shelf: 3 } });
    void client.identify('ada', { plan: 'pro' });
  });

  it('hold for what was called, with at least these properties', () => {
    expect(client).toHaveTracked('addedToCart');
    expect(client).toHaveTracked('addedToCart', { product: expect.stringContaining('shoes') as string });
    expect(client).toHaveTracked('addedToCart', { at: { shelf: 3 } });
    expect(client).toHaveIdentified('ada', { plan: 'pro' });
    expect(client).toHaveViewed();
    expect(client).toHaveViewed('Shop', { step: 1 });
    expect(client).toHaveMerged('addedToCart', 'ada');
  });

  it('do not hold for anything else', () => {
    expect(client).not.toHaveTracked('Shop');
    expect(client).not.toHaveTracked('addedToCart', { product: 'cool-shoes', at: { shelf: 4 } });
    expect(client).not.toHaveTracked('addedToCart', { missing: true });
    expect(client).not.toHaveIdentified('bob');
    expect(client).not.toHaveViewed('Cart');
    expect(client).not.toHaveMerged('addedToCart', 'bob');
  });

  it('say what was called instead', () => {
    expect(failureOf(() => expect(client).toHaveTracked('bought'))).toBe(
      'Expected the client to track "bought". Its calls were:\npage Shop\ntrack addedToCart\nidentify ada',
    );
    expect(failureOf(() => expect(client).toHaveTracked('addedToCart', { product: 'boots' }))).toMatch(/with the properties .*boots.*\. It did, with other properties:\n.*cool-shoes/s);
    expect(failureOf(() => expect(client).not.toHaveIdentified('ada'))).toBe('Expected the client not to identify "ada"; it did.');
  });

  it('say why an event is somebody else\'s, or nobody\'s', () => {
    expect(failureOf(() => expect(client).toHaveMerged('addedToCart', 'bob'))).toContain(client.engine.explain(client.messages[1]!.messageId).detail);
    expect(failureOf(() => expect(client).toHaveMerged('bought', 'ada'))).toContain('None of that name has arrived.');
  });

  it('are about test clients', () => {
    expect(failureOf(() => expect({}).toHaveTracked('addedToCart'))).toContain('createTestClient()');
  });
});
