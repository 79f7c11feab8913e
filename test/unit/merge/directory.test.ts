import { expect, it } from 'vitest';
import { createDirectory, type Link } from '../../../src/merge/index.js';

it('a directory comes to an end also where a database holds names that lead in a circle', () => {
  const link = (person: string, sequence: number): Link => ({ person, isMerge: true, receivedAt: 0, sequence });
  const links = new Map([['a', link('b', 1)], ['b', link('c', 2)], ['c', link('b', 3)]]);
  const directory = createDirectory((name) => links.get(name));
  expect(['a', 'b', 'c'].map((name) => links.has(directory.rootOf(name)))).toEqual([true, true, true]);
  expect(directory.mergedAt('a')).toMatchObject({ sequence: 3 });
});
