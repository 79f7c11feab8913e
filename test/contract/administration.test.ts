import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCollector, type Collector } from '../../src/collector/index.js';
import { memoryLedger, type Ledger } from '../../src/ledger/index.js';
import { postgresLedger } from '../../src/ledger/postgres.js';
import { sqliteLedger } from '../../src/ledger/sqlite.js';
import { DAY, HOUR, identify, iso, MINUTE, NOON, SECOND, track } from './messages.js';
import { postgresServer } from './postgres-server.js';
import { temporaryFolders } from './temporary.js';

const makeFolder = temporaryFolders();
const server = postgresServer();
const OPTIONS = { segments: [{ name: 'dear/baskets', event: 'added', atLeast: 2 }] };
const LEDGERS: [string, () => Ledger | Promise<Ledger>][] = [
  ['memory', () => memoryLedger(OPTIONS)],
  ['sqlite', () => sqliteLedger({ file: join(makeFolder(), 'hitherto.db'), ...OPTIONS })],
  ['postgres', async () => postgresLedger({ url: await server.newUrl(), ...OPTIONS })],
];

describe.each(LEDGERS)('the admin API over %s', (_, makeLedger) => {
  let collector: Collector;
  let ledger: Ledger;
  let time: number;
  beforeEach(async () => {
    time = NOON;
    ledger = await makeLedger();
    collector = createCollector({ ledger, writeKeys: ['WK'], secretKeys: ['SECRET'], adminToken: 'ADMIN', now: () => time });
  });
  afterEach(() => collector.close());

  const call = (method: string, path: string, { token = 'ADMIN', body }: { token?: string; body?: unknown } = {}) =>
    collector.fetch(
      new Request(`http://127.0.0.1${path}`, {
        method,
        headers: { Authorization: `Bearer ${token}` },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    );
  const answer = async (...parameters: Parameters<typeof call>) => {
    const response = await call(...parameters);
    return { status: response.status, body: (await response.json()) as object };
  };
  const send = (key: string, ...batch: object[]) =>
    collector.fetch(new Request('http://127.0.0.1/v1/b', { method: 'POST', headers: { Authorization: `Basic ${btoa(`${key}:`)}` }, body: JSON.stringify({ batch }) }));

  it('lets in whoever has the admin token, and nobody else', async () => {
    for (const [method, path] of [
      ['GET', '/api/explain/m'],
      ['GET', '/api/messages/m'],
      ['GET', '/api/preview?person=p&anonymousId=a'],
      ['GET', '/api/segments/s'],
      ['GET', '/api/settings'],
      ['PUT', '/api/settings'],
      ['POST', '/api/people/p/erase'],
      ['POST', '/api/people/p/merge'],
      ['POST', '/api/people/p/suppress'],
      ['POST', '/api/people/p/unsuppress'],
      ['POST', '/api/claims/a/undo'],
    ] as const) {
      for (const token of ['WK', 'SECRET', 'wrong']) expect((await call(method, path, { token })).status).toBe(401);
      expect((await call('DELETE', path)).status).toBe(405);
    }
  });

  it('tells who is in a segment, and how they came in: by what is theirs, also from before they were known', async () => {
    await send('WK', track('added', { anonymousId: 'v', timestamp: iso(NOON - 10 * DAY) }), track('added', { anonymousId: 'v' }), track('added', { userId: 'bob' }));
    expect(await answer('GET', '/api/segments/dear%2Fbaskets')).toEqual({ status: 200, body: { members: [], changes: [] } });
    time += MINUTE;
    await send('WK', identify('ada', { anonymousId: 'v' }));
    expect(await answer('GET', '/api/segments/dear%2Fbaskets')).toEqual({
      status: 200,
      body: { members: ['ada'], changes: [{ at: NOON + MINUTE, person: 'ada', type: 'entered' }] },
    });
    expect(await answer('GET', '/api/segments/nobody')).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  it('explains why a message did not merge', async () => {
    const late = track('late', { anonymousId: 'v/1' });
    await send('WK', identify('ada', { anonymousId: 'v/1' }));
    time += 6 * MINUTE + 3 * SECOND;
    await send('WK', late);
    const detail = 'Its anonymous id was claimed 6 min 3 s before it arrived; the limit is 5 min.';
    expect(await answer('GET', `/api/explain/${late.messageId}?anonymousId=v%2F1`)).toEqual({ status: 200, body: { reason: 'late_window_passed', detail } });
    expect(await answer('GET', '/api/explain/nothing')).toMatchObject({ status: 200, body: { reason: 'unknown' } });
  });

  it('gives a message back with whatever it carried', async () => {
    const added = track('added', { messageId: 'a/b', anonymousId: 'v/1', properties: { product: 'shoes' } });
    await send('WK', added);
    expect(await answer('GET', '/api/messages/a%2Fb?anonymousId=v%2F1')).toMatchObject({ status: 200, body: { event: 'added', properties: { product: 'shoes' } } });
    expect(await answer('GET', '/api/messages/a%2Fb?anonymousId=w')).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await answer('GET', '/api/messages/nothing')).toMatchObject({ status: 404, body: { code: 'not_found', message: 'No message of this id is kept.' } });
  });

  it('says what an identify would do', async () => {
    await send('WK', track('one', { anonymousId: 'v' }));
    expect(await answer('GET', '/api/preview?person=ada&anonymousId=v')).toMatchObject({ status: 200, body: { claims: true, count: 1 } });
    expect(await answer('GET', '/api/preview?person=ada')).toMatchObject({ status: 400, body: { code: 'bad_preview' } });
  });

  it('switches merging', async () => {
    expect(await answer('GET', '/api/settings')).toEqual({ status: 200, body: { anonymousEventMerge: true } });
    expect(await answer('PUT', '/api/settings', { body: { anonymousEventMerge: false } })).toEqual({ status: 200, body: { anonymousEventMerge: false } });
    await send('WK', track('one', { anonymousId: 'v' }), identify('ada', { anonymousId: 'v' }));
    expect(await ledger.person('ada')).toMatchObject({ events: [] });
    for (const body of ['', '[]', {}, { anonymousEventMerge: 'no' }, { anonymousEventMerge: true, more: 1 }]) {
      expect(await answer('PUT', '/api/settings', { body })).toEqual({ status: 400, body: { code: 'bad_settings', message: expect.stringContaining('anonymousEventMerge') as string } });
    }
  });

  it('takes a merge back, and restores it', async () => {
    await send('WK', track('one', { anonymousId: 'v' }), identify('ada', { anonymousId: 'v' }));
    expect(await answer('POST', '/api/claims/v/undo')).toEqual({ status: 200, body: { done: true } });
    expect(await ledger.person('ada')).toMatchObject({ events: [] });
    await call('POST', '/api/claims/v/undo');
    expect(await ledger.person('ada')).toMatchObject({ events: [{ name: 'one' }] });
    expect(await answer('POST', '/api/claims/w/undo')).toMatchObject({ status: 404, body: { code: 'no_merge' } });
  });

  it('erases and suppresses, and tells a page nothing of it', async () => {
    await send('WK', identify('ada', { anonymousId: 'v' }));
    expect(await answer('POST', '/api/people/ada/erase')).toMatchObject({ status: 200 });
    expect(await answer('POST', '/api/people/ada/erase')).toMatchObject({ status: 404, body: { code: 'nobody' } });
    await call('POST', '/api/people/bob/suppress');
    const told = await send('WK', track('one', { userId: 'bob' }));
    expect(await told.json()).toEqual({ success: true, accepted: 1, refused: [], late: [], gzip: true });
    expect(await ledger.person('bob')).toBeUndefined();
    await call('POST', '/api/people/bob/unsuppress');
    await send('WK', track('two', { userId: 'bob' }));
    expect(await ledger.person('bob')).toBeDefined();
  });

  it('merges people for an administrator and for a server, and not for a page', async () => {
    await send('WK', identify('ada'), identify('bob'), identify('eve'));
    expect(await answer('POST', '/api/people/ada/merge', { body: { secondary: 'bob' } })).toMatchObject({ status: 200 });
    expect(await answer('POST', '/api/people/ada/merge', { body: {} })).toMatchObject({ status: 400, body: { code: 'bad_merge' } });
    expect(await answer('POST', '/api/people/ada/merge', { body: { secondary: 'bob' } })).toMatchObject({ status: 409, body: { code: 'same_person' } });
    expect(await ledger.person('bob')).toMatchObject({ id: 'ada' });
    const alias = { type: 'alias', userId: 'ada', previousId: 'eve', anonymousId: 'x' };
    await send('WK', alias);
    expect(await ledger.person('eve')).toMatchObject({ id: 'eve' });
    await send('SECRET', { ...alias, messageId: 'again' });
    expect(await ledger.person('eve')).toMatchObject({ id: 'ada' });
  });

  it('merges people where the alias of a server stands in its batch: behind what is before it, and before what is behind it', async () => {
    const alias = (userId: string, previousId: string) => ({ type: 'alias', userId, previousId, messageId: `${userId} was ${previousId}` });
    const batch = [
      alias('ada', 'nobody yet'),
      { type: 'shout' },
      identify('old', { anonymousId: 'v', traits: { plan: 'pro' } }),
      identify('ada'),
      alias('ada', 'old'),
      alias('ada', 'ada'),
      identify('old', { traits: { city: 'Rome' } }),
      identify('nobody yet'),
      identify('older', { traits: { city: 'Paris' } }),
      alias('old', 'older'),
      track('late', { anonymousId: 'v' }),
    ];
    const answered = await (await send('SECRET', ...batch)).json();
    expect(answered).toEqual({ success: true, accepted: 10, refused: [expect.objectContaining({ index: 1, code: 'unknown_type' })], late: [], gzip: true });
    expect(await ledger.person('older')).toMatchObject({ id: 'ada', traits: { plan: 'pro', city: 'Rome' }, anonymousIds: ['v'], events: [{ name: 'late', previouslyAnonymous: true }] });
    expect(await ledger.person('nobody yet')).toMatchObject({ id: 'nobody yet' });
  });

  it('takes a batch for received at once, however long the aliases in it take', async () => {
    const slow = createCollector({ ledger, writeKeys: ['WK'], secretKeys: ['SECRET'], now: () => time++ });
    const batch = [identify('old'), identify('ada'), { type: 'alias', userId: 'ada', previousId: 'old', messageId: 'alias' }, track('one', { userId: 'ada' })];
    const authorization = { Authorization: `Basic ${btoa('SECRET:')}` };
    await slow.fetch(new Request('http://127.0.0.1/v1/b', { method: 'POST', headers: authorization, body: JSON.stringify({ batch }) }));
    const { items } = await ledger.activity({ limit: 10 });
    expect([items.map(({ type }) => type), new Set(items.map(({ at }) => at)).size]).toEqual([['event', 'alias', 'people_merged', 'identify', 'identify'], 1]);
  });

  it('stores nothing twice and misses no merge when the ledger failed in the midst of a batch', async () => {
    const { append } = ledger;
    const batch = [identify('old'), identify('ada'), { type: 'alias', userId: 'ada', previousId: 'old', messageId: 'alias' }, track('one', { userId: 'old' })];
    let appends = 0;
    ledger.append = async (...parameters) => {
      if (++appends === 2) throw new Error('The disk is full.');
      return append(...parameters);
    };
    expect((await send('SECRET', ...batch)).status).toBe(503);
    expect((await send('SECRET', ...batch)).status).toBe(200);
    ledger.append = append;
    expect(await ledger.person('old')).toMatchObject({ id: 'ada', events: [{ name: 'one' }] });
    expect((await ledger.activity({ limit: 10 })).items.map(({ type }) => type)).toEqual(['event', 'alias', 'people_merged', 'identify', 'identify']);
  });

  it('deletes what has expired, in steps, and nothing else', async () => {
    for (let i = 0; i < 3; i++) await send('WK', ...Array.from({ length: 500 }, (_, n) => track('old', { messageId: `${i}.${n}`, anonymousId: `v${n}` })));
    await send('WK', identify('ada', { anonymousId: 'v0' }));
    time += 30 * DAY + HOUR;
    await send('WK', track('young', { anonymousId: 'w' }));
    expect(await collector.purge()).toBe(1497);
    expect(await collector.purge()).toBe(0);
    expect(await ledger.person('ada')).toMatchObject({ events: [{}, {}, {}] });
  });
});
