// @vitest-environment node
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatKey, parseKey, partKey, ROW_KEYS, type RowKey } from '../../../src/outbox/key.js';

const ALPHABET = 'ABCXYZabcxyz0189_-';
/** All tabs' names are of one length, as nanoid gives them. */
const tabs = fc.string({ unit: fc.constantFrom(...ALPHABET), minLength: 21, maxLength: 21 });
/** Until the year 33658. */
const times = fc.nat({ max: 999_999_999_999_999 });
const keys: fc.Arbitrary<RowKey> = fc.record({ time: times, tab: tabs, scope: fc.oneof(fc.string(), fc.constantFrom('page', 'key:a/b', 'key:~1/', '\n')) });

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

describe('row keys', () => {
  it('say when, by which page and for whom', () => {
    fc.assert(
      fc.property(keys, (key) => {
        expect(parseKey(formatKey(key))).toEqual(key);
      }),
    );
  });

  it('are in the order of time, whoever wrote them', () => {
    fc.assert(
      fc.property(keys, keys, (a, b) => {
        fc.pre(a.time !== b.time);
        expect(compare(formatKey(a), formatKey(b))).toBe(a.time < b.time ? -1 : 1);
      }),
    );
  });

  it('lie in the range that is read, and no other key of ours does', () => {
    const [from, to] = ROW_KEYS;
    fc.assert(
      fc.property(keys, (key) => {
        expect(compare(from, formatKey(key))).toBe(-1);
        expect(compare(formatKey(key), to)).toBe(-1);
      }),
    );
    expect(compare('anonymousId', to)).toBe(1);
  });

  it.each([undefined, '', 'anonymousId', '17', '17.tab', 'x.tab/page'])('are not %j, which something else wrote', (key) => {
    expect(parseKey(key)).toBeUndefined();
  });
});

describe('the key of a part of a row', () => {
  const rows = fc.tuple(keys, keys).filter(([a, b]) => compare(formatKey(a), formatKey(b)) === -1 && (a.time !== b.time || a.tab !== b.tab));

  it('lies behind the whole and before whatever follows it', () => {
    fc.assert(
      fc.property(rows, fc.constantFrom(0, 1), ([row, next], part) => {
        expect(compare(formatKey(row), partKey(formatKey(row), part))).toBe(-1);
        expect(compare(partKey(formatKey(row), part), formatKey(next))).toBe(-1);
      }),
    );
  });

  it('keeps the halves of a half in order, and all of them before the end of the whole', () => {
    fc.assert(
      fc.property(keys, (key) => {
        const whole = formatKey(key);
        const [first, second] = [partKey(whole, 0), partKey(whole, 1)];
        const inOrder = [whole, first, partKey(first, 0), partKey(first, 1), second, partKey(second, 0), partKey(whole, Infinity)];
        expect(inOrder.toSorted(compare)).toEqual(inOrder);
      }),
    );
  });

  it('says the same as the whole: when, by which page and for whom', () => {
    fc.assert(
      fc.property(keys, (key) => {
        expect(parseKey(partKey(formatKey(key), 1))).toEqual(key);
        expect(parseKey(partKey(partKey(formatKey(key), 1), 0))).toEqual(key);
      }),
    );
  });
});
