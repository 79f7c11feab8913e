import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createCollector } from '../../src/collector/index.js';
import type { AcceptedMessage } from '../../src/wire/index.js';
import { MIGRATIONS } from '../../src/ledger/postgres/schema.js';
import { bucketOf } from '../../src/ledger/sql/bucket.js';
import { isPassing, PLANNER, refuseOldServer } from '../../src/ledger/postgres/connection.js';
import { COMMIT, STATEMENTS } from '../../src/ledger/postgres/statements.js';
import { openLedger, type Surroundings } from '../../src/ledger/postgres/open.js';
import { parseOptions } from '../../src/ledger/sql/ledger.js';
import { openPostgresLedger, postgresLedger, type LedgerError, type LedgerOptions, type WholeLedger } from '../../src/ledger/postgres.js';
import { describeLedger, nameOf } from './ledger.js';
import { MADE_UP_CITUS } from './made-up-citus.js';
import { identify, MINUTE, NOON, track } from './messages.js';
import { postgresServer, type PostgresServer } from './postgres-server.js';
import { severingProxy } from './severing-proxy.js';

const { CITUS_URL } = process.env;

const SERVERS = [
  { name: 'in Postgres', server: () => postgresServer(), isCluster: false },
  { name: 'in Postgres, written as in a cluster', server: () => postgresServer('', MADE_UP_CITUS), isCluster: true },
  ...(CITUS_URL ? [{ name: 'in a Citus cluster', server: () => postgresServer(CITUS_URL), isCluster: true }] : []),
];

describe.each(SERVERS)('$name', ({ name, server, isCluster }) => {
  describePostgres(name, server(), isCluster);
});

