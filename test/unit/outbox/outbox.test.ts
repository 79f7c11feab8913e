import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { formatKey, parseKey, partKey } from '../../../src/outbox/key.js';
import { createOutbox, UNADDRESSED, type Outbox, type OutboxOptions } from '../../../src/outbox/outbox.js';
import { foundRow } from '../../../src/outbox/row.js';
import { KEEPALIVE_BYTES } from '../../../src/outbox/transport.js';
import { utf8Bytes } from '../../../src/wire/index.js';

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  localStorage.clear();
});

const SCOPE = 'key:KEY';

function open(overrides: Partial<OutboxOptions> = {}): Outbox & { trouble: unknown[] } {
  const trouble: unknown[] = [];
  const outbox = createOutbox({
    scope: SCOPE,
    isPersistent: true,
    tab: 'me',
    now: () => 1_000,
    settled: Promise.resolve(false),
    recoverId: (remembered) => remembered ?? 'visitor',
    correct: (text) => text,
    onAppend() {},
    onReady() {},
    onTrouble: (error) => trouble.push(error),
    ...overrides,
  });
  return { ...outbox, trouble };
}

async function textsIn(outbox: Outbox): Promise<string[]> {
  return (await outbox.read()).map(({ text }) => text);
}

describe('before the database is open', () => {
  it('takes calls, and writes them once it is', async () => {
    const outbox = open();
    const row = outbox.append('"a"', false);
    outbox.append('"b"', false);
    await expect(row.stored).resolves.toBe('stored');
    expect(await textsIn(open())).toEqual(['"a"', '"b"']);
  });

  it('writes them with the id that turns out to stand', async () => {
    const outbox = open({ recoverId: () => 'older', correct: (text) => text.replaceAll('candidate', 'older') });
    await outbox.append('"candidate"', false).stored;
    expect(await textsIn(outbox)).toEqual(['"older"']);
  });

  it('adds nothing to a row that a leaving page has sent: it would go down with it', async () => {
    const outbox = open();
    const sent = outbox.append('"a"', false);
    sent.isInFlight = true;
    const next = outbox.append('"b"', false);
    expect(next).not.toBe(sent);
    expect(sent.text).toBe('"a"');
    await next.stored;
  });

  it('adds nothing to a row that has been delivered', async () => {
    const outbox = open();
    const sent = outbox.append('"a"', false);
    sent.settleDelivered([]);
    await outbox.append('"b"', false).stored;
    expect(sent.text).toBe('"a"');
    expect(await textsIn(outbox)).toEqual(['"b"']);
  });

  it('still says where a message is safe that a leaving page has sent', async () => {
    const outbox = open();
    const row = outbox.append('"a"', false);
    row.settleDelivered([]);
    await expect(row.stored).resolves.toBe('stored');
    await outbox.opened;
    expect(await textsIn(outbox)).toEqual([]);
  });
});

describe('a visitor who is known, or certainly new', () => {
  const known = { settled: Promise.resolve(true) };

  it('has messages that may leave before the database is open', async () => {
    vi.spyOn(indexedDB, 'open').mockImplementation(() => new EventTarget() as IDBOpenDBRequest);
    const onReady = vi.fn<() => void>();
    const outbox = open({ ...known, onReady });
    const first = outbox.append('1', false);
    expect(first.isReady).toBeFalsy();
    await outbox.identified;
    expect(onReady).toHaveBeenCalledOnce();
    const second = outbox.append('2', false);
    expect(onReady).toHaveBeenCalledTimes(2);
    expect([first.isReady, second.isReady]).toEqual([true, true]);
  });

  it('has none left in the browser once they are delivered, though they were on their way into the database', async () => {
    const outbox = open(known);
    const row = outbox.append('1', false);
    await outbox.identified;
    row.settleDelivered([]);
    await outbox.replace([row], []);
    expect(await textsIn(open())).toEqual([]);
    expect(Object.keys(localStorage)).toEqual([]);
  });

  it('loses nothing of a row that was half refused before the database was open', async () => {
    const outbox = open(known);
    const row = outbox.append('1', false);
    row.isInFlight = true;
    await outbox.identified;
    const replaced = outbox.replace([row], [foundRow(partKey(row.key!, 0), '2')]);
    expect(Object.values(localStorage)).toEqual(['1']);
    await replaced;
    expect(await textsIn(outbox)).toEqual(['2']);
  });
});

