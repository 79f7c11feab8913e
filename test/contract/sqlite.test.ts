import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Libsql from 'libsql';
import { describe, expect, it } from 'vitest';
import { bucketOf } from '../../src/ledger/sql/bucket.js';
import { APPEND, STATEMENTS } from '../../src/ledger/sqlite/queries.js';
import { MIGRATIONS } from '../../src/ledger/sqlite/schema.js';
import { sqliteLedger, type LedgerError } from '../../src/ledger/sqlite.js';
import { describeLedger, nameOf } from './ledger.js';
import { identify, MINUTE, NOON, track } from './messages.js';
import { temporaryFolders } from './temporary.js';

const makeFolder = temporaryFolders();
/** A step by an index, into rows that came as a parameter, or of the one row of the log. */
const QUICK_STEP =
  /^(SEARCH \w+ USING (COVERING INDEX|INDEX|PRIMARY KEY|INTEGER PRIMARY KEY)|SCAN t USING INDEX triggers_waiting|SCAN \w+ VIRTUAL TABLE|(SEARCH|SCAN) log\b|SCAN CONSTANT ROW|(CORRELATED )?SCALAR SUBQUERY|LIST SUBQUERY)/;
const newFile = (): string => join(makeFolder(), 'hitherto.db');

/** Why a file does not open. */
function attempt(file: string): LedgerError {
  try {
    void sqliteLedger({ file }).close();
  } catch (error) {
    return error as LedgerError;
  }
  throw new Error('It opened.');
}

describeLedger('sqliteLedger', () => sqliteLedger({ file: newFile() }));

describe('sqliteLedger, at once', () => {
  it('starts more than a function takes arguments', { timeout: 120_000 }, async () => {
    const ledger = sqliteLedger({ file: newFile(), campaigns: [{ name: 'any', event: 'e' }] });
    const batch = (from: number): ReturnType<typeof track>[] => Array.from({ length: 10_000 }, (_, index) => ({ type: 'track', event: 'e', anonymousId: 'v', messageId: `m${from + index}` }));
    for (let from = 0; from < 130_000; from += 10_000) await ledger.append(batch(from), { receivedAt: NOON });
    const [outcome] = await ledger.append([identify('ada', { anonymousId: 'v' })], { receivedAt: NOON + MINUTE });
    expect(outcome).toMatchObject({ status: 'stored' });
    expect((await ledger.person('ada'))!.events).toHaveLength(130_000);
    await ledger.close();
  });

  it('works out a segment of many people, while others read and append, and its thread does other things', async () => {
    const ledger = sqliteLedger({ file: newFile(), segments: [{ name: 'keen', event: 'e', withinDays: 1 }] });
    const people = Array.from({ length: 2_000 }, (_, index) => track('e', { userId: `p${index}` }));
    await ledger.append(people, { receivedAt: NOON });
    const order: string[] = [];
    let turns = 0;
    const clock = setInterval(() => turns++);
    const segment = ledger.administration.segment('keen', NOON).then((state) => {
      order.push('segment');
      return state;
    });
    const others = [ledger.activity({ limit: 1 }).then(() => order.push('read')), ledger.append([track('e', { userId: 'late' })], { receivedAt: NOON }).then(() => order.push('append'))];
    // Of the moment at which it was asked for.
    expect((await segment)!.members).toHaveLength(2_000);
    clearInterval(clock);
    await Promise.all(others);
    expect(order.toSorted()).toEqual(['append', 'read', 'segment']);
    expect(order.at(-1)).toBe('segment');
    expect(turns).toBeGreaterThan(1);
    await ledger.close();
  });
});

