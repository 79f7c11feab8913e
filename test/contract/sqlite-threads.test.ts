import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import Libsql from 'libsql';
import { describe, expect, it } from 'vitest';
import type * as Sqlite from '../../src/ledger/sqlite.js';
import { isAcknowledged, startCollector } from './collector-process.js';
import { describeLedger } from './ledger.js';
import { identify, NOON, track } from './messages.js';
import { storedIn } from './stored.js';
import { temporaryFolders } from './temporary.js';

// What is shipped is what is tested: `npm run build` comes first. What runs in a thread is a file of it.
const { openSqliteLedger } = (await import(resolve('dist/ledger/sqlite.js'))) as typeof Sqlite;

const makeFolder = temporaryFolders();
const newFile = (): string => join(makeFolder(), 'hitherto.db');
/** A batch is at most as long as this. */
const BATCH_CHARACTERS = 500_000;
const SLOW = { timeout: 60_000 };

describeLedger('openSqliteLedger', () => openSqliteLedger({ file: newFile() }));

describe('openSqliteLedger', () => {
  it('goes on with other things while SQLite works', async () => {
    const file = newFile();
    const ledger = await openSqliteLedger({ file });
    const other = new Libsql(file);
    other.exec('BEGIN IMMEDIATE');
    // In one thread this would wait for the lock, and the one who holds it for this.
    const appended = ledger.append([track('one', { userId: 'ada' })], { receivedAt: NOON });
    expect(await ledger.person('ada')).toBeUndefined();
    other.exec('ROLLBACK');
    other.close();
    expect(await appended).toMatchObject([{ status: 'stored' }]);
    await ledger.close();
  });

  it('says at once that it is there, while somebody is shown who is in a segment', async () => {
    const ledger = await openSqliteLedger({ file: newFile(), segments: [{ name: 'buyers', event: 'bought' }] });
    await ledger.append(Array.from({ length: 2000 }, (_, index) => track('bought', { userId: `u${index}` })), { receivedAt: NOON });
    // The thread that reads is there.
    await ledger.person('ada');
    const segment = ledger.administration.segment('buyers', NOON).then(() => 'segment');
    // By when this is written, the look has begun.
    await ledger.append([track('bought', { userId: 'ada' })], { receivedAt: NOON });
    expect(await Promise.race([segment, ledger.version().then(() => 'version')])).toBe('version');
    await segment;
    await ledger.close();
  });

  it('keeps the order of what is appended at once, and answers each append for itself', async () => {
    const ledger = await openSqliteLedger({ file: newFile() });
    const names = Array.from({ length: 50 }, (_, index) => `e${index}`);
    const shared = track('shared', { anonymousId: 'v' });
    const outcomes = await Promise.all(names.map((name) => ledger.append([track(name, { anonymousId: 'v' }), shared], { receivedAt: NOON })));
    expect(outcomes.map(([first, second]) => `${first!.status} ${second!.status}`)).toEqual(names.map((_, index) => (index === 0 ? 'stored stored' : 'stored duplicate')));
    const { items } = await ledger.activity({ limit: 100 });
    expect(items.flatMap(({ name }) => (name === 'shared' ? [] : name)).reverse()).toEqual(names);
    await ledger.close();
  });

  it('says why nothing was stored, down to the cause', async () => {
    const file = newFile();
    const ledger = await openSqliteLedger({ file });
    const database = new Libsql(file);
    database.exec(`CREATE TRIGGER refuse BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'disk on fire'); END`);
    database.close();
    const refused = ledger.append([track('one', { userId: 'ada' })], { receivedAt: NOON });
    await expect(refused).rejects.toMatchObject({ name: 'LedgerError', code: 'not_stored', cause: { message: 'disk on fire', code: 'SQLITE_CONSTRAINT_TRIGGER' } });
    await expect(ledger.activity({ limit: 1, before: 'nonsense' })).rejects.toMatchObject({ name: 'LedgerError', code: 'bad_cursor' });
    await ledger.close();
  });

  it('does not let a message that is no JSON take others down with it', async () => {
    const ledger = await openSqliteLedger({ file: newFile() });
    const [bad, good] = await Promise.allSettled([
      ledger.append([track('one', { userId: 'ada', properties: { big: 1n } })], { receivedAt: NOON }),
      ledger.append([track('two', { userId: 'ada' })], { receivedAt: NOON }),
    ]);
    expect([bad.status, good.status]).toEqual(['rejected', 'fulfilled']);
    await ledger.close();
  });

  it('refuses what is too much to wait, and keeps the rest', SLOW, async () => {
    const ledger = await openSqliteLedger({ file: newFile() });
    const send = (count: number) =>
      Array.from({ length: count }, () => ledger.append([track('big', { anonymousId: 'v', properties: { text: 'x'.repeat(BATCH_CHARACTERS) } })], { receivedAt: NOON }));
    // As many as fit, and one that goes over, are taken.
    const taken = send(68);
    const refused = send(1);
    await expect(Promise.all(refused)).rejects.toMatchObject({ code: 'not_stored', message: expect.stringContaining('too much is waiting') });
    await Promise.all(taken);
    await Promise.all(send(1));
    expect((await ledger.activity({ limit: 1000 })).items).toHaveLength(69);
    await ledger.close();
  });

  it('commits what is waiting when it is closed, and rejects whatever it is asked afterwards', async () => {
    const file = newFile();
    const ledger = await openSqliteLedger({ file });
    const appended = ledger.append([track('one', { userId: 'ada' })], { receivedAt: NOON });
    await ledger.close();
    expect(await appended).toMatchObject([{ status: 'stored' }]);
    await expect(ledger.person('ada')).rejects.toMatchObject({ code: 'closed' });
    const again = await openSqliteLedger({ file });
    expect(await again.person('ada')).toMatchObject({ id: 'ada' });
    await again.close();
  });

  it('says at once what is wrong with the file, and with the options', async () => {
    const folder = newFile();
    mkdirSync(folder);
    await expect(openSqliteLedger({ file: folder })).rejects.toMatchObject({ name: 'LedgerError', code: 'file_unusable', message: expect.stringContaining(folder) });
    await expect(openSqliteLedger({ file: newFile(), campaigns: [{} as never] })).rejects.toThrow(TypeError);
  });

  it('is none of what keeps a process alive', SLOW, () => {
    const file = newFile();
    const script = `${file}.mjs`;
    writeFileSync(
      script,
      `import { openSqliteLedger } from '${pathToFileURL(resolve('dist/ledger/sqlite.js'))}';
      const ledger = await openSqliteLedger({ file: '${file}' });
      await ledger.append([{ type: 'track', event: 'one', messageId: 'm', userId: 'ada' }], { receivedAt: 1 });
      console.log((await ledger.person('ada')).id);`,
    );
    const { stdout, stderr, status } = spawnSync(process.execPath, [script], { encoding: 'utf8', timeout: 30_000 });
    expect({ stdout, stderr, status }).toEqual({ stdout: 'ada\n', stderr: '', status: 0 });
  });
});