describe('localStorage, while the database is not open', () => {
  const onTheBridge = (): string[] => Object.entries(localStorage).flatMap(([key, text]) => (key.startsWith('hitherto.row.') ? String(text) : []));

  it('holds the first call of a task when it returns, and the rest of the task when it ends', async () => {
    const outbox = open();
    outbox.append('1', false);
    expect(onTheBridge()).toEqual(['1']);
    outbox.append('2', false);
    outbox.append('3', false);
    expect(onTheBridge()).toEqual(['1']);
    await Promise.resolve();
    expect(onTheBridge()).toEqual(['1', '2,3']);
    await outbox.opened;
  });

  it('is empty once the database has it', async () => {
    const outbox = open();
    await outbox.append('1', false).stored;
    expect(onTheBridge()).toEqual([]);
    expect(await textsIn(outbox)).toEqual(['1']);
  });

  it('is emptied into the database by the next page, oldest first, whoever left it', async () => {
    for (const [time, tab] of [[7, 'b'], [5, 'a']] as const) localStorage.setItem(`hitherto.row.${formatKey({ scope: SCOPE, time, tab })}`, `"${tab}"`);
    const outbox = open();
    await outbox.opened;
    expect(onTheBridge()).toEqual([]);
    expect(await textsIn(outbox)).toEqual(['"a"', '"b"']);
  });

  it('makes one row of one that was copied and not yet removed', async () => {
    const key = formatKey({ scope: SCOPE, time: 5, tab: 'a' });
    await open().opened;
    localStorage.setItem(`hitherto.row.${key}`, '"a"');
    await open().opened;
    localStorage.setItem(`hitherto.row.${key}`, '"a"');
    const outbox = open();
    await outbox.opened;
    expect(await textsIn(outbox)).toEqual(['"a"']);
  });

  it('makes one row of one that another page has brought into the database meanwhile', async () => {
    const other = open({ tab: 'other' });
    const outbox = open();
    outbox.append('1', false);
    const second = outbox.append('2', false);
    await Promise.all([other.opened, second.stored]);
    expect(await textsIn(open())).toEqual(['1', '2']);
  });

  it('makes one row of one that another page has brought into the database meanwhile, beside a later one of its own', async () => {
    const other = open({ tab: 'other', now: () => 1_001 });
    let now = 1_000;
    const outbox = open({ now: () => now });
    other.append('2', false);
    const row = outbox.append('1', false);
    now = 1_002;
    await Promise.all([other.opened, row.stored]);
    expect(await textsIn(open())).toEqual(['1', '2']);
  });

  it('leaves alone what is not a row', async () => {
    localStorage.setItem('hitherto.row.mine', 'the page of somebody else');
    const outbox = open();
    await outbox.opened;
    expect(await textsIn(outbox)).toEqual([]);
    expect(onTheBridge()).toHaveLength(1);
  });

  it('keeps it where there is no database, until it is delivered, and shows it to the next page', async () => {
    vi.stubGlobal('indexedDB', undefined);
    const dead = open();
    await dead.opened;
    localStorage.setItem(`hitherto.row.${formatKey({ scope: SCOPE, time: 5, tab: 'a' })}`, '"a"');
    const outbox = open();
    const [row] = await outbox.read();
    expect(row!.text).toBe('"a"');
    await outbox.replace([row!], []);
    expect(await textsIn(outbox)).toEqual([]);
  });

  it('is not needed: full, or blocked, it is left out', async () => {
    vi.stubGlobal('localStorage', undefined);
    const outbox = open();
    await outbox.append('1', false).stored;
    expect(await textsIn(outbox)).toEqual(['1']);
    vi.unstubAllGlobals();
  });
});

