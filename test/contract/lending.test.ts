import { describe, expect, it } from 'vitest';
import { createLending } from '../../src/ledger/postgres/lending.js';

/** Something that takes as long as one says. */
function task(): { work(thing: string): Promise<string>; isRunning(): boolean; end(): void; fail(error: Error): void } {
  let finish!: { resolve(thing: string): void; reject(error: Error): void; thing: string };
  let isRunning = false;
  return {
    work: (thing) =>
      new Promise((resolve, reject) => {
        isRunning = true;
        finish = { resolve, reject, thing };
      }),
    isRunning: () => isRunning,
    end: () => finish.resolve(finish.thing),
    fail: (error) => finish.reject(error),
  };
}

describe('what is lent', () => {
  it('is lent to one user at a time, and then to who came next', async () => {
    const lending = createLending(['a', 'b']);
    const tasks = [task(), task(), task(), task()];
    const results = tasks.map(({ work }) => lending.lend(work));
    await Promise.resolve();
    expect(tasks.map((each) => each.isRunning())).toEqual([true, true, false, false]);
    tasks[1]!.end();
    await expect.poll(() => tasks.map((each) => each.isRunning())).toEqual([true, true, true, false]);
    tasks[2]!.end();
    await expect.poll(() => tasks[3]!.isRunning()).toBe(true);
    tasks[0]!.end();
    tasks[3]!.end();
    expect(new Set(await Promise.all(results))).toEqual(new Set(['a', 'b']));
  });

  it('comes back from a use that failed, which tells why', async () => {
    const lending = createLending(['a']);
    const failing = task();
    const failed = lending.lend(failing.work);
    await expect.poll(() => failing.isRunning()).toBe(true);
    failing.fail(new Error('no'));
    await expect(failed).rejects.toThrow('no');
    expect(await lending.lend(async (thing) => thing)).toBe('a');
  });

  it('is taken back behind everybody who was there before', async () => {
    const lending = createLending(['a', 'b']);
    const [first, second] = [task(), task()];
    const results = [lending.lend(first.work), lending.lend(second.work), lending.lend(async () => 'third')];
    let isBack = false;
    const back = lending.takeBack().then(() => (isBack = true));
    await expect.poll(() => second.isRunning()).toBe(true);
    first.end();
    expect(await results[2]).toBe('third');
    expect(isBack).toBe(false);
    second.end();
    await back;
    expect(await Promise.all(results)).toHaveLength(3);
  });
});
