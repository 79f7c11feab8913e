// @vitest-environment node
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FlusherOptions } from '../../../src/outbox/flush.js';
import type { Response } from '../../../src/outbox/outcome.js';
import { BATCH_BYTES, type JsonObject } from '../../../src/wire/index.js';
import { DELIVERED, MY_TAB, openAnswer, putOnBench, refusing, type Bench } from './bench.js';

const UNAVAILABLE: Response = { status: 503, body: '' };
const WRONG_KEY: Response = { status: 401, body: '{"message":"Unknown write key."}' };

beforeEach(() => {
  vi.useFakeTimers();
  // A page is never asked for the time at the very moment that its clock begins.
  vi.advanceTimersByTime(5_000);
});

afterEach(() => {
  vi.useRealTimers();
});

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe('a flush', () => {
  it('sends what one task tracked in one request, in the order of the calls', async () => {
    const { call, requests } = putOnBench();
    call('a');
    call(['b', 'c']);
    call('d');
    await pass(0);
    expect(requests).toEqual([['a', 'b', 'c', 'd']]);
  });

  it('leaves at once the first time, and then keeps its interval', async () => {
    const { call, requests } = putOnBench({ flushInterval: 1_000 });
    call('a');
    await pass(0);
    expect(requests).toEqual([['a']]);
    call('b');
    await pass(500);
    call('c');
    await pass(499);
    expect(requests).toHaveLength(1);
    await pass(1);
    expect(requests).toEqual([['a'], ['b', 'c']]);
  });

  it('waits to be flushed where the interval has no end', async () => {
    const { call, requests, flusher } = putOnBench({ flushInterval: Infinity });
    call('a');
    await pass(0);
    call('b');
    await pass(3_600_000);
    expect(requests).toEqual([['a']]);
    await flusher.flush();
    expect(requests).toEqual([['a'], ['b']]);
  });

  it('leaves behind the work of the page, and at once where who the visitor is has just been learnt', async () => {
    const { append, store, requests, flusher } = putOnBench({ flushInterval: 1_000 });
    const row = append('a');
    row.key = 'k';
    row.isReady = true;
    flusher.wake();
    await Promise.resolve();
    expect(vi.getTimerCount()).toBe(1);
    flusher.start();
    expect(vi.getTimerCount()).toBe(0);
    await pass(0);
    expect(requests).toEqual([['a']]);
    store(append('b'));
    flusher.start();
    await pass(999);
    expect(requests).toHaveLength(1);
    await pass(1);
    expect(requests).toEqual([['a'], ['b']]);
  });

  it('leaves to the next interval what was tracked while its request was under way', async () => {
    const { call, requests, answers } = putOnBench({ flushInterval: 1_000 });
    const first = openAnswer();
    answers.push(first.answer);
    call('a');
    await pass(0);
    call('b');
    first.give(DELIVERED);
    await pass(999);
    expect(requests).toEqual([['a']]);
    await pass(1);
    expect(requests).toEqual([['a'], ['b']]);
  });

  it('leaves at once again after a quiet interval', async () => {
    const { call, requests } = putOnBench({ flushInterval: 1_000 });
    call('a');
    await pass(1_001);
    call('b');
    await pass(0);
    expect(requests).toEqual([['a'], ['b']]);
  });

  it('makes one request at a time', async () => {
    const { call, requests, answers, flusher } = putOnBench();
    const first = openAnswer();
    answers.push(first.answer);
    call('a');
    await pass(0);
    call('b');
    void flusher.flush();
    await pass(20_000);
    expect(requests).toEqual([['a']]);
    first.give(DELIVERED);
    await pass(0);
    expect(requests).toEqual([['a'], ['b']]);
  });

  it('does not wait for the interval once batchSize messages have come together', async () => {
    const { call, requests } = putOnBench({ batchSize: 3 });
    call('a');
    await pass(0);
    call(['b', 'c']);
    await pass(10);
    expect(requests).toHaveLength(1);
    call('d');
    await pass(0);
    expect(requests).toEqual([['a'], ['b', 'c', 'd']]);
  });

  it('keeps a row until a 2xx has acknowledged it, and then deletes it', async () => {
    const { call, kept, answers } = putOnBench();
    const first = openAnswer();
    answers.push(first.answer);
    const row = call('a');
    await pass(0);
    expect(kept()).toEqual(['a']);
    first.give(DELIVERED);
    await expect(row.delivered).resolves.toEqual([]);
    expect(kept()).toEqual([]);
  });

  it.each([
    ['a captive portal', { status: 200, body: '<!doctype html>' }],
    ['no answer', { status: 0, body: '' }],
    ['a 503', UNAVAILABLE],
  ])('keeps a row that meets %s, and sends it again', async (_, response) => {
    const { call, kept, answers, requests } = putOnBench();
    answers.push(response);
    call('a');
    await pass(0);
    expect(kept()).toEqual(['a']);
    await pass(1_000);
    expect(requests).toEqual([['a'], ['a']]);
    expect(kept()).toEqual([]);
  });

  it('splits what waits into requests that a collector takes', async () => {
    const { call, requests, flusher } = putOnBench();
    const names = Array.from({ length: 40 }, (_, i) => `m${String(i).padStart(2, '0')}`);
    for (const name of names) call(name, { padding: 30_000 });
    await flusher.flush();
    expect(requests.flat()).toEqual(names);
    expect(requests.length).toBeGreaterThan(2);
    for (const ids of requests) expect(ids.length * 30_100).toBeLessThan(BATCH_BYTES);
  });

  it('hands on what the collector refused, and deletes it with the rest', async () => {
    const { call, kept, answers, refused } = putOnBench();
    const refusal = { messageId: 'b', index: 1, code: 'no_event', message: 'A track call needs a name.' };
    answers.push({ status: 200, body: JSON.stringify({ success: true, accepted: 1, refused: [refusal] }) });
    const row = call(['a', 'b']);
    await pass(0);
    await expect(row.delivered).resolves.toEqual([refusal]);
    expect(refused).toEqual([refusal]);
    expect(kept()).toEqual([]);
  });
});