describe('a row', () => {
  it('is the first call of a task alone, and then what else the task tracks', async () => {
    const outbox = open();
    await outbox.opened;
    const rows = ['"a"', '"b"', '"c"'].map((text) => outbox.append(text, false));
    await Promise.all(rows.map(({ stored }) => stored));
    expect(await textsIn(outbox)).toEqual(['"a"', '"b","c"']);
    expect(rows.map(({ count }) => count)).toEqual([1, 2, 2]);
  });

  it('is 16,000 characters long at most, so that it fits into a keepalive request in every script', async () => {
    const outbox = open();
    await outbox.opened;
    const text = JSON.stringify('\u2605'.repeat(3_997));
    await Promise.all(Array.from({ length: 10 }, () => outbox.append(text, false).stored));
    const texts = await textsIn(outbox);
    expect(texts.map((row) => row.length)).toEqual([3_999, 15_999, 15_999, 3_999]);
    for (const row of texts) expect(utf8Bytes(row) + 1_024).toBeLessThan(KEEPALIVE_BYTES);
  });

  it('remembers that it holds an identify, also when another page reads it', async () => {
    const outbox = open();
    await outbox.opened;
    outbox.append('{"type":"track"}', false);
    outbox.append('{"type":"track"}', false);
    const last = outbox.append('{"type":"identify"}', true);
    await last.stored;
    expect(last.hasIdentify).toBe(true);
    expect((await open({ tab: 'other' }).read()).map(({ hasIdentify }) => hasIdentify)).toEqual([false, true]);
  });

  it('has a later key than every row before it, though the clock is set back and another tab wrote the last one', async () => {
    let now = 90_000;
    const first = open({ now: () => now, tab: 'zzz' });
    await first.append('"a"', false).stored;
    now = 5;
    const second = open({ now: () => now, tab: 'aaa' });
    await second.append('"b"', false).stored;
    await second.append('"c"', false).stored;
    expect(await textsIn(first)).toEqual(['"a"', '"b"', '"c"']);
    expect((await first.read()).map(({ key }) => parseKey(key)!.time)).toEqual([90_000, 90_001, 90_002]);
  });
});

describe('a clock that was set back', () => {
  it('before the database was open, puts no row before those that are there', async () => {
    const before = open({ now: () => 9_000 });
    await before.append('before', false).stored;
    const outbox = open({ now: () => 1_000 });
    await outbox.append('after', false).stored;
    expect(await textsIn(outbox)).toEqual(['before', 'after']);
    expect(Object.keys(localStorage)).toEqual([]);
  });
});

describe('reading', () => {
  it('shows the rows of its own scope, of whichever page, and those that nobody had an address for', async () => {
    for (const scope of [SCOPE, 'key:OTHER', UNADDRESSED, 'page']) await open({ scope, tab: 'other' }).append(`"${scope}"`, false).stored;
    const texts = await textsIn(open());
    expect(texts).toHaveLength(2);
    expect(texts).toEqual(expect.arrayContaining([`"${SCOPE}"`, `"${UNADDRESSED}"`]));
  });
});

describe('replacing', () => {
  it('deletes rows and keeps what is left of them', async () => {
    const outbox = open();
    await outbox.append('"a"', false).stored;
    const [row] = await outbox.read();
    const part = { ...row!, key: formatKey({ time: 2_000, tab: 'me', scope: SCOPE }), text: '"rest"' };
    await outbox.replace([row!], [part]);
    expect(await textsIn(outbox)).toEqual(['"rest"']);
  });
});

describe('the anonymous id', () => {
  it('is remembered from one page to the next', async () => {
    await open({ recoverId: () => 'visitor' }).opened;
    const recoverId = vi.fn<(remembered?: string) => string>((remembered) => remembered ?? 'new');
    await open({ recoverId }).opened;
    expect(recoverId).toHaveBeenCalledWith('visitor');
  });

  it('is one and the same for two pages that open at once', async () => {
    const ids: string[] = [];
    const openAs = (candidate: string): Promise<void> =>
      open({
        recoverId(remembered) {
          ids.push(remembered ?? candidate);
          return remembered ?? candidate;
        },
      }).opened;
    await Promise.all([openAs('one'), openAs('two')]);
    expect(ids).toEqual(['one', 'one']);
  });

  it('is kept when it changes', async () => {
    const outbox = open();
    outbox.rememberId('changed');
    await outbox.append('"a"', false).stored;
    const recoverId = vi.fn<() => string>(() => 'changed');
    await open({ recoverId }).opened;
    expect(recoverId).toHaveBeenCalledWith('changed');
  });
});

describe('without a database', () => {
  it('keeps messages in memory, says so once it knows, and asks for an id without one', async () => {
    vi.stubGlobal('indexedDB', undefined);
    const recoverId = vi.fn<() => string>(() => 'visitor');
    const onReady = vi.fn<() => void>();
    const outbox = open({ recoverId, onReady });
    const row = outbox.append('"a"', false);
    await expect(row.stored).resolves.toBe('memory');
    expect(recoverId).toHaveBeenCalledWith(undefined);
    expect(onReady).toHaveBeenCalled();
    expect(row.isReady).toBe(true);
    expect(outbox.trouble).toHaveLength(1);
    await expect(outbox.append('"b"', false).stored).resolves.toBe('memory');
    expect(outbox.trouble).toHaveLength(1);
  });
});
