import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Activity, Client } from '../../src/index.js';
import { forgetEverything, openTab, store, storedEvents } from './page.js';

const DAY_MS = 24 * 60 * 60 * 1_000;

beforeEach(forgetEverything);
afterEach(forgetEverything);

/** A client in a new tab, with the engine in the page. */
async function visit(): Promise<Client> {
  return (await openTab()).createClient();
}

/** Puts a message into the log as if it had been tracked that long ago. */
async function happened(daysAgo: number, message: { messageId: string; type: string; [more: string]: unknown }): Promise<void> {
  const time = Date.now() - daysAgo * DAY_MS;
  const text = JSON.stringify({ anonymousId: 'visitor', timestamp: new Date(time).toISOString(), ...message });
  await store(`${String(time).padStart(15, '0')}.an-older-page/page`, text);
}

async function browse(client: Client): Promise<void> {
  client.page('Home');
  client.track('viewed');
  client.track('addedToCart');
  await client.track('checkedOut');
}

/** What of a log does not depend on when it was asked for. */
const inShort = (log: Activity[]) => log.map(({ type, name, person, previouslyAnonymous, count }) => ({ type, name, person, previouslyAnonymous, count }));

describe('the engine in the page', () => {
  it('says once that events stay in this browser', async () => {
    const tab = await openTab();
    const client = tab.createClient();
    await client.track('a');
    await client.activity();
    expect(tab.lines).toHaveLength(1);
    expect(tab.requests).toEqual([]);
  });

  it('shows what a visitor did as anonymous, newest first', async () => {
    const client = await visit();
    await browse(client);
    expect(inShort(await client.activity())).toMatchObject([{ name: 'checkedOut' }, { name: 'addedToCart' }, { name: 'viewed' }, { type: 'page', name: 'Home' }]);
    expect(await client.activity({ tab: 'identified' })).toEqual([]);
  });

  it('gives four anonymous events to the person who signs in, and says so in one line', async () => {
    const client = await visit();
    await browse(client);
    await client.identify('ada', { email: 'ada@example.com' });
    const log = await client.activity();
    expect(log.filter(({ previouslyAnonymous }) => previouslyAnonymous).map(({ person }) => person)).toEqual(['ada', 'ada', 'ada', 'ada']);
    expect(log.filter(({ type }) => type === 'anon_merge')).toMatchObject([{ person: 'ada', count: 4, anonymousId: client.user().anonymousId() }]);
    expect(await client.activity({ tab: 'anonymous' })).toEqual([]);
  });

  it('says why a message merged, and why one did not', async () => {
    await happened(31, { messageId: 'long-ago', type: 'track', event: 'landed' });
    await happened(2, { messageId: 'lately', type: 'track', event: 'came back' });
    const client = await visit();
    client.setAnonymousId('visitor');
    await client.identify('ada');
    expect(await client.explain('lately')).toMatchObject({ reason: 'merged_retroactively', person: 'ada', detail: expect.stringMatching(/^It happened 2 d .* the limit is 30 d\.$/) });
    expect(await client.explain('long-ago')).toMatchObject({ reason: 'unknown' });
    expect(await client.message('lately')).toMatchObject({ type: 'track', event: 'came back' });
    expect(await client.message('long-ago')).toBeUndefined();
  });

  it('tells listeners when the log has changed', async () => {
    const client = await visit();
    await client.activity();
    const changed = vi.fn<() => void>();
    client.on('activity', changed);
    await client.track('a');
    await vi.waitFor(() => expect(changed).toHaveBeenCalled());
  });

  it('shows the same log at the next page load', async () => {
    const client = await visit();
    await browse(client);
    await client.identify('ada');
    await client.track('after');
    const log = await client.activity();
    expect(log).toHaveLength(7);
    expect(await (await visit()).activity()).toEqual(log);
  });

  it('shows in every tab what the others add', async () => {
    const [one, two] = [await visit(), await visit()];
    await Promise.all([one.activity(), two.activity()]);
    await browse(one);
    await two.identify('ada');
    await vi.waitFor(async () => {
      const log = await one.activity();
      expect(log).toHaveLength(6);
      expect(await two.activity()).toEqual(log);
    });
  });

  it('says that a message is delivered once it is stored', async () => {
    const { delivered } = await (await visit()).track('a');
    await expect(delivered).resolves.toEqual({ status: 'delivered' });
  });
});

describe('the log of the engine', () => {
  it('loses what nobody has claimed in 30 days, and keeps what somebody has', async () => {
    await happened(40, { type: 'track', messageId: 'm1', event: 'claimed' });
    await happened(39, { type: 'identify', messageId: 'm2', userId: 'ada' });
    await happened(31, { type: 'track', messageId: 'm3', event: 'forgotten', anonymousId: 'somebody-else' });
    await happened(29, { type: 'track', messageId: 'm4', event: 'still there', anonymousId: 'somebody-else' });
    const log = await (await visit()).activity();
    expect(log.flatMap(({ name }) => name ?? [])).toEqual(['still there', 'claimed']);
    await vi.waitFor(async () => expect(await storedEvents()).toEqual(['claimed', 'identify', 'still there']));
  });

  it('gives to a person what they did 29 days ago, and not what they did 31 days ago', async () => {
    await happened(31, { type: 'track', messageId: 'm1', event: 'too old' });
    await happened(29, { type: 'track', messageId: 'm2', event: 'old' });
    await store('anonymousId', 'visitor');
    const client = await visit();
    await client.identify('ada');
    expect((await client.activity()).find(({ type }) => type === 'anon_merge')).toMatchObject({ count: 1, person: 'ada' });
  });

  it('is not needed: without a database the engine merges what this page has tracked', async () => {
    const tab = await openTab((window) => {
      vi.spyOn(window.IDBFactory.prototype, 'open').mockImplementation(() => {
        throw new DOMException('blocked', 'SecurityError');
      });
    });
    const client = tab.createClient();
    await browse(client);
    await client.identify('ada');
    expect((await client.activity()).find(({ type }) => type === 'anon_merge')).toMatchObject({ count: 4 });
    expect(tab.errors).toMatchObject([{ code: 'storage_unavailable' }]);
  });
});
