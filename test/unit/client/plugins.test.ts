import { describe, expect, it, vi } from 'vitest';
import type { Client, Context, Plugin } from '../../../src/client/index.js';
import { errors, sent, start } from './harness.js';

async function arrived(client: Client): Promise<unknown[]> {
  await client.flush();
  return sent.map(({ event, properties }) => [event, properties]);
}

function plugin(type: Plugin['type'], track: (context: Context) => unknown, more: Partial<Plugin> = {}): Plugin {
  return { name: `${type} plugin`, type, track: track as NonNullable<Plugin['track']>, ...more };
}

describe('a plugin', () => {
  it('changes messages before they are stored, and not what the page gave', async () => {
    const client = start({ plugins: [plugin('enrichment', (context) => context.updateEvent('properties.plan', 'pro'))] });
    const given = { product: 'cool-shoes' };
    const { event, durable } = await client.track('added', given);
    expect(event['properties']).toEqual({ product: 'cool-shoes', plan: 'pro' });
    expect(durable).toBe('stored');
    expect(given).toEqual({ product: 'cool-shoes' });
    expect(await arrived(client)).toEqual([['added', { product: 'cool-shoes', plan: 'pro' }]]);
  });

  it('runs in the order before, enrichment, destination, after; those of one type as they were registered', async () => {
    const order: string[] = [];
    const named = (name: string, type: Plugin['type']): Plugin => plugin(type, () => order.push(name), { name });
    const client = start({ plugins: [named('a', 'after'), named('d', 'destination'), named('e1', 'enrichment'), named('b', 'before'), named('e2', 'enrichment')] });
    await client.track('x');
    await vi.waitFor(() => expect(order).toEqual(['b', 'e1', 'e2', 'd', 'a']));
  });

  it('ends a call by cancelling it, and nothing is stored', async () => {
    const after = vi.fn();
    const client = start({ plugins: [plugin('before', (context) => context.event['event'] === 'secret' && context.cancel('not for us')), plugin('after', after)] });
    const cancelled = await client.track('secret');
    expect(cancelled.durable).toBe('dropped');
    expect(cancelled.failedDelivery()).toMatchObject({ reason: { type: 'plugin_cancellation', reason: 'not for us' } });
    expect(await cancelled.delivered).toEqual({ status: 'dropped' });
    await client.track('public');
    expect(await arrived(client)).toEqual([['public', {}]]);
    expect(after).toHaveBeenCalledTimes(1);
    expect(errors).toEqual([]);
  });

  it('may change one of many, and what stands beside it stays', async () => {
    const client = start({ plugins: [plugin('enrichment', (context) => context.updateEvent('properties.products.1.price', 5))] });
    const { event } = await client.track('added', { products: [{ sku: 'a' }, { sku: 'b' }] });
    expect(event['properties']).toEqual({ products: [{ sku: 'a' }, { sku: 'b', price: 5 }] });
  });

  it('may wait for ready() while it loads', async () => {
    const ready = vi.fn();
    const client = start({ plugins: [plugin('utility', () => {}, { load: (_, client) => void (client as Client).ready(ready) })] });
    await client.ready();
    await vi.waitFor(() => expect(ready).toHaveBeenCalledOnce());
  });

  it.each<[string, () => unknown]>([
    ['throws', () => { throw new Error('of the plugin'); }],
    ['rejects', () => Promise.reject(new Error('of the plugin'))],
  ])('that %s loses nothing, and is told of', async (_, track) => {
    const client = start({ plugins: [plugin('enrichment', track)] });
    await client.track('kept');
    expect(await arrived(client)).toEqual([['kept', {}]]);
    expect(errors).toMatchObject([{ code: 'plugin_failed' }]);
  });

  it('may take its time: calls wait for it in their order', async () => {
    let finish!: () => void;
    const slow = plugin('enrichment', (context) => context.event['event'] === 'first' && new Promise<void>((resolve) => (finish = resolve)));
    const client = start({ plugins: [slow] });
    const calls = [client.track('first'), client.track('second')];
    await client.flush();
    expect(sent).toEqual([]);
    finish();
    await Promise.all(calls);
    expect(await arrived(client)).toEqual([['first', {}], ['second', {}]]);
  });

  it('that never answers holds a call no longer than the timeout', async () => {
    const client = start({ timeout: 5, plugins: [plugin('before', () => new Promise(() => {}))] });
    await client.track('kept');
    expect(await arrived(client)).toEqual([['kept', {}]]);
    expect(errors).toMatchObject([{ code: 'plugin_slow' }]);
  });

  it('that never answers holds each call no longer than that, however many calls and plugins there are', async () => {
    const never = (): unknown => new Promise(() => {});
    const client = start({ timeout: 5, plugins: [plugin('before', never), plugin('enrichment', never)] });
    const calls = ['a', 'b', 'c'].map((event) => client.track(event));
    // Whoever began to wait only now would wait for ever.
    client.timeout(2 ** 30);
    await Promise.all(calls);
    expect(await arrived(client)).toEqual([['a', {}], ['b', {}], ['c', {}]]);
  });

  it('is waited for as long as it takes where that has no end', async () => {
    const client = start({ timeout: Infinity, plugins: [plugin('enrichment', () => new Promise((resolve) => setTimeout(resolve, 5)))] });
    await client.track('a');
    expect(await arrived(client)).toEqual([['a', {}]]);
    expect(errors).toEqual([]);
  });

  it('that does not load is waited for once', async () => {
    let load!: () => void;
    const client = start({ timeout: 5, plugins: [plugin('enrichment', () => {}, { load: () => new Promise<void>((resolve) => (load = resolve)) })] });
    await client.track('first');
    client.timeout(2 ** 30);
    await client.track('second');
    load();
    expect(await arrived(client)).toEqual([['first', {}], ['second', {}]]);
  });

  it('that decides too late decides nothing', async () => {
    let finish!: () => void;
    const client = start({ timeout: 5 });
    await client.addSourceMiddleware(() => new Promise<void>((resolve) => (finish = resolve)));
    const context = await client.track('kept');
    finish();
    await client.flush();
    expect(context.durable).toBe('stored');
    expect(context.failedDelivery()).toBeUndefined();
    expect(await context.delivered).toEqual({ status: 'delivered' });
  });

  it('is not waited for by a page that goes', async () => {
    const never = (): unknown => new Promise(() => {});
    const client = start({ timeout: 60_000, plugins: [plugin('before', never), plugin('enrichment', never)] });
    const calls = [client.track('first'), client.track('last words')];
    dispatchEvent(new PageTransitionEvent('pagehide', { persisted: false }));
    calls.push(client.track('of the page itself, as it goes'));
    for (const call of calls) expect((await call).durable).toBe('stored');
    expect(errors).toEqual([]);
  });

  it('is waited for again by a page that has come back', async () => {
    let finish!: () => void;
    const client = start({ timeout: 60_000, plugins: [plugin('before', () => new Promise<void>((resolve) => (finish = resolve)))] });
    dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
    dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
    const call = client.track('back');
    await client.flush();
    expect(sent).toEqual([]);
    finish();
    await call;
    expect(await arrived(client)).toEqual([['back', {}]]);
  });

  it.each(['load', 'isLoaded'] as const)('is left out where its %s throws at once, and nobody else is', async (method) => {
    const broken = (): never => {
      throw new Error('no network');
    };
    const client = start({ plugins: [plugin('enrichment', () => {}, { name: 'broken', [method]: broken }), plugin('enrichment', () => {}, { name: 'whole' })] });
    await client.ready();
    expect(client.inspect().plugins).toEqual(['whole']);
    expect(errors.map(({ code }) => code)).toEqual(['plugin_failed']);
  });

  it('has something to write on when it comes and goes', async () => {
    const lines: unknown[] = [];
    const write = (context: Context): void => {
      context.log('debug', 'here');
      lines.push(context.logs());
    };
    const client = start({ plugins: [plugin('utility', () => {}, { name: 'writer', load: write, unload: write })] });
    await client.ready();
    await client.deregister('writer');
    expect(lines).toEqual([[{ level: 'debug', message: 'here' }], [{ level: 'debug', message: 'here' }]]);
    expect(errors).toEqual([]);
  });

  it('is waited for while it loads, and left out if that fails', async () => {
    let loaded!: () => void;
    const late = plugin('enrichment', (context) => context.updateEvent('properties.late', true), { name: 'late', isLoaded: () => false, load: () => new Promise<void>((resolve) => (loaded = resolve)) });
    const broken = plugin('enrichment', (context) => context.updateEvent('properties.broken', true), { name: 'broken', load: () => Promise.reject(new Error('no network')) });
    const client = start({ plugins: [late, broken] });
    const call = client.track('early');
    loaded();
    expect((await call).event['properties']).toEqual({ late: true });
    expect(errors).toMatchObject([{ code: 'plugin_failed' }]);
    expect(client.inspect().plugins).toEqual(['late']);
  });

  it('takes the place of another of its name, and goes when it is asked to', async () => {
    const unload = vi.fn();
    const client = start();
    await client.register(plugin('enrichment', (context) => context.updateEvent('properties.v', 1), { name: 'p' }));
    await client.register(plugin('enrichment', (context) => context.updateEvent('properties.v', 2), { name: 'p', unload }));
    await client.track('a');
    await client.deregister('p');
    await client.track('b');
    expect(unload).toHaveBeenCalledTimes(1);
    expect(await arrived(client)).toEqual([['a', { v: 2 }], ['b', {}]]);
  });

  it.each([[null], ['name'], [{}], [{ name: 'p' }], [{ name: 'p', type: 'middle' }]])('is an object with a name and a type, and not %j', async (nonsense) => {
    const client = start({ plugins: [nonsense as unknown as Plugin] });
    await client.track('kept');
    expect(errors).toMatchObject([{ code: 'no_plugin' }]);
    expect(await arrived(client)).toEqual([['kept', {}]]);
  });

  it('counts, measures and writes notes on the message', async () => {
    const client = start({
      plugins: [
        plugin('enrichment', (context) => {
          context.log('info', 'seen', { by: 'me' });
          context.stats.increment('seen');
          context.stats.gauge('size', 7, ['a']);
        }),
      ],
    });
    const context = await client.track('x');
    expect(context.logs()).toEqual([{ level: 'info', message: 'seen', extras: { by: 'me' } }]);
    expect(context.stats.metrics).toEqual([
      { metric: 'seen', value: 1, type: 'counter', tags: [] },
      { metric: 'size', value: 7, type: 'gauge', tags: ['a'] },
    ]);
  });
});