describe('sqliteLedger, the file', () => {
  it('has nothing left of what somebody did who was erased, nor the log beside it, while it is open', async () => {
    const file = newFile();
    const ledger = sqliteLedger({ file, campaigns: [{ name: 'any', event: 'secret event' }] });
    for (let request = 0; request < 50; request++) {
      const theirs = [track('secret event', { anonymousId: 'v', properties: { of: 'secret property' } }), identify('ada', { anonymousId: 'v', traits: { city: 'secret city' } }), track('secret event', { userId: 'ada' })];
      await ledger.append([...theirs, ...Array.from({ length: 20 }, (_, index) => track('kept', { anonymousId: `w${index}` }))], { receivedAt: NOON });
    }
    const onDisk = (): boolean[] => ['', '-wal'].map((end) => existsSync(file + end) && readFileSync(file + end).includes('secret'));
    expect(onDisk()).toContain(true);
    const reader = new Libsql(file);
    reader.exec('BEGIN; SELECT count(*) FROM messages');
    const erased = ledger.administration.deletePerson('ada', NOON + 1);
    // Whoever reads meanwhile holds up nobody who appends.
    await ledger.append([track('kept', { anonymousId: 'w' })], { receivedAt: NOON + 2 });
    reader.exec('COMMIT');
    reader.close();
    expect(await erased).toEqual({ done: true });
    expect(onDisk()).toEqual([false, false]);
    await ledger.close();
  });

  it('keeps everything until it is opened again', async () => {
    const file = newFile();
    const before = sqliteLedger({ file });
    const late = track('late', { anonymousId: 'v' });
    await before.append([track('one', { anonymousId: 'v' }), identify('ada', { anonymousId: 'v', traits: { plan: 'pro' } })], { receivedAt: NOON });
    await before.append([late], { receivedAt: NOON + 6 * MINUTE });
    const kept = [await before.activity({ limit: 100 }), await before.person('ada'), await before.version()];
    await before.close();

    const after = sqliteLedger({ file });
    expect([await after.activity({ limit: 100 }), await after.person('ada'), await after.version()]).toEqual(kept);
    expect(await after.append([late], { receivedAt: NOON + 7 * MINUTE })).toMatchObject([{ status: 'duplicate', isLate: true }]);
    await after.append([track('behind a slow clock', { anonymousId: 'w' })], { receivedAt: NOON });
    expect((await after.activity({ limit: 1 })).items).toMatchObject([{ name: 'behind a slow clock', at: NOON + 6 * MINUTE }]);
    await after.close();
  });

  it('is whole in itself once it is closed', async () => {
    const file = newFile();
    const ledger = sqliteLedger({ file });
    await ledger.append([track('one', { userId: 'ada' })], { receivedAt: NOON });
    await ledger.close();
    const copy = newFile();
    copyFileSync(file, copy);
    const copied = sqliteLedger({ file: copy });
    expect(await copied.person('ada')).toBeDefined();
    await copied.close();
  });

  it('is whole also when it is closed while a segment is worked out, which is answered', async () => {
    const file = newFile();
    const ledger = sqliteLedger({ file, segments: [{ name: 'keen', event: 'e', withinDays: 1 }] });
    await ledger.append(Array.from({ length: 2_000 }, (_, index) => track('e', { userId: `p${index}` })), { receivedAt: NOON });
    const segment = ledger.administration.segment('keen', NOON);
    await ledger.close();
    // All of it stands in the file itself: there is nothing beside it, or an empty log.
    expect(existsSync(`${file}-wal`) ? statSync(`${file}-wal`).size : 0).toBe(0);
    expect((await segment)!.members).toHaveLength(2_000);
  });

  it('syncs every commit', async () => {
    const file = newFile();
    const ledger = sqliteLedger({ file });
    await ledger.append([track('one', { userId: 'ada' })], { receivedAt: NOON });
    expect(statSync(`${file}-wal`).size).toBeGreaterThan(0);
    const database = new Libsql(file);
    expect(database.pragma('journal_mode')).toEqual([{ journal_mode: 'wal' }]);
    database.close();
    await ledger.close();
  });

  it('may be shared: one order, one claim, one copy', async () => {
    const file = newFile();
    const [a, b] = [sqliteLedger({ file }), sqliteLedger({ file })];
    const message = track('one', { anonymousId: 'v' });
    await a.append([message], { receivedAt: NOON });
    expect(await b.append([message], { receivedAt: NOON })).toMatchObject([{ status: 'duplicate' }]);
    await b.append([identify('ada', { anonymousId: 'v' })], { receivedAt: NOON - MINUTE });
    expect(await a.append([identify('bob', { anonymousId: 'v' })], { receivedAt: NOON })).toMatchObject([{ warnings: ['anonymous_id_in_use'] }]);
    expect(await a.version()).toBe(await b.version());
    expect((await a.activity({ limit: 9 })).items.map(nameOf)).toEqual(['failed_attribute_change', 'identify', 'anon_merge v', 'identify', 'one']);
    await Promise.all([a.close(), b.close()]);
  });

  it('answers each of many appends at once for itself', async () => {
    const ledger = sqliteLedger({ file: newFile() });
    const shared = track('shared', { anonymousId: 'v' });
    const outcomes = await Promise.all(Array.from({ length: 50 }, (_, i) => ledger.append([track(`e${i}`, { anonymousId: 'v' }), shared], { receivedAt: NOON })));
    expect(outcomes.filter(([, second]) => second?.status === 'stored')).toHaveLength(1);
    expect(outcomes.every(([first]) => first?.status === 'stored')).toBe(true);
    expect((await ledger.activity({ limit: 100 })).items).toHaveLength(51);
    await ledger.close();
  });

  it('commits what is waiting when it is closed', async () => {
    const file = newFile();
    const ledger = sqliteLedger({ file });
    const appended = ledger.append([track('one', { userId: 'ada' })], { receivedAt: NOON });
    await ledger.close();
    expect(await appended).toMatchObject([{ status: 'stored' }]);
  });

  it('stores all of an append or nothing, and takes it again', async () => {
    const file = newFile();
    const ledger = sqliteLedger({ file });
    const database = new Libsql(file);
    database.exec(`CREATE TRIGGER refuse BEFORE INSERT ON messages WHEN NEW.message_id = 'poison' BEGIN SELECT RAISE(ABORT, 'disk on fire'); END`);
    const version = await ledger.version();
    const messages = [identify('ada', { anonymousId: 'v' }), track('one', { userId: 'ada' }), track('two', { messageId: 'poison', userId: 'ada' })];

    await expect(ledger.append(messages, { receivedAt: NOON })).rejects.toMatchObject({ code: 'not_stored', cause: { message: 'disk on fire' } });
    expect(await ledger.person('ada')).toBeUndefined();
    expect(await ledger.version()).toBe(version);

    database.exec('DROP TRIGGER refuse');
    database.close();
    expect(await ledger.append(messages, { receivedAt: NOON })).toMatchObject([{ status: 'stored' }, { status: 'stored' }, { status: 'stored' }]);
    await ledger.close();
  });

  it('does not let a message that is no JSON take others down with it', async () => {
    const ledger = sqliteLedger({ file: newFile() });
    const [bad, good] = await Promise.allSettled([
      ledger.append([track('one', { userId: 'ada', properties: { big: 1n } })], { receivedAt: NOON }),
      ledger.append([track('two', { userId: 'ada' })], { receivedAt: NOON }),
    ]);
    expect([bad.status, good.status]).toEqual(['rejected', 'fulfilled']);
    await ledger.close();
  });
});

