import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { classic, takeOverClassic, type Classic } from '../../../src/integrations/classic.js';
import { sent, start } from '../client/harness.js';

const page = globalThis as { _cio?: unknown };

let cio: Classic;
let arrive: () => Promise<unknown[]>;
beforeEach(() => {
  const client = start({ scrub: ['token'] });
  cio = classic(client);
  arrive = async () => {
    await client.flush();
    return sent.map(({ type, event, name, userId, traits }) => [event ?? name ?? type, userId, traits]);
  };
});

describe('_cio.page()', () => {
  it('without a name says the page\'s address, without its fragment and what is scrubbed', async () => {
    history.replaceState(null, '', '/cart?token=secret&step=2#access_token=secret');
    cio.page();
    expect(await arrive()).toEqual([['http://127.0.0.1/cart?step=2', null, undefined]]);
    expect(JSON.stringify(sent)).not.toContain('secret');
  });
});

describe('_cio', () => {
  it('tells what it cannot read, and makes every other call', async () => {
    const consoleError = vi.spyOn(console, 'error').mockImplementation(() => {});
    const { proxy: revoked, revoke } = Proxy.revocable({}, {});
    revoke();
    const getter = { id: 'bob', get secret(): never { throw new Error('of the page'); } };
    for (const name of ['identify', 'sidentify', 'track', 'page', 'on', 'off', 'push'] as const) (cio as unknown as Record<string, (value: unknown) => void>)[name]!(revoked);
    cio.track('with', revoked);
    cio.push(revoked, ['track', 'through push'], [revoked], Object.create(null));
    expect(consoleError.mock.calls.length).toBeGreaterThanOrEqual(6);
    cio.identify(getter);
    cio.identify({ id: 'ada', plan: 'pro' });
    expect(await arrive()).toEqual([['through push', null, undefined], ['identify', 'ada', { plan: 'pro' }]]);
  });
});

describe('the tag of the classic script', () => {
  afterEach(() => {
    delete page._cio;
  });

  it.each([[undefined, 1], ['', 1], ['true', 1], ['false', 0]])('with data-auto-track-page %j makes %i page views', async (autoTrackPage, views) => {
    const client = start();
    takeOverClassic({ siteId: 'SITE', autoTrackPage }, () => client);
    await client.flush();
    expect(sent.map(({ type }) => type)).toEqual(Array(views).fill('page'));
  });

  it('has every method of the array in whose place it stands, load() too', () => {
    const consoleError = vi.spyOn(console, 'error').mockImplementation(() => {});
    page._cio = [['load', 'SITE', {}]];
    takeOverClassic({ siteId: 'SITE' }, () => start());
    const taken = page._cio as unknown as Record<string, (...values: unknown[]) => void>;
    for (const name of ['load', 'identify', 'sidentify', 'track', 'page', 'on', 'off', 'reset']) taken[name]!();
    expect(consoleError.mock.calls.filter(([line]) => String(line).includes('_cio'))).toEqual([]);
  });
});