function describePostgres(name: string, server: PostgresServer, isCluster: boolean): void {
  const opened: WholeLedger[] = [];
  afterEach(() => Promise.all(opened.splice(0).map((ledger) => ledger.close())));

  async function open(url: string, options: LedgerOptions = {}, surroundings: Surroundings = {}): Promise<WholeLedger> {
    const ledger = await openLedger(url, parseOptions(options), surroundings);
    opened.push(ledger);
    return ledger;
  }
  const openMany = (url: string, count: number): Promise<WholeLedger[]> => Promise.all(Array.from({ length: count }, () => open(url)));
  /** As a hitherto left them that knew of no cluster. */
  const createTables = (url: string, version: number): Promise<unknown> =>
    server.admin().begin(async (sql) => {
      await sql.unsafe(`SET LOCAL search_path = ${schemaIn(url)}`);
      for (const migration of MIGRATIONS.slice(0, version)) await sql.unsafe(migration);
      await sql.unsafe('CREATE TABLE hitherto_migrations (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())');
      await sql.unsafe(`INSERT INTO hitherto_migrations SELECT generate_series(1, ${version})`);
    });
  const linesOf = async (ledger: WholeLedger): Promise<string[]> => (await ledger.activity({ limit: 1000 })).items.map(nameOf);

  describeLedger(name, async () => postgresLedger({ url: await server.newUrl() }));

  describe(`the ledger ${name}, shared`, () => {
    it('keeps everything until it is opened again', async () => {
      const url = await server.newUrl();
      const before = await open(url);
      const late = track('late', { anonymousId: 'v' });
      await before.append([track('one', { anonymousId: 'v' }), identify('ada', { anonymousId: 'v', traits: { plan: 'pro' } })], { receivedAt: NOON });
      await before.append([late], { receivedAt: NOON + 6 * MINUTE });
      const kept = [await before.activity({ limit: 100 }), await before.person('ada')];
      await before.close();

      const after = await open(url);
      expect([await after.activity({ limit: 100 }), await after.person('ada')]).toEqual(kept);
      expect(await after.append([late], { receivedAt: NOON + 7 * MINUTE })).toMatchObject([{ status: 'duplicate', isLate: true }]);
      await after.append([track('behind a slow clock', { anonymousId: 'w' })], { receivedAt: NOON });
      expect((await after.activity({ limit: 1 })).items).toMatchObject([{ name: 'behind a slow clock', at: NOON + 6 * MINUTE }]);
    });

    it('shows every collector what the others have stored', async () => {
      const [a, b] = await openMany(await server.newUrl(), 2);
      const message = track('one', { anonymousId: 'v' });
      await a!.append([message], { receivedAt: NOON });
      const version = await b!.version();
      expect(await b!.append([message], { receivedAt: NOON })).toMatchObject([{ status: 'duplicate' }]);
      await b!.append([identify('ada', { anonymousId: 'v' })], { receivedAt: NOON + 1 });
      expect(await a!.person('ada')).toMatchObject({ anonymousIds: ['v'], events: [{ name: 'one', previouslyAnonymous: true }] });
      expect(await a!.version()).toBe(await b!.version());
      expect(await a!.version()).not.toBe(version);
      expect(await linesOf(a!)).toEqual(['anon_merge v', 'identify', 'one']);
    });

    it('does not take an anonymous id away from whom it went to first, however slow the clock of the second', async () => {
      const [a, b] = await openMany(await server.newUrl(), 2);
      await a!.append([identify('ada', { anonymousId: 'v' })], { receivedAt: NOON });
      expect(await b!.append([identify('bob', { anonymousId: 'v' })], { receivedAt: NOON - MINUTE })).toMatchObject([{ warnings: ['anonymous_id_in_use'] }]);
      expect(await a!.person('ada')).toMatchObject({ anonymousIds: ['v'] });
      expect(await linesOf(b!)).toEqual(['failed_attribute_change', 'identify', 'identify']);
    });

    it('goes by the time of arrival, whoever wrote it, and pages so', async () => {
      const [a, b] = await openMany(await server.newUrl(), 2);
      for (let i = 0; i < 6; i++) await [b, a][i % 2]!.append([track(`e${i}`, { userId: 'ada' })], { receivedAt: NOON + i });
      const walked: string[] = [];
      for (let before: string | undefined; ; ) {
        const { items, next } = await a!.activity({ limit: 2, ...(before && { before }) });
        walked.push(...items.map(nameOf));
        if (next === null) break;
        before = next;
      }
      expect(walked).toEqual(['e5', 'e4', 'e3', 'e2', 'e1', 'e0']);
    });

    it('gives an anonymous id to exactly one of ten people who ask at once', async () => {
      const ledgers = await openMany(await server.newUrl(), 10);
      for (let round = 0; round < 5; round++) {
        const outcomes = await Promise.all(
          ledgers.map((ledger, index) => ledger.append([identify(`p${index}`, { anonymousId: `v${round}` }), track('after', { anonymousId: `v${round}` })], { receivedAt: NOON })),
        );
        expect(outcomes.flat().every(({ status }) => status === 'stored')).toBe(true);
        const refused = outcomes.filter(([first]) => 'warnings' in first! && first.warnings.includes('anonymous_id_in_use'));
        expect(refused).toHaveLength(9);
        const people = await Promise.all(ledgers.map((ledger, index) => ledger.person(`p${index}`)));
        expect(people.filter((person) => person?.anonymousIds.includes(`v${round}`))).toHaveLength(1);
      }
    });

    it('holds nine connections at most, however much is asked at once', async () => {
      const url = new URL(await server.newUrl());
      const applicationName = randomUUID();
      url.searchParams.set('application_name', applicationName);
      const ledger = await open(url.href);
      ledger.watch!(() => {});
      const asked = Array.from({ length: 40 }, (_, i) => [ledger.append([identify(`p${i}`, { anonymousId: `v${i}` })], { receivedAt: NOON }), ledger.person(`p${i}`), ledger.version()]);
      await Promise.all(asked.flat());
      const held = async () => (await server.admin()<{ count: number }[]>`SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = ${applicationName}`)[0]!.count;
      // None of them is given back, so that there were never more.
      await expect.poll(held).toBe(9);
    });

    it('makes an email the name of one of ten people who give it at once', async () => {
      const ledgers = await openMany(await server.newUrl(), 10);
      for (let round = 0; round < 5; round++) {
        const email = `e${round}@example.com`;
        const outcomes = await Promise.all(ledgers.map((ledger, index) => ledger.append([identify(`p${round}.${index}`, { traits: { email } })], { receivedAt: NOON })));
        expect(outcomes.flat().every(({ status }) => status === 'stored')).toBe(true);
        // Whoever was first has it, and nobody else became somebody else's name who was known before.
        const holder = await ledgers[0]!.person(`email:${email}`);
        expect(holder?.id).toMatch(new RegExp(`^p${round}\\.\\d$`));
        const seen = await Promise.all(ledgers.map((ledger) => ledger.person(`email:${email}`)));
        expect(new Set(seen.map((person) => person?.id))).toEqual(new Set([holder!.id]));
      }
    });

    it('never links names in a circle, however many are linked at once', async () => {
      const ledgers = await openMany(await server.newUrl(), 8);
      const names = ['a', 'b', 'c'];
      for (let round = 0; round < 10; round++) {
        const own = names.map((name) => `email:${name}${round}@example.com`);
        await Promise.all(
          ledgers.map((ledger, index) => {
            const [from, to] = [own[index % 3]!, own[(index + 1 + (index % 2)) % 3]!];
            // An id that looks like an email's name may be given, by mistake or on purpose.
            return ledger.append([identify(from, { traits: { email: to.slice('email:'.length) } })], { receivedAt: NOON });
          }),
        );
        // A circle would be followed for ever.
        const people = await Promise.all(own.map((name) => ledgers[0]!.person(name)));
        expect(people.every((person) => person && own.includes(person.id))).toBe(true);
      }
    });

    it('keeps nothing of a person behind their suppression, whatever is on its way', async () => {
      const url = await server.newUrl();
      const held = heldUp();
      const [a, b] = await Promise.all([open(url, {}, held.surroundings), open(url)]);
      await b.append([identify('ada')], { receivedAt: NOON });
      const appended = a.append([track('meanwhile', { userId: 'ada' })], { receivedAt: NOON + MINUTE });
      await held.isDecided;
      expect(await b.administration.suppress('ada', NOON)).toEqual({ done: true });
      held.letGo();
      expect(await appended).toMatchObject([{ status: 'dropped', code: 'suppressed' }]);
      expect((await a.activity({ limit: 10, person: 'ada' })).items.map(nameOf)).toEqual(['person_suppressed', 'identify']);
    });

    it('starts a campaign once for an event and its claim that are stored at once', async () => {
      const campaigns = [{ name: 'basket', event: 'added' }];
      const url = await server.newUrl();
      const [a, b] = await Promise.all([open(url, { campaigns }), open(url, { campaigns })]);
      const rounds = Array.from({ length: 30 }, (_, i) => `v${i}`);
      for (const anonymousId of rounds) {
        await Promise.all([
          a.append([track('added', { messageId: anonymousId, anonymousId })], { receivedAt: NOON }),
          b.append([identify(`person of ${anonymousId}`, { anonymousId })], { receivedAt: NOON }),
        ]);
      }
      // Neither may have seen the other.
      await a.triggers.settle(NOON + 5 * MINUTE);
      await b.triggers.settle(NOON + 10 * MINUTE);
      const taken = await b.triggers.take('b', { limit: 100, now: NOON, leaseMs: MINUTE });
      expect(taken!.map(({ person }) => person).sort()).toEqual(rounds.map((id) => `person of ${id}`).sort());
      expect(await a.triggers.take('a', { limit: 100, now: NOON, leaseMs: MINUTE })).toBeUndefined();
    });

    it('stores a batch once that comes through eight collectors at once', async () => {
      const ledgers = await openMany(await server.newUrl(), 8);
      const batch = [
        ...Array.from({ length: 100 }, (_, i) => track(`e${i}`, { anonymousId: `v${i % 10}` })),
        ...Array.from({ length: 10 }, (_, i) => identify(`p${i}`, { anonymousId: `v${i}` })),
      ];
      // Each in an order of its own, in which they would wait for one another.
      const outcomes = await Promise.all(ledgers.map((ledger, index) => ledger.append([...batch.slice(index * 13), ...batch.slice(0, index * 13)], { receivedAt: NOON })));
      const stored = outcomes.flat().filter(({ status }) => status === 'stored');
      expect(stored.map(({ messageId }) => messageId).sort()).toEqual(batch.map(({ messageId }) => messageId).sort());
      const lines = await linesOf(ledgers[0]!);
      expect(lines.filter((line) => /^e\d/.test(line))).toHaveLength(100);
      expect(lines.filter((line) => line === 'identify')).toHaveLength(10);
    });

    it('may be started five times at once on an empty database', async () => {
      const ledgers = await openMany(await server.newUrl(), 5);
      await Promise.all(ledgers.map((ledger, index) => ledger.append([track(`e${index}`, { userId: 'ada' })], { receivedAt: NOON })));
      expect((await linesOf(ledgers[4]!)).sort()).toEqual(['e0', 'e1', 'e2', 'e3', 'e4']);
    });
  });

  describe(`the ledger ${name}, whose collectors have clocks of their own`, () => {
    const fromDatabase = async (): Promise<number> => (await server.admin()<{ now: number }[]>`SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now`)[0]!.now;

    it('stamps what they receive by the clock of the database', async () => {
      const url = await server.newUrl();
      const ledgers = await Promise.all([0, 10, -10].map((minutes) => open(url, {}, { clock: () => Date.now() + minutes * MINUTE })));
      for (const { now } of ledgers) expect(Math.abs(now!() - (await fromDatabase()))).toBeLessThan(MINUTE);

      const collectors = ledgers.map((ledger) => createCollector({ ledger, writeKeys: ['WK'] }));
      const send = async (index: number, message: AcceptedMessage) => {
        const body = JSON.stringify({ writeKey: 'WK', batch: [{ ...message, timestamp: new Date().toISOString() }] });
        return (await collectors[index]!.fetch(new Request('http://collector/v1/b', { method: 'POST', body }))).json();
      };
      await send(0, identify('ada', { anonymousId: 'v' }));
      // Ten minutes later by its own clock: the late window would be over.
      expect(await send(1, track('ahead', { anonymousId: 'v' }))).toMatchObject({ accepted: 1, late: [] });
      expect(await send(2, track('behind', { anonymousId: 'v' }))).toMatchObject({ accepted: 1, late: [] });
      expect((await ledgers[0]!.person('ada'))?.events.map((event) => event.name)).toEqual(['ahead', 'behind']);
      expect(await ledgers[0]!.administration.purge(ledgers[1]!.now!(), 100)).toEqual({ deleted: 0, isDone: true });
    });

    it('is right again within a minute when a clock was set', async () => {
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
      try {
        let ahead = 0;
        const ledger = await open(await server.newUrl(), {}, { clock: () => Date.now() + ahead });
        ahead = 60 * MINUTE;
        expect(ledger.now!() - (await fromDatabase())).toBeGreaterThan(30 * MINUTE);
        vi.advanceTimersByTime(MINUTE);
        await expect.poll(async () => Math.abs(ledger.now!() - (await fromDatabase()))).toBeLessThan(MINUTE);
      } finally {
        vi.useRealTimers();
      }
    });
  });

  describe(`the ledger ${name}, watched`, () => {
    it('tells every collector when another one has stored something, over one connection of its own, also after that was lost', async () => {
      const url = new URL(await server.newUrl());
      const applicationName = randomUUID();
      const here = await open(url.href);
      url.searchParams.set('application_name', applicationName);
      const there = await open(url.href);
      const calls = [0, 0];
      const stop = there.watch!(() => calls[0]!++);
      there.watch!(() => calls[1]!++);
      const listening = () => server.admin()<{ pid: number }[]>`SELECT pid FROM pg_stat_activity WHERE application_name = ${applicationName} AND query ILIKE 'listen%'`;
      await expect.poll(async () => (await listening()).length).toBe(1);
      const { pid } = (await listening())[0]!;

      const before = [...calls];
      await here.append([track('one', { anonymousId: 'v' })], { receivedAt: NOON });
      await expect.poll(() => calls[0]! > before[0]! && calls[1]! > before[1]!).toBe(true);

      await server.admin()`SELECT pg_terminate_backend(${pid}::int)`;
      await expect.poll(async () => (await listening()).filter((connection) => connection.pid !== pid).length, { timeout: 20_000 }).toBe(1);
      const [stopped, heard] = calls;
      stop();
      await here.append([track('two', { anonymousId: 'v' })], { receivedAt: NOON });
      await expect.poll(() => calls[1]! > heard!).toBe(true);
      expect(calls[0]).toBe(stopped);
    });
  });

  describe(`the ledger ${name}, appends`, () => {
    it('answers each of many at once for itself', async () => {
      const ledger = await open(await server.newUrl());
      const shared = track('shared', { anonymousId: 'v' });
      const outcomes = await Promise.all(Array.from({ length: 50 }, (_, i) => ledger.append([track(`e${i}`, { anonymousId: 'v' }), shared], { receivedAt: NOON })));
      expect(outcomes.filter(([, second]) => second?.status === 'stored')).toHaveLength(1);
      expect(outcomes.every(([first]) => first?.status === 'stored')).toBe(true);
      expect(await linesOf(ledger)).toHaveLength(51);
    });

    it('takes more at once than one commit does, and keeps their order', async () => {
      const ledger = await open(await server.newUrl());
      const batches = Array.from({ length: 25 }, (_, i) => Array.from({ length: 100 }, (_, n) => track(`${i}.${n}`, { anonymousId: 'v' })));
      await Promise.all(batches.map((batch) => ledger.append(batch, { receivedAt: NOON })));
      const { items } = await ledger.activity({ limit: 5000 });
      expect(items.map(nameOf).reverse()).toEqual(batches.flat().map(({ event }) => event));
    });

    it('commits what is waiting when it is closed', async () => {
      const ledger = await open(await server.newUrl());
      const appended = ledger.append([track('one', { userId: 'ada' })], { receivedAt: NOON });
      await ledger.close();
      expect(await appended).toMatchObject([{ status: 'stored' }]);
    });

    it('does not let a message that is no JSON take others down with it', async () => {
      const ledger = await open(await server.newUrl());
      const [bad, good] = await Promise.allSettled([
        ledger.append([track('one', { userId: 'ada', properties: { big: 1n } })], { receivedAt: NOON }),
        ledger.append([track('two', { userId: 'ada' })], { receivedAt: NOON }),
      ]);
      expect([bad.status, good.status]).toEqual(['rejected', 'fulfilled']);
    });

    it('stores all of an append or nothing, takes it again, and does not let it take others down with it', async () => {
      const url = await server.newUrl();
      const ledger = await open(url);
      const table = `${schemaIn(url)}.messages`;
      await server.admin().unsafe(`ALTER TABLE ${table} ADD CONSTRAINT refuse CHECK (message_id <> 'poison')`);
      const messages = [identify('ada', { anonymousId: 'v' }), track('one', { userId: 'ada' }), track('two', { messageId: 'poison', userId: 'ada' })];

      const [bad, good] = await Promise.allSettled([
        ledger.append(messages, { receivedAt: NOON }),
        ledger.append([track('neighbour', { userId: 'bob' })], { receivedAt: NOON }),
      ]);
      expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'not_stored', cause: { constraint_name: 'refuse' } } });
      expect(good).toMatchObject({ status: 'fulfilled', value: [{ status: 'stored' }] });
      expect(await ledger.person('ada')).toBeUndefined();

      await server.admin().unsafe(`ALTER TABLE ${table} DROP CONSTRAINT refuse`);
      expect(await ledger.append(messages, { receivedAt: NOON })).toMatchObject([{ status: 'stored' }, { status: 'stored' }, { status: 'stored' }]);
    });
  });

  describe(`the ledger ${name}, when a connection is lost`, () => {
    it.each(['claims', 'messages', 'triggers'])('stores and starts once what was being written when the server hung up, on its way to the %s', async (table) => {
      const url = new URL(await server.newUrl());
      const applicationName = randomUUID();
      url.searchParams.set('application_name', applicationName);
      const ledger = await open(url.href, { campaigns: [{ name: 'on one', event: 'one' }] });
      const sql = server.admin();
      const waiting = () => sql<{ pid: number }[]>`SELECT pid FROM pg_stat_activity WHERE application_name = ${applicationName} AND wait_event_type = 'Lock'`;

      let appended: Promise<unknown>;
      await sql.begin(async (transaction) => {
        // Holds up the commit between its first statement and its last.
        await transaction.unsafe(`LOCK TABLE ${schemaIn(url.href)}.${table} IN EXCLUSIVE MODE`);
        appended = ledger.append([identify('ada', { anonymousId: 'v' }), track('one', { anonymousId: 'v' })], { receivedAt: NOON });
        await expect.poll(async () => (await waiting()).length).toBe(1);
        await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ${applicationName}`;
      });
      expect(await appended!).toMatchObject([{ status: 'stored', warnings: [] }, { status: 'stored' }]);
      expect(await linesOf(ledger)).toEqual(['one', 'anon_merge v', 'identify']);
      expect(await ledger.triggers.take('me', { limit: 10, now: NOON, leaseMs: MINUTE })).toMatchObject([{ campaign: 'on one', person: 'ada' }]);
    });

    it('answers whoever asks first after all connections were lost', async () => {
      const url = new URL(await server.newUrl());
      const applicationName = randomUUID();
      url.searchParams.set('application_name', applicationName);
      const ledger = await open(url.href);
      const asks = [() => ledger.append([identify('ada', { anonymousId: 'v' })], { receivedAt: NOON }), () => ledger.person('ada'), () => ledger.activity({ limit: 10 })];
      for (const ask of asks) {
        await server.admin()`SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = ${applicationName}`;
        expect(await ask()).toBeDefined();
      }
      expect(await linesOf(ledger)).toEqual(['identify']);
    });

    it('stores every message once while connections are killed all the time', async () => {
      const url = new URL(await server.newUrl());
      const applicationName = randomUUID();
      url.searchParams.set('application_name', applicationName);
      const ledger = await open(url.href);
      const sent = Array.from({ length: 20 }, (_, i) => [track(`e${i}`, { anonymousId: 'v' }), identify(`p${i}`, { anonymousId: `v${i}` })]);
      const appending = (async () => {
        const outcomes = [];
        for (const batch of sent) outcomes.push(...(await ledger.append(batch, { receivedAt: NOON })));
        return outcomes;
      })();
      let killed = 0;
      while (killed < 10) {
        killed += (await server.admin()`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ${applicationName}`).length;
        // Opens a connection for the next one to be killed.
        await ledger.version().catch(() => undefined);
      }
      expect((await appending).every((outcome) => outcome.status === 'stored' && outcome.warnings.length === 0)).toBe(true);
      expect((await linesOf(ledger)).sort()).toEqual(sent.flatMap(([first]) => [first!.event!, 'identify']).sort());
    });

    it.each([
      // The answer to the only statement, which finds no claim.
      ['events', isCluster ? 'INSERT 0 2' : 'SELECT 0', 1, [track('one', { anonymousId: 'v' }), track('two', { anonymousId: 'v' })]],
      // The first one looks up what is known.
      ['a claim', isCluster ? 'COMMIT' : 'SELECT 1', isCluster ? 1 : 2, [identify('ada', { anonymousId: 'v' }), track('two', { anonymousId: 'v' })]],
    ])('knows its own when the answer to a commit of %s is lost', async (_, answer, nth, messages) => {
      const proxy = await severingProxy(await server.newUrl());
      const ledger = await open(proxy.url);
      proxy.severAt(answer, nth);
      expect(await ledger.append(messages, { receivedAt: NOON })).toEqual(
        messages.map(({ messageId }) => ({ messageId, status: 'stored', isLate: false, warnings: [] })),
      );
      expect(proxy.severed()).toBe(true);
      expect(await ledger.append(messages, { receivedAt: NOON })).toMatchObject([{ status: 'duplicate' }, { status: 'duplicate' }]);
      expect((await linesOf(ledger)).filter((line) => !line.startsWith('anon_merge'))).toHaveLength(2);
      await ledger.close();
      await proxy.close();
    });
  });

  describe(`the ledger ${name}, the queries`, () => {
    it('read what they need from an index, in its order', async () => {
      const url = await server.newUrl();
      const ledger = await open(url);
      const visitors = Array.from({ length: 40 }, (_, i) => [track('one', { anonymousId: `v${i}` }), identify(`p${i % 5}`, { anonymousId: `v${i}` })]);
      await ledger.append(visitors.flat(), { receivedAt: NOON });
      await server.admin().begin(async (sql) => {
        await sql.unsafe(`SET LOCAL search_path = ${schemaIn(url)}`);
        for (const [name, value] of Object.entries(PLANNER)) await sql.unsafe(`SET LOCAL ${name} = ${value}`);
        for (const [query, statement] of Object.entries({ ...STATEMENTS, ...COMMIT })) {
          if (isFree(query, statement)) continue;
          const numbers = [...statement.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number));
          const parameters = Array.from({ length: Math.max(0, ...numbers) }, (_, index) => emptyIn(statement, index + 1));
          const rows = await sql.unsafe(`EXPLAIN ${statement}`, parameters);
          const plan = rows.map((row) => String(row['QUERY PLAN'])).join('\n');
          expect({ query, slow: /Seq Scan on (?!log\b).*|Sort\b.*|Bitmap.*/.exec(plan)?.[0] }).toEqual({ query, slow: undefined });
        }
      });
    });
  });

  describe(`the ledger ${name}, when the database is no good`, () => {
    const password = 'correct horse';
    const attempt = (url: URL | string): Promise<LedgerError> =>
      openPostgresLedger({ url: String(url) }).then(
        async (ledger) => {
          await ledger.close();
          throw new Error('It opened.');
        },
        (error: LedgerError) => error,
      );

    it('says that nothing answers at an address', async () => {
      const error = await attempt(`postgres://ada:${encodeURIComponent(password)}@127.0.0.1:1/hitherto`);
      expect(error).toMatchObject({ name: 'LedgerError', code: 'database_unreachable', message: 'Nothing answers at 127.0.0.1:1 (ECONNREFUSED); start Postgres there or check its address.' });
    });

    it('says that a user is not let in', async () => {
      const url = new URL(await server.newUrl());
      [url.username, url.password] = ['nobody', password];
      expect(await attempt(url)).toMatchObject({ code: 'database_unreachable', message: expect.stringContaining('does not let the user nobody in; check the user and the password.') });
    });

    it('says that there is no such database', async () => {
      const url = new URL(await server.newUrl());
      url.pathname = '/nowhere';
      expect(await attempt(url)).toMatchObject({ code: 'database_unreachable', message: expect.stringContaining('has no database nowhere; create it or name another one.') });
    });

    it.each(['', 'hitherto.db', 'http://127.0.0.1/x', 'postgres://ada:correct horse@[/x'])('says what an address looks like: %s', async (url) => {
      expect(await attempt(url)).toMatchObject({ code: 'database_unreachable', message: expect.stringContaining('postgres://user:password@host:5432/database') });
    });

    it('never shows the password', async () => {
      const { inspect } = await import('node:util');
      for (const address of ['127.0.0.1:1/x', '[/x', new URL(await server.newUrl()).host + '/x']) {
        const error = await attempt(`postgres://ada:hunter2@${address}`);
        expect(`${error.message} ${inspect(error, { depth: 9, showHidden: true })}`).not.toContain('hunter2');
      }
    });

    it('does not write among another program\'s tables', async () => {
      const url = await server.newUrl();
      await server.admin().unsafe(`CREATE TABLE ${schemaIn(url)}.messages (text text)`);
      expect(await attempt(url)).toMatchObject({ code: 'not_a_ledger' });
    });

    it('is brought up to date when an older hitherto wrote it, and what is in it is kept', async () => {
      const url = await server.newUrl();
      await createTables(url, 1);
      await server.admin().unsafe(
        `INSERT INTO ${schemaIn(url)}.messages (bucket, stream, message_id, sequence, received_at, occurred_at, type, anonymous_id, person, body)
         VALUES (${bucketOf('user:ada')}, 'user:ada', 'm', 1, ${NOON}, ${NOON}, 'track', NULL, 'ada', '{"type":"track","event":"one","messageId":"m","userId":"ada"}')`,
      );
      const ledger = await open(url);
      expect(await ledger.append([track('one', { messageId: 'm', userId: 'ada' })], { receivedAt: NOON })).toMatchObject([{ status: 'duplicate' }]);
      await ledger.append([identify('ada', { traits: { email: 'ada@example.com' } })], { receivedAt: NOON });
      expect(await ledger.person('ada@example.com')).toMatchObject({ id: 'ada', events: [{ name: 'one' }] });
    });

    it.runIf(isCluster)('distributes what has a bucket by it, and puts the rest on every node, also where the tables were there before Citus', async () => {
      const url = await server.newUrl();
      await createTables(url, MIGRATIONS.length);
      for (const ledger of await openMany(url, 3)) await ledger.close();
      const placed = await server.admin().unsafe(
        `SELECT c.relname, t.citus_table_type, t.distribution_column FROM citus_tables t JOIN pg_class c ON c.oid = t.table_name
         WHERE c.relnamespace = '${schemaIn(url)}'::regnamespace ORDER BY c.relname`,
      );
      const places = placed.map(({ relname, citus_table_type, distribution_column }) => [relname, citus_table_type === 'distributed' ? distribution_column : citus_table_type]);
      expect(places).toEqual([['claims', 'bucket'], ['commands', 'reference'], ['log', 'reference'], ['messages', 'bucket'], ['names', 'bucket'], ['triggers', 'bucket']]);
    });

    it('leaves the database of a newer hitherto alone', async () => {
      const url = await server.newUrl();
      await (await open(url)).close();
      await server.admin().unsafe(`INSERT INTO ${schemaIn(url)}.hitherto_migrations (version) VALUES (99)`);
      expect(await attempt(url)).toMatchObject({ code: 'newer_ledger' });
    });
  });
}

/** A ledger whose first commit waits when it is decided on, until it is let go. */
function heldUp() {
  let [decided, letGo] = [(): void => undefined, (): void => undefined];
  const isDecided = new Promise<void>((resolve) => (decided = resolve));
  const isLetGo = new Promise<void>((resolve) => (letGo = resolve));
  const surroundings: Surroundings = {
    around: (tables) => ({
      ...tables,
      async insert(...parameters) {
        decided();
        await isLetGo;
        return tables.insert(...parameters);
      },
    }),
  };
  return { surroundings, isDecided, letGo: () => letGo() };
}

describe('postgresLedger', () => {
  it('asks for Postgres 15', () => {
    expect(() => refuseOldServer(150_000)).not.toThrow();
    expect(() => refuseOldServer(140_012)).toThrow(expect.objectContaining({ code: 'old_postgres', message: 'This is Postgres 14; the ledger needs 15 or newer.' }));
  });

  it('tries again what may work in a moment, and nothing else', () => {
    expect(['57P01', '08006', '40P01', 'CONNECTION_CLOSED', 'ECONNRESET'].filter((code) => !isPassing({ code }))).toEqual([]);
    expect(['23514', '28P01', '3D000', '54000', undefined].filter((code) => isPassing({ code }))).toEqual([]);
  });
});

/** A parameter that holds nothing, in the words of its type. */
function emptyIn(statement: string, number: number): string {
  if (statement.includes(`$${number}::text::json`)) return '[]';
  return new RegExp(`\\$${number}::text::\\w+\\[\\]`).test(statement) ? '{}' : '1';
}

/** What looks at one row, or at everybody on purpose. */
function isFree(query: string, statement: string): boolean {
  return ['version', 'versionOfCluster', 'hasNames', 'peopleAfter'].includes(query) || /^(INSERT INTO commands|UPDATE log)/.test(statement);
}

function schemaIn(url: string): string {
  return new URL(url).searchParams.get('search_path')!;
}