describe('a destination', () => {
  it('gets what a call does not keep from it', async () => {
    const got: unknown[] = [];
    const client = start({ plugins: [plugin('destination', ({ event }) => got.push(event['event']), { name: 'D' })] });
    await client.track('all');
    await client.track('not D', {}, { integrations: { D: false } });
    await client.track('none', {}, { integrations: { All: false } });
    await client.track('only D', {}, { integrations: { All: false, D: true } });
    await vi.waitFor(() => expect(got).toEqual(['all', 'only D']));
    expect((await arrived(client)).map((event) => (event as unknown[])[0])).toEqual(['all', 'not D', 'none', 'only D']);
  });

  it('gets a message of its own through its middleware, or none', async () => {
    const got: unknown[] = [];
    const client = start({ plugins: [plugin('destination', ({ event }) => got.push(event['properties']), { name: 'D' })] });
    await client.addDestinationMiddleware('D', ({ payload, next, integration }) => {
      payload.obj['properties'] = { for: integration };
      if (payload.obj['event'] !== 'skip') next(payload);
    });
    await client.track('x', { a: 1 });
    await client.track('skip');
    await vi.waitFor(() => expect(got).toEqual([{ for: 'D' }]));
    expect(await arrived(client)).toEqual([['x', { a: 1 }], ['skip', {}]]);
  });

  it('is ours too, under its name', async () => {
    const client = start();
    const name = 'Customer.io Data Pipelines';
    await client.addDestinationMiddleware([name], ({ payload, next }) => {
      payload.obj['properties'] = { changed: true };
      next(payload);
    });
    await client.track('x');
    const kept = await client.track('not for the collector', {}, { integrations: { [name]: false } });
    expect(kept.durable).toBe('dropped');
    expect(await arrived(client)).toEqual([['x', { changed: true }]]);
  });
});