describe('flush()', () => {
  it('resolves once everything is delivered', async () => {
    const { call, flusher, kept, answers } = putOnBench();
    const first = openAnswer();
    answers.push(first.answer);
    call('a');
    const flushed = vi.fn<(...values: unknown[]) => void>();
    void flusher.flush().then(flushed);
    await pass(1_000);
    expect(flushed).not.toHaveBeenCalled();
    first.give(DELIVERED);
    await pass(0);
    expect(flushed).toHaveBeenCalledOnce();
    expect(kept()).toEqual([]);
  });

  it('resolves once an attempt has failed', async () => {
    const { call, flusher, kept, answers } = putOnBench();
    answers.push(UNAVAILABLE);
    call('a');
    await flusher.flush();
    expect(kept()).toEqual(['a']);
  });

  it('resolves at once when there is nothing to send', async () => {
    const { flusher, requests } = putOnBench();
    await flusher.flush();
    expect(requests).toEqual([]);
  });

  it('waits for the database to take what was tracked a moment ago, and sends that too', async () => {
    const { append, store, flusher, requests } = putOnBench();
    const row = append('a');
    const flushed = flusher.flush();
    await pass(10);
    store(row);
    await flushed;
    expect(requests).toEqual([['a']]);
  });

  it('sends what was tracked while an earlier request was under way', async () => {
    const { call, flusher, requests, answers } = putOnBench();
    const first = openAnswer();
    answers.push(first.answer);
    call('a');
    await pass(0);
    call('b');
    const flushed = flusher.flush();
    first.give(DELIVERED);
    await flushed;
    expect(requests).toEqual([['a'], ['b']]);
  });
});

describe('a collector that fails', () => {
  it('is tried again after longer and longer waits', async () => {
    const { call, requests, answers } = putOnBench({ random: () => 0.999 });
    answers.push(UNAVAILABLE, UNAVAILABLE, UNAVAILABLE);
    call('a');
    await pass(0);
    for (const [i, wait] of [999, 1_998, 3_996].entries()) {
      await pass(wait - 1);
      expect(requests).toHaveLength(i + 1);
      await pass(1);
      expect(requests).toHaveLength(i + 2);
    }
  });

  it('is left alone for as long as it asks', async () => {
    const { call, requests, answers } = putOnBench();
    answers.push({ ...UNAVAILABLE, retryAfterMs: 60_000 });
    call('a');
    await pass(59_999);
    expect(requests).toHaveLength(1);
    await pass(1);
    expect(requests).toHaveLength(2);
  });

  it('is not hurried by a full batch', async () => {
    const { call, requests, answers } = putOnBench({ batchSize: 2 });
    answers.push({ ...UNAVAILABLE, retryAfterMs: 60_000 });
    call('a');
    await pass(0);
    call(['b', 'c', 'd']);
    await pass(59_000);
    expect(requests).toHaveLength(1);
  });

  it('is forgiven by its first 2xx: the next failure is the first again', async () => {
    const { call, requests, answers } = putOnBench({ random: () => 0.999 });
    answers.push(UNAVAILABLE, UNAVAILABLE, UNAVAILABLE, DELIVERED, UNAVAILABLE);
    call('a');
    await pass(60_000);
    expect(requests).toHaveLength(4);
    call('b');
    await pass(0);
    await pass(999);
    expect(requests).toHaveLength(6);
  });

  it('is told of, with a reason for a person', async () => {
    const { call, failures, answers } = putOnBench();
    answers.push({ status: 0, body: '' }, UNAVAILABLE);
    call('a');
    await pass(5_000);
    expect(failures).toEqual(['it does not answer', 'it answers 503']);
  });

  it('is asked again in its turn whatever the clock of the computer does', async () => {
    const { call, requests, answers } = putOnBench({ now: () => 0 });
    answers.push(UNAVAILABLE);
    call('a');
    await pass(0);
    vi.setSystemTime(0);
    await pass(500);
    expect(requests).toHaveLength(2);
  });
});

