import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupByShard } from '../../../src/ledger/postgres/shards.js';

describe('groupByShard', () => {
  it('has no groups when there are no rows', () => {
    expect(groupByShard([], () => 1)).toEqual([]);
  });

  it('puts everything into one group where there is one shard', () => {
    const rows = [{ bucket: 3 }, { bucket: 1 }, { bucket: 2 }];
    expect(groupByShard(rows, () => 0)).toEqual([rows]);
  });

  it('keeps every row once, with its shard, in its order', () => {
    const rows = fc.array(fc.record({ bucket: fc.integer({ min: 0, max: 1023 }), name: fc.string() }));
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 32 }), (rows, shards) => {
        const shardOf = (bucket: number): number => bucket % shards;
        const groups = groupByShard(rows, shardOf);
        const held = groups.map((group) => shardOf(group[0]!.bucket));
        expect(new Set(held).size).toBe(held.length);
        groups.forEach((group, index) => expect(group).toEqual(rows.filter(({ bucket }) => shardOf(bucket) === held[index])));
        expect(groups.flat()).toHaveLength(rows.length);
      }),
    );
  });
});