describe('a source middleware', () => {
  it('changes messages, may put another in their place, and cancels by not going on', async () => {
    const client = start();
    await client.addSourceMiddleware(({ payload, next, integrations }) => {
      expect(integrations).toEqual({ D: false });
      if (payload.obj['event'] === 'drop') return;
      if (payload.obj['event'] === 'nothing') next(null);
      else next({ obj: { ...payload.obj, properties: { mw: 1 } } });
    });
    const results = [];
    for (const event of ['keep', 'drop', 'nothing']) results.push(await client.track(event, {}, { integrations: { D: false } }));
    expect(results.map(({ durable }) => durable)).toEqual(['stored', 'dropped', 'dropped']);
    expect(await arrived(client)).toEqual([['keep', { mw: 1 }]]);
  });

  it('may think about it', async () => {
    const client = start();
    await client.addSourceMiddleware(async ({ payload, next }) => {
      await Promise.resolve();
      next(payload);
    });
    await client.track('kept');
    expect(await arrived(client)).toEqual([['kept', {}]]);
  });

  it('that throws has decided nothing', async () => {
    const client = start();
    await client.addSourceMiddleware(() => {
      throw new Error('of the page');
    });
    await client.track('kept');
    expect(await arrived(client)).toEqual([['kept', {}]]);
    expect(errors).toMatchObject([{ code: 'plugin_failed' }]);
  });

  it('is a function', async () => {
    const client = start();
    await client.addSourceMiddleware('nonsense' as never);
    await client.track('kept');
    expect(errors).toMatchObject([{ code: 'no_middleware' }]);
    expect(await arrived(client)).toEqual([['kept', {}]]);
  });
});