describe('a wrong write key', () => {
  it('deletes nothing, and is tried again after five minutes', async () => {
    const { call, kept, requests, answers, failures } = putOnBench();
    answers.push(WRONG_KEY);
    call('a');
    await pass(299_999);
    expect(requests).toHaveLength(1);
    expect(kept()).toEqual(['a']);
    expect(failures).toEqual(['Unknown write key.']);
    await pass(1);
    expect(requests).toHaveLength(2);
    expect(kept()).toEqual([]);
  });

  it('is not tried over and over while more than a batch waits', async () => {
    const { call, requests, answers } = putOnBench({ batchSize: 2 });
    answers.push(...Array.from({ length: 100 }, () => WRONG_KEY));
    call(['a', 'b', 'c']);
    await pass(60_000);
    expect(requests).toHaveLength(1);
  });
});

describe('a message that sinks its batch', () => {
  it('is found by halving, refused alone, and takes none of its neighbours with it', async () => {
    const { call, requests, answers, kept, refused } = putOnBench();
    answers.push(...Array.from({ length: 20 }, () => refusing('poison')));
    const row = ['a', 'b', 'poison', 'c', 'd'].map((name) => call(name))[2]!;
    await pass(0);
    expect(kept()).toEqual([]);
    expect(refused).toMatchObject([{ messageId: 'poison', message: 'properties is an object' }]);
    await expect(row.delivered).resolves.toMatchObject([{ messageId: 'poison' }]);
    expect(requests.filter((ids) => !ids.includes('poison')).flat()).toEqual(['a', 'b', 'c', 'd']);
    expect(requests.length).toBeLessThan(10);
  });

  it('is found in the midst of a row', async () => {
    const { call, requests, answers, kept, refused } = putOnBench();
    answers.push(...Array.from({ length: 20 }, () => refusing('poison')));
    const row = call(['a', 'b', 'c', 'poison', 'd']);
    call('e');
    await pass(0);
    expect(kept()).toEqual([]);
    expect(refused.map(({ messageId }) => messageId)).toEqual(['poison']);
    await expect(row.delivered).resolves.toMatchObject([{ messageId: 'poison' }]);
    expect(requests.filter((ids) => !ids.includes('poison')).flat()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('keeps every other message in the database until that one is delivered', async () => {
    const { call, answers, kept } = putOnBench();
    answers.push(refusing('poison'), refusing('poison'), UNAVAILABLE);
    call(['a', 'b', 'poison', 'c']);
    await pass(0);
    expect(kept()).toEqual(['poison', 'c']);
  });

  it('does not shrink the requests that come after it', async () => {
    const { call, requests, answers } = putOnBench();
    answers.push(...Array.from({ length: 5 }, () => refusing('poison')));
    for (const name of ['poison', 'a', 'b', 'c']) call(name);
    await pass(0);
    requests.length = 0;
    answers.length = 0;
    for (const name of ['d', 'e', 'f']) call(name);
    await pass(1_000);
    expect(requests).toEqual([['d', 'e', 'f']]);
  });
});

describe('a collector that finds a request too large', () => {
  /** Takes ten messages at most. */
  const small = (ids: string[]): Response => (ids.length > 10 ? { status: 413, body: '' } : DELIVERED);
  const named = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, index) => `m${String(from + index).padStart(3, '0')}`);

  it('is given smaller ones from then on, and no large one again', async () => {
    const { call, requests, answers } = putOnBench();
    answers.push(...Array.from({ length: 100 }, () => small));
    for (const name of named(0, 100)) call(name, { padding: 1_000 });
    await pass(0);
    for (const name of named(100, 200)) call(name, { padding: 1_000 });
    await pass(1_000);
    expect(requests.filter((ids) => ids.length <= 10).flat()).toEqual(named(0, 200));
    expect(requests.map((ids) => ids.length).filter((count) => count > 10)).toEqual([100, 49, 24, 11]);
  });

  it('gets the one row in smaller parts, and is not taken for one that takes single rows only', async () => {
    const { call, requests, answers } = putOnBench();
    answers.push(small, small);
    call(named(0, 11), { padding: 1_000 });
    await pass(0);
    for (const name of named(11, 21)) call(name, { padding: 1_000 });
    await pass(1_000);
    expect(requests.map((ids) => ids.length)).toEqual([11, 6, 5, 10]);
  });

  it('gets one row all the same from a page that leaves, however large', async () => {
    const { call, flusher, requests, answers } = putOnBench();
    answers.push(...Array.from({ length: 3 }, () => (ids: string[]): Response => (ids.length > 1 ? { status: 413, body: '' } : DELIVERED)));
    for (const name of ['a', 'b']) call(name, { padding: 1_000 });
    await pass(0);
    for (const name of ['c', 'd']) call(name, { padding: 5_000 });
    flusher.leave();
    expect(requests.at(-1)).toEqual(['c']);
  });
});

describe('an identify', () => {
  it('carries everything older of this browser before it, whichever tab wrote it', async () => {
    const { call, storeOf, requests, kept } = putOnBench();
    storeOf('another-tab', ['theirs'], 500);
    call('mine');
    call('me', { isIdentify: true });
    await pass(0);
    expect(requests).toEqual([['theirs', 'mine', 'me']]);
    expect(kept()).toEqual([]);
  });

  it('as the second of a request carries what is older than itself, and not only what is older than the first', async () => {
    const { call, storeOf, store, append, requests } = putOnBench();
    const [first, second] = [append('first', { isIdentify: true }), append('second', { isIdentify: true })];
    store(first);
    storeOf('another-tab', 'between', 1_002);
    call('mine');
    store(second);
    await pass(0);
    expect(requests.flat()).toEqual(['first', 'between', 'mine', 'second']);
  });

  it('that was called while the others were read waits for the next request', async () => {
    const { call, storeOf, outbox, requests } = putOnBench();
    const read = outbox.read.bind(outbox);
    outbox.read = async () => {
      const rows = await read();
      outbox.read = read;
      // Between the two: of the first one's time, and of a tab that sorts behind it.
      storeOf('zz', 'theirs', 1_001);
      call('second', { isIdentify: true });
      return rows;
    };
    call('first', { isIdentify: true });
    await pass(1_000);
    expect(requests).toEqual([['first'], ['theirs', 'second']]);
  });

  it('leaves what is newer to those who wrote it', async () => {
    const { call, storeOf, requests, kept } = putOnBench();
    call('me', { isIdentify: true });
    storeOf('another-tab', 'theirs', 9_000);
    await pass(0);
    expect(requests).toEqual([['me']]);
    expect(kept()).toEqual(['theirs']);
  });

  it('is the only call that does: a track leaves other tabs alone', async () => {
    const { call, storeOf, requests } = putOnBench();
    storeOf('another-tab', 'theirs', 500);
    call('mine');
    await pass(0);
    expect(requests).toEqual([['mine']]);
  });

  it('does not overtake what a page that seemed to leave has under way', async () => {
    const { call, flusher, requests, answers } = putOnBench();
    const last = openAnswer();
    answers.push(last.answer);
    call('a');
    flusher.hide();
    call('me', { isIdentify: true });
    const flushed = flusher.flush();
    await pass(10_000);
    expect(requests).toEqual([['a']]);
    last.give(UNAVAILABLE);
    await flushed;
    expect(requests).toEqual([['a'], ['a', 'me']]);
  });

  it('does not either when another request was under way before that', async () => {
    const { call, flusher, requests, answers } = putOnBench();
    const [first, last] = [openAnswer(), openAnswer()];
    answers.push(first.answer, last.answer);
    call('a');
    await pass(0);
    call('b');
    flusher.hide();
    call('me', { isIdentify: true });
    first.give(DELIVERED);
    await pass(10_000);
    expect(requests).toEqual([['a'], ['b']]);
    last.give(DELIVERED);
    await pass(0);
    expect(requests).toEqual([['a'], ['b'], ['me']]);
  });

  it('does not overtake older messages that need a request of their own', async () => {
    const { call, storeOf, requests } = putOnBench();
    storeOf('another-tab', 'theirs', 500);
    for (const name of ['a', 'b', 'c', 'd']) call(name, { padding: 250_000 });
    call('me', { isIdentify: true });
    await pass(0);
    expect(requests.flat()).toEqual(['theirs', 'a', 'b', 'c', 'd', 'me']);
    expect(requests.length).toBeGreaterThan(1);
  });
});

describe('recovery', () => {
  it('takes what pages that are gone have left behind, oldest first, and nothing of those alive', async () => {
    const tabs = { hold() {}, release() {}, alive: async () => new Set([MY_TAB, 'alive']), exclusively: (_: string, work: () => Promise<void>) => work() };
    const { storeOf, flusher, requests, kept } = putOnBench({ tabs });
    storeOf('gone-too', 'second', 600);
    storeOf('gone', 'first', 500);
    storeOf('alive', 'theirs', 400);
    void flusher.recover();
    await pass(0);
    expect(requests).toEqual([['first', 'second']]);
    expect(kept()).toEqual(['theirs']);
  });

  it('without Web Locks takes what is more than ten seconds old', async () => {
    const tabs = { hold() {}, release() {}, alive: async () => undefined, exclusively: (_: string, work: () => Promise<void>) => work() };
    const { storeOf, flusher, requests, kept } = putOnBench({ tabs, now: () => 20_000 });
    storeOf('unknown', 'old', 9_999);
    storeOf('unknown', 'young', 10_000);
    void flusher.recover();
    await pass(0);
    expect(requests).toEqual([['old']]);
    expect(kept()).toEqual(['young']);
  });

  it('without Web Locks takes what is of the future too: the clock was set back since', async () => {
    const tabs = { hold() {}, release() {}, alive: async () => undefined, exclusively: (_: string, work: () => Promise<void>) => work() };
    const { storeOf, flusher, requests } = putOnBench({ tabs, now: () => 20_000 });
    storeOf('unknown', 'of next year', 31_536_000_000);
    void flusher.recover();
    await pass(0);
    expect(requests).toEqual([['of next year']]);
  });

  it('without Web Locks looks again for what was younger, once that is as old', async () => {
    const tabs = { hold() {}, release() {}, alive: async () => undefined, exclusively: (_: string, work: () => Promise<void>) => work() };
    const { storeOf, flusher, requests, kept } = putOnBench({ tabs });
    storeOf('gone', 'theirs', Date.now() - 1);
    void flusher.recover();
    await pass(9_999);
    expect(requests).toEqual([]);
    await pass(2);
    expect(requests).toEqual([['theirs']]);
    expect(kept()).toEqual([]);
  });

  it('without Web Locks does not look again for what this page itself has to send', async () => {
    const tabs = { hold() {}, release() {}, alive: async () => undefined, exclusively: (_: string, work: () => Promise<void>) => work() };
    const { call, outbox, flusher } = putOnBench({ tabs, addressed: new Promise(() => {}), now: () => 1_001 });
    const read = vi.spyOn(outbox, 'read');
    call('mine');
    void flusher.recover();
    await pass(60_000);
    expect(read).toHaveBeenCalledOnce();
  });

  it('comes again once a collector that has failed takes something: pages that ended meanwhile could deliver nothing', async () => {
    const { call, storeOf, requests, answers, kept } = putOnBench();
    answers.push(UNAVAILABLE);
    call('mine');
    await pass(0);
    storeOf('ended-meanwhile', 'theirs', 500);
    await pass(10_000);
    expect(requests).toEqual([['mine'], ['mine'], ['theirs']]);
    expect(kept()).toEqual([]);
  });

  it('is left to another page that is at it already', async () => {
    const tabs = { hold() {}, release() {}, alive: async () => new Set([MY_TAB]), exclusively: async () => {} };
    const { storeOf, flusher, requests } = putOnBench({ tabs });
    storeOf('gone', 'theirs', 500);
    void flusher.recover();
    await pass(10_000);
    expect(requests).toEqual([]);
  });

  it('lasts until they are delivered, so that no other page sends them as well', async () => {
    const { storeOf, flusher, answers } = putOnBench();
    answers.push(UNAVAILABLE, UNAVAILABLE);
    storeOf('gone', 'theirs', 500);
    const recovered = vi.fn<(...values: unknown[]) => void>();
    void flusher.recover().then(recovered);
    await pass(0);
    expect(recovered).not.toHaveBeenCalled();
    await pass(10_000);
    expect(recovered).toHaveBeenCalledOnce();
  });

  it('does not take a tab for dead that opened while it was looking', async () => {
    const alive = new Set([MY_TAB]);
    const tabs = { hold() {}, release() {}, alive: async () => new Set(alive), exclusively: (_: string, work: () => Promise<void>) => (openTab(), work()) };
    const { storeOf, flusher, requests } = putOnBench({ tabs });
    function openTab(): void {
      alive.add('just-opened');
      storeOf('just-opened', 'theirs', 500);
    }
    void flusher.recover();
    await pass(1_000);
    expect(requests).toEqual([]);
  });
});

describe('a page that leaves', () => {
  it('sends what a request can carry that outlives it, oldest first, and keeps the rest', async () => {
    const { call, flusher, requests, kept } = putOnBench();
    for (const name of ['a', 'b', 'c', 'd']) call(name, { padding: 15_000 });
    flusher.leave();
    expect(requests).toEqual([['a', 'b', 'c']]);
    expect(kept()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('sends nothing when nothing fits', () => {
    const { call, flusher, requests } = putOnBench({ room: () => 1_000 });
    call('a');
    flusher.leave();
    expect(requests).toEqual([]);
  });

  it('sends no row twice: not what is under way, nor when it leaves again', async () => {
    const { call, flusher, requests, answers } = putOnBench();
    answers.push(openAnswer().answer, openAnswer().answer);
    call('a');
    await pass(0);
    call('b');
    flusher.leave();
    flusher.leave();
    await pass(20_000);
    expect(requests).toEqual([['a'], ['b']]);
  });

  it('sends what the database has not taken yet', () => {
    const { append, flusher, requests } = putOnBench();
    append('a');
    flusher.leave();
    expect(requests).toEqual([['a']]);
  });

  it('keeps the rows until a 2xx: they are deleted when it comes back, or sent by a later page', async () => {
    const { call, flusher, answers, kept } = putOnBench();
    const last = openAnswer();
    answers.push(last.answer);
    call('a');
    flusher.leave();
    await pass(1_000);
    expect(kept()).toEqual(['a']);
    last.give(DELIVERED);
    await pass(0);
    expect(kept()).toEqual([]);
  });

  it('and stays after all, goes on where it was', async () => {
    const { call, flusher, requests, answers, kept } = putOnBench();
    const last = openAnswer();
    answers.push(last.answer);
    call('a');
    flusher.leave();
    await pass(1_000);
    last.give(UNAVAILABLE);
    await pass(10_000);
    expect(requests).toEqual([['a'], ['a']]);
    expect(kept()).toEqual([]);
  });

  it('leaves a collector that fails alone while it is only out of sight, and tries it once more when it goes', async () => {
    const { call, flusher, requests, answers } = putOnBench({ random: () => 0.999 });
    answers.push(UNAVAILABLE, UNAVAILABLE);
    call('a');
    await pass(0);
    flusher.hide();
    flusher.hide();
    await pass(500);
    expect(requests).toEqual([['a']]);
    flusher.leave();
    expect(requests).toEqual([['a'], ['a']]);
  });

  it('sends at once when it is out of sight and nothing fails, whatever the interval', async () => {
    const { call, flusher, requests } = putOnBench();
    call('a');
    await pass(0);
    call('b');
    flusher.hide();
    expect(requests).toEqual([['a'], ['b']]);
  });

  it('leaves a collector alone that has said when to come back: what is stored waits for the next page', async () => {
    const { call, flusher, requests, answers, kept } = putOnBench();
    answers.push({ status: 429, body: '', retryAfterMs: 60_000 });
    call('a');
    await pass(0);
    flusher.hide();
    flusher.leave();
    await pass(59_000);
    expect(requests).toEqual([['a']]);
    expect(kept()).toEqual(['a']);
    flusher.leave();
    await pass(1_000);
    expect(requests).toEqual([['a'], ['a']]);
  });

  it('leaves it alone too when the page before it was told', () => {
    const { call, flusher, requests } = putOnBench({ attempts: { failures: 1, waitMs: 20_000 } });
    call('a');
    flusher.leave();
    expect(requests).toEqual([]);
  });

  it('sends what only memory holds all the same: it would be lost', async () => {
    const { append, call, flusher, requests, answers } = putOnBench();
    answers.push({ status: 429, body: '', retryAfterMs: 60_000 });
    call('a');
    await pass(0);
    append('b').settleStored('memory');
    flusher.leave();
    expect(requests).toEqual([['a'], ['a', 'b']]);
  });

  it('sends the parts of such a row too, which a collector found too large', async () => {
    const { append, flusher, requests, answers } = putOnBench();
    answers.push({ status: 413, body: '' }, { status: 429, body: '', retryAfterMs: 60_000 });
    const row = append(['a', 'b']);
    row.key = '00001001.memory';
    row.settleStored('memory');
    flusher.wake();
    await pass(0);
    expect(requests).toEqual([['a', 'b'], ['a']]);
    flusher.leave();
    expect(requests.at(-1)).toEqual(['a', 'b']);
  });

  it('sends nothing before it is known who the visitor is, and where to', async () => {
    let know!: () => void;
    const { call, flusher, requests } = putOnBench({ addressed: new Promise<void>((resolve) => (know = resolve)) });
    call('a');
    flusher.hide();
    flusher.leave();
    await pass(10_000);
    expect(requests).toEqual([]);
    know();
    await pass(0);
    expect(requests).toEqual([['a']]);
  });

  it('does not spin while its last request is under way', async () => {
    const { call, flusher, answers } = putOnBench();
    answers.push(openAnswer().answer);
    call('a');
    flusher.leave();
    flusher.wake();
    await pass(1_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('in the midst of looking for older rows, sends no empty request after it', async () => {
    const { outbox, call, flusher, requests } = putOnBench();
    const read = vi.spyOn(outbox, 'read').mockImplementationOnce(() => (flusher.leave(), Promise.resolve([])));
    call('me', { isIdentify: true });
    await pass(10_000);
    expect(read).toHaveBeenCalled();
    expect(requests).toEqual([['me']]);
  });
});

describe('what is cleared', () => {
  it('is all that there will be: what was being recovered is not sent', async () => {
    const { storeOf, flusher, requests, kept } = putOnBench();
    storeOf('gone', 'theirs', 500);
    void flusher.recover();
    expect(flusher.clear()).toEqual([]);
    await pass(10_000);
    expect(requests).toEqual([]);
    expect(kept()).toEqual(['theirs']);
  });

  it('stays cleared: what the answer to a request under way says is nothing to remember', async () => {
    const { answers, call, flusher, attempts, failures, requests } = putOnBench();
    const first = openAnswer();
    answers.push(first.answer);
    call('me');
    await pass(0);
    flusher.clear();
    first.give(UNAVAILABLE);
    await pass(10_000);
    expect({ attempts, failures, requests }).toEqual({ attempts: [], failures: [], requests: [['me']] });
  });
});

describe('whatever the collector answers', () => {
  const statuses = fc.array(fc.constantFrom(0, 200, 204, 401, 404, 413, 429, 500, 503), { maxLength: 25 });

  it('every message is acknowledged once, in the order of the calls, or refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 8 }), statuses, async (sizes, answered) => {
        const bench = putOnBench();
        const acknowledged: string[] = [];
        bench.answers.push(...answered.map((status) => answer(status, acknowledged)));
        const names = sizes.map((size, i) => Array.from({ length: size + 1 }, (_, j) => `m${i}-${j}`));
        for (const row of names) {
          bench.call(row);
          await pass(400);
        }
        // The longest way: every answer is a reason to wait five minutes.
        await pass((answered.length + 1) * 300_000);
        acknowledged.push(...unanswered(bench, answered.length));
        const lost = new Set(bench.refused.map(({ messageId }) => messageId));
        expect(acknowledged).toEqual(names.flat().filter((id) => !lost.has(id)));
        expect(bench.kept()).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

function answer(status: number, acknowledged: string[]): (ids: string[]) => Response {
  return (ids) => {
    if (status === 200 || status === 204) acknowledged.push(...ids);
    return { status, body: '' };
  };
}

/** What the answers after the last scripted one acknowledged. */
function unanswered({ requests }: Bench, scripted: number): string[] {
  return requests.slice(scripted).flat();
}

describe('too much waiting', () => {
  const limit = { messages: 4, characters: 1_000_000 };
  const down = (): Partial<FlusherOptions> => ({ limit, attempts: { failures: 0, waitMs: 60_000 } });

  it('gives up the oldest events, counts them, and tells the collector with the next delivery', async () => {
    const { flusher, call, kept, dropped, sendings } = putOnBench(down());
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) call(name);
    expect(kept()).toEqual(['c', 'd', 'e', 'f']);
    expect(dropped).toEqual([1, 2]);
    await flusher.flush();
    call('g');
    await flusher.flush();
    expect(sendings.map(({ dropped }) => dropped)).toEqual([2, 0]);
  });

  it('tells the collector once, though a page that leaves makes a second request beside the first', async () => {
    const { flusher, call, requests, sendings, answers } = putOnBench({ ...down(), room: () => 1_000_000 });
    const [first, second] = [openAnswer(), openAnswer()];
    answers.push(first.answer, second.answer);
    for (const name of ['a', 'b', 'c', 'd', 'e']) call(name, { padding: 200_000 });
    const flushed = flusher.flush();
    await pass(0);
    flusher.leave();
    first.give(DELIVERED);
    second.give(DELIVERED);
    await flushed;
    expect(requests).toEqual([['b', 'c'], ['d', 'e']]);
    expect(sendings.map(({ dropped }) => dropped)).toEqual([1, 0]);
  });

  it('tells whoever waits for their delivery', async () => {
    const { call } = putOnBench(down());
    const row = call('a');
    for (const name of ['b', 'c', 'd', 'e']) call(name);
    await expect(row.delivered).resolves.toMatchObject([{ messageId: 'a', code: 'outbox_full' }]);
  });

  it('never gives up an identify', async () => {
    const { call, kept } = putOnBench(down());
    call('ada', { isIdentify: true });
    for (const name of ['a', 'b', 'c', 'd', 'e']) call(name);
    expect(kept()).toEqual(['ada', 'c', 'd', 'e']);
  });

  it('takes part of a row, and no more of it than it must be', async () => {
    const { flusher, call, kept, requests } = putOnBench(down());
    const row = call(['a', 'b', 'c']);
    call(['d', 'e']);
    expect(kept()).toEqual(['d', 'e']);
    await flusher.flush();
    expect(requests).toEqual([['d', 'e']]);
    await expect(row.delivered).resolves.toHaveLength(3);
  });

  it('counts characters as well', async () => {
    const { call, kept } = putOnBench({ ...down(), limit: { messages: 100, characters: 2_500 } });
    for (const name of ['a', 'b', 'c']) call(name, { padding: 1_000 });
    expect(kept()).toEqual(['b', 'c']);
  });

  it('means less where the browser has little room', async () => {
    const { call, kept } = putOnBench({ ...down(), limit: { messages: 100, characters: 10_000_000 }, estimate: () => Promise.resolve({ quota: 3_000_000, usage: 600_000 }) });
    for (const name of ['a', 'b', 'c']) call(name, { padding: 500_000 });
    await vi.advanceTimersByTimeAsync(0);
    expect(kept()).toEqual(['b', 'c']);
  });

  it('keeps what is under way', async () => {
    const { flusher, call, kept, answers } = putOnBench({ limit });
    const { answer, give } = openAnswer();
    answers.push(answer);
    call(['a', 'b', 'c']);
    void flusher.flush();
    await vi.advanceTimersByTimeAsync(0);
    call('d');
    call('e');
    expect(kept()).toEqual(['a', 'b', 'c', 'e']);
    give(DELIVERED);
  });
});

describe('messages that came too late to merge', () => {
  const late = (...ids: string[]): Response => ({ status: 200, body: JSON.stringify({ success: true, late: ids }) });

  it('are sent again as the client says, in the place of the ones that came late', async () => {
    const resent: unknown[] = [];
    const resend = (messages: JsonObject[]): string => {
      resent.push(...messages.map(({ messageId }) => messageId));
      return '{"messageId":"b","anonymousId":"fresh"},{"type":"identify","messageId":"i"}';
    };
    const { flusher, call, kept, requests, answers } = putOnBench({ resend });
    let keptMeanwhile: string[] = [];
    answers.push(late('b'), () => {
      keptMeanwhile = kept();
      return DELIVERED;
    });
    call(['a', 'b']);
    await flusher.flush();
    expect(resent).toEqual(['b']);
    expect(keptMeanwhile).toEqual(['b', 'i']);
    expect(requests).toEqual([['a', 'b'], ['b', 'i']]);
    expect(kept()).toEqual([]);
  });

  it('are left as they are when the client says so', async () => {
    const { flusher, call, kept, requests, answers } = putOnBench();
    answers.push(late('a'));
    call('a');
    await flusher.flush();
    await flusher.flush();
    expect(requests).toEqual([['a']]);
    expect(kept()).toEqual([]);
  });
});

describe('over page loads', () => {
  it('is remembered how often a collector failed, and how long it wants to be left alone', async () => {
    const { flusher, call, answers, attempts } = putOnBench({ attempts: { failures: 3, waitMs: 0 } });
    answers.push({ status: 503, body: '', retryAfterMs: 7_000 });
    call('a');
    await flusher.flush();
    expect(attempts).toEqual([{ failures: 4, waitMs: 7_000 }]);
    await flusher.flush();
    expect(attempts.at(-1)).toEqual({ failures: 0, waitMs: 0 });
  });

  it('a page asks once at once, and then waits as long as the pages before it had come to', async () => {
    const { call, answers, requests } = putOnBench({ attempts: { failures: 8, waitMs: 0 } });
    for (let i = 0; i < 5; i++) answers.push({ status: 0, body: '' });
    call('a');
    await vi.advanceTimersByTimeAsync(0);
    expect(requests).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(requests).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(requests).toHaveLength(2);
  });

  it('a server that wants to be left alone is', async () => {
    const { call, requests } = putOnBench({ attempts: { failures: 1, waitMs: 20_000 } });
    call('a');
    await vi.advanceTimersByTimeAsync(19_000);
    expect(requests).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(requests).toEqual([['a']]);
  });
});

describe('gzip', () => {
  it('is for a collector that says so, and not for a page that leaves', async () => {
    const { flusher, call, answers, sendings } = putOnBench();
    answers.push({ status: 200, body: '{"success":true,"gzip":true}' }, { status: 200, body: '{"success":true,"gzip":true}' });
    for (const name of ['a', 'b']) {
      call(name);
      await flusher.flush();
    }
    call('c');
    flusher.leave();
    expect(sendings.map(({ gzip }) => gzip)).toEqual([false, true, false]);
  });
});

describe('a row that something else has spoiled', () => {
  it('sinks nobody', async () => {
    const { flusher, stored, storeOf, call, kept, requests, answers } = putOnBench();
    stored.set(storeOf('gone', 'x', 1), '{"messageId":');
    const unreadable = (ids: string[]): Response => (ids.length === 0 ? { status: 400, body: '' } : DELIVERED);
    answers.push(unreadable, unreadable, unreadable);
    call('a');
    void flusher.recover();
    await pass(10_000);
    expect(kept()).toEqual([]);
    expect(requests.at(-1)).toEqual(['a']);
  });
});