describe('sqliteLedger, when the file is no good', () => {
  it('names a folder that is not there', () => {
    const file = join(makeFolder(), 'none', 'hitherto.db');
    expect(attempt(file)).toMatchObject({ code: 'file_unusable', message: expect.stringContaining(file) });
  });

  it('names a folder in place of the file', () => {
    const file = newFile();
    mkdirSync(file);
    expect(attempt(file)).toMatchObject({ code: 'file_unusable' });
  });

  it('does not touch a file that is not a database', () => {
    const file = newFile();
    writeFileSync(file, 'Dear diary, '.repeat(1000));
    expect(attempt(file)).toMatchObject({ code: 'not_a_ledger', message: `${file} is not a database; move it away or name another file.` });
    expect(statSync(file).size).toBe(12_000);
  });

  it('does not write into another program\'s database', () => {
    const file = newFile();
    const theirs = new Libsql(file);
    theirs.exec('CREATE TABLE recipes (name TEXT)');
    theirs.close();
    expect(attempt(file)).toMatchObject({ code: 'not_a_ledger' });
    const again = new Libsql(file);
    expect(again.prepare('SELECT name FROM sqlite_schema').raw().all()).toEqual([['recipes']]);
    again.close();
  });

  it('brings a file of the first schema up to date, and keeps what is in it', async () => {
    const file = newFile();
    const old = new Libsql(file);
    old.exec(MIGRATIONS[0]!);
    const insert = old.prepare('INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    const one = track('one', { anonymousId: 'v' });
    const claiming = identify('ada', { anonymousId: 'v', traits: { plan: 'pro' } });
    insert.run(bucketOf('anonymous:v'), 'anonymous:v', one.messageId, 1, NOON, NOON, 'track', 'v', null, JSON.stringify(one));
    insert.run(bucketOf('user:ada'), 'user:ada', claiming.messageId, 2, NOON, NOON, 'identify', 'v', 'ada', JSON.stringify(claiming));
    old.prepare('INSERT INTO claims VALUES (?, ?, ?, ?, ?)').run(bucketOf('anonymous:v'), 'v', 'ada', NOON, 2);
    old.exec(`UPDATE log SET last_sequence = 2, last_received_at = ${NOON}; PRAGMA application_id = ${0x68697468}; PRAGMA user_version = 1`);
    old.close();

    const ledger = sqliteLedger({ file });
    expect(await ledger.person('ada')).toMatchObject({ traits: { plan: 'pro' }, anonymousIds: ['v'], events: [{ name: 'one', previouslyAnonymous: true }] });
    expect((await ledger.activity({ limit: 10 })).items.map(nameOf)).toEqual(['anon_merge v', 'identify', 'one']);
    expect(await ledger.append([one], { receivedAt: NOON + MINUTE })).toMatchObject([{ status: 'duplicate' }]);
    expect(await ledger.administration.undoMerge('v', NOON + MINUTE)).toEqual({ done: true });
    await ledger.close();
  });

  it('leaves a file of a newer hitherto alone', async () => {
    const file = newFile();
    await sqliteLedger({ file }).close();
    const database = new Libsql(file);
    database.exec('PRAGMA user_version = 99');
    database.close();
    expect(attempt(file)).toMatchObject({ code: 'newer_ledger' });
  });
});

describe('sqliteLedger, the queries', () => {
  it('walks an index in every one of them, and sorts nothing', async () => {
    const file = newFile();
    await sqliteLedger({ file }).close();
    const database = new Libsql(file);
    const slow = [];
    // One looks for any row at all, one for everybody, and two halve their way to a time, by the index.
    const isFree = new Set(['hasNames', 'peopleAfter', 'eventsBetween', 'placeAt']);
    for (const [name, sql] of [...Object.entries(STATEMENTS), ...Object.entries(APPEND)]) {
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[];
      slow.push(...plan.filter(({ detail }) => !QUICK_STEP.test(detail) && !isFree.has(name)).map(({ detail }) => `${name}: ${detail}`));
    }
    expect(slow).toEqual([]);
    database.close();
  });
});

describe('bucketOf', () => {
  it('spreads streams evenly over 1,024 buckets', () => {
    const counts = Array.from({ length: 1024 }, () => 0);
    for (let i = 0; i < 102_400; i++) counts[bucketOf(`anonymous:visitor-${i}`)]!++;
    expect(Math.min(...counts)).toBeGreaterThan(50);
    expect(Math.max(...counts)).toBeLessThan(150);
  });

  it('is written into every row, and so never changes', () => {
    expect(['', 'user:ada', 'anonymous:a', 'anonymous:é😀'].map(bucketOf)).toEqual([217, 585, 80, 349]);
  });
});
