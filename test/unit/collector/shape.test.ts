import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shapeOf } from '../../../src/collector/shape.js';
import { utf8Bytes } from '../../../src/wire/index.js';

describe('the shape of a JSON value', () => {
  it('never promises less than the value takes as JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const { fault, atMostBytes } = shapeOf(value);
        if (!fault) expect(utf8Bytes(JSON.stringify(value))).toBeLessThanOrEqual(atMostBytes);
      }),
      { numRuns: 2_000 },
    );
  });

  it('promises it for what takes most: control characters, half pairs, long numbers, empty lists', () => {
    for (const value of ['\u0000'.repeat(50), '\ud800'.repeat(50), -1.2345678901234568e-300, [[], [[]], {}], { '\u0001': '' }, '€'.repeat(50)]) {
      expect(utf8Bytes(JSON.stringify(value))).toBeLessThanOrEqual(shapeOf(value).atMostBytes);
    }
  });
});
