import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WholeLedger } from '../../src/ledger/index.js';
import { openPostgresLedger } from '../../src/ledger/postgres.js';
import { sqliteLedger } from '../../src/ledger/sqlite.js';
import type { Campaign } from '../../src/engine.js';
import { DAY, HOUR, identify, iso, MINUTE, NOON, track } from './messages.js';
import { postgresServer } from './postgres-server.js';
import { temporaryFolders } from './temporary.js';

type Open = (campaigns?: Campaign[]) => Promise<WholeLedger>;

const makeFolder = temporaryFolders();
const server = postgresServer();
const BASKET = [{ name: 'basket', event: 'added' }];

describe.each<[string, () => Promise<Open>]>([
  [
    'SQLite',
    async () => {
      const file = join(makeFolder(), 'hitherto.db');
      return async (campaigns = BASKET) => sqliteLedger({ file, campaigns });
    },
  ],
  [
    'Postgres',
    async () => {
      const url = await server.newUrl();
      return (campaigns = BASKET) => openPostgresLedger({ url, campaigns });
    },
  ],
])('the triggers of a ledger in %s', (_, makePlace) => {
  let open: Open;
  const opened: WholeLedger[] = [];
  beforeEach(async () => {
    const place = await makePlace();
    open = async (campaigns) => {
      const ledger = await place(campaigns);
      opened.push(ledger);
      return ledger;
    };
  });
  afterEach(() => Promise.all(opened.splice(0).map((ledger) => ledger.close())));

  const take = async (ledger: WholeLedger, owner: string, now = NOON) =>
    (await ledger.triggers.take(owner, { limit: 10, now, leaseMs: MINUTE }))?.map(({ campaign, person, messageId }) => `${campaign}: ${person} ${messageId}`);
  const added = (messageId: string, fields: object = { userId: 'ada' }) => track('added', { messageId, ...fields });

  it('are none of what a person has inherited by the time its merge is restored', async () => {
    const ledger = await open();
    const { administration: admin } = ledger;
    await ledger.append([identify('bob'), identify('ada', { anonymousId: 'v' }), added('before', { anonymousId: 'v' })], { receivedAt: NOON });
    await admin.undoMerge('v', NOON + 1);
    await ledger.append([added('meanwhile', { anonymousId: 'v' })], { receivedAt: NOON + 2 });
    await admin.mergePeople('bob', 'ada', NOON + 3);
    await admin.undoMerge('v', NOON + 4);
    await ledger.triggers.settle(NOON + 5);
    await ledger.append([added('after', { anonymousId: 'v' })], { receivedAt: NOON + 6 });
    expect(await take(ledger, 'me')).toEqual(['basket: ada before', 'basket: bob after']);
  });

  it('are of what came in while its merge was undone, once it is restored', async () => {
    const ledger = await open();
    await ledger.append([identify('bob'), identify('ada', { anonymousId: 'v' })], { receivedAt: NOON });
    await ledger.administration.undoMerge('v', NOON + 1);
    await ledger.append([added('meanwhile', { anonymousId: 'v' })], { receivedAt: NOON + 2 });
    expect(await take(ledger, 'me')).toEqual([]);
    await ledger.administration.undoMerge('v', NOON + 3);
    await ledger.administration.mergePeople('bob', 'ada', NOON + 4);
    expect(await take(ledger, 'me')).toEqual(['basket: ada meanwhile']);
  });

  it('of a preview have the person who would be known', async () => {
    const { append, administration: admin } = await open();
    await append([added('one', { anonymousId: 'v' })], { receivedAt: NOON });
    const people = [];
    for (const id of ['Eve@example.com', 'email:eve@example.com', 'eve']) people.push((await admin.preview(id, 'v', NOON)).triggers.map(({ person }) => person));
    expect(people).toEqual([['email:eve@example.com'], ['email:eve@example.com'], ['eve']]);
  });

  it('stand beside the person who started them, with whether anybody was told', async () => {
    const ledger = await open();
    await ledger.append([added('one')], { receivedAt: NOON });
    const [trigger] = (await ledger.triggers.take('a', { limit: 1, now: NOON, leaseMs: MINUTE }))!;
    await ledger.triggers.delivered([trigger!], NOON);
    await ledger.append([added('two')], { receivedAt: NOON + MINUTE });
    expect((await ledger.standing('ada', NOON + HOUR))?.triggers).toEqual([
      { campaign: 'basket', messageId: 'two', at: NOON + MINUTE, occurredAt: NOON, isDelivered: false },
      { campaign: 'basket', messageId: 'one', at: NOON, occurredAt: NOON, isDelivered: true },
    ]);
  });

  it('go to one who delivers them, until the lease runs out or is given back', async () => {
    const [a, b] = [await open(), await open()];
    await a.append([added('one')], { receivedAt: NOON });
    expect(await take(a, 'a')).toEqual(['basket: ada one']);
    expect(await take(b, 'b')).toBeUndefined();
    expect(await take(a, 'a', NOON + MINUTE - 1)).toEqual(['basket: ada one']);
    expect(await take(b, 'b', NOON + MINUTE)).toBeUndefined();
    expect(await take(b, 'b', NOON + 2 * MINUTE - 1)).toEqual(['basket: ada one']);
    await b.triggers.take('b', { limit: 0, now: NOON + 2 * MINUTE, leaseMs: 0 });
    expect(await take(a, 'a', NOON + 2 * MINUTE)).toEqual(['basket: ada one']);
  });

  it('wait until they are delivered, also for the next who opens it, and whatever is purged meanwhile', async () => {
    const before = await open();
    await before.append([added('one', { anonymousId: 'v' }), identify('ada', { anonymousId: 'v' }), added('two')], { receivedAt: NOON });
    const [first] = (await before.triggers.take('a', { limit: 1, now: NOON, leaseMs: MINUTE }))!;
    await before.triggers.delivered([first!], NOON);
    await before.administration.undoMerge('v', NOON + HOUR);
    await before.administration.purge(NOON + 40 * DAY, 100);
    await before.close();
    expect(await take(await open(), 'b', NOON + 41 * DAY)).toEqual(['basket: ada two']);
  });

  it('do not come out again when a merge is restored', async () => {
    const ledger = await open();
    await ledger.append([added('one', { anonymousId: 'v' }), identify('ada', { anonymousId: 'v' })], { receivedAt: NOON });
    await ledger.triggers.delivered((await ledger.triggers.take('a', { limit: 10, now: NOON, leaseMs: MINUTE }))!, NOON);
    await ledger.administration.undoMerge('v', NOON + HOUR);
    await ledger.administration.undoMerge('v', NOON + 2 * HOUR);
    await ledger.triggers.settle(NOON + 2 * HOUR);
    expect(await take(ledger, 'a')).toEqual([]);
  });

  it('are not those of a person who was deleted', async () => {
    const ledger = await open();
    await ledger.append([added('one'), added('two', { userId: 'bob' })], { receivedAt: NOON });
    await ledger.administration.deletePerson('ada', NOON + 1);
    expect(await take(ledger, 'a')).toEqual(['basket: bob two']);
  });

  it('of somebody who is suppressed wait until they are not, and hold up nobody', async () => {
    const ledger = await open();
    await ledger.append([identify('ada', { anonymousId: 'v' }), added('one'), added('two', { userId: 'bob' }), added('three')], { receivedAt: NOON });
    await ledger.administration.suppress('ada', NOON + 1);
    await ledger.append([added('four', { anonymousId: 'v' })], { receivedAt: NOON + 2 });
    expect(await ledger.triggers.take('a', { limit: 1, now: NOON + 2, leaseMs: MINUTE })).toMatchObject([{ messageId: 'two' }]);
    expect(await take(ledger, 'a')).toEqual(['basket: bob two']);
    await ledger.administration.unsuppress('ada', NOON + 3);
    expect(await take(ledger, 'a')).toEqual(['basket: ada one', 'basket: bob two', 'basket: ada three']);
  });

  it('of a campaign that is new do not go back to what joined long ago', async () => {
    const before = await open([]);
    const at = (hours: number) => ({ timestamp: iso(NOON + hours * HOUR) });
    await before.append([added('long ago', { anonymousId: 'v', ...at(0) }), identify('ada', { anonymousId: 'v', ...at(0) })], { receivedAt: NOON });
    await before.close();
    const after = await open();
    await after.triggers.settle(NOON + 2 * HOUR);
    await after.append([added('now', { userId: 'ada', ...at(2) })], { receivedAt: NOON + 2 * HOUR });
    expect(await take(after, 'a', NOON + 2 * HOUR)).toEqual(['basket: ada now']);
  });
});