describe('a collector whose ledger loses a thread', () => {
  it('answers 503, tells why, and stores what is sent again once', SLOW, async () => {
    const data = makeFolder();
    const collector = startCollector(data, [process.execPath, '--import', resolve('test/contract/crash.mjs')]);
    const batch = [track('one', { anonymousId: 'v' }), identify('ada', { anonymousId: 'v' })];
    await collector.home;
    writeFileSync(join(data, 'hitherto.db.crash'), '');
    const response = await collector.post(batch);
    expect({ status: response.status, body: await response.json() }).toMatchObject({ status: 503, body: { success: false, code: 'not_stored' } });
    const [entry] = collector.stderr().split('\n');
    expect(JSON.parse(entry!)).toMatchObject({ level: 'error', code: 'not_stored', causes: [expect.stringContaining('hitherto.db'), 'out of luck'] });

    expect(await isAcknowledged(await collector.post(batch), batch)).toBe(true);
    expect((await collector.activity()).map(({ messageId }) => messageId).sort()).toEqual([...batch.map(({ messageId }) => messageId), undefined].sort());
    expect(await collector.kill()).toMatchObject({ signal: 'SIGKILL' });
    expect(storedIn(data)).toEqual({ integrity: 'ok', messageIds: batch.map(({ messageId }) => messageId).sort() });
  });
});
