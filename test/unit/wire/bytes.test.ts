import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8Bytes } from '../../../src/wire/index.js';

const encoder = new TextEncoder();

describe('utf8Bytes', () => {
  it.each([
    ['nothing', '', 0],
    ['the last character of one byte', '\u007f', 1],
    ['the first of two bytes', '\u0080', 2],
    ['the last of two bytes', '\u07ff', 2],
    ['the first of three bytes', '\u0800', 3],
    ['the last of three bytes', '\uffff', 3],
    ['the first of four bytes', '\u{10000}', 4],
    ['the last of four bytes', '\u{10ffff}', 4],
    ['the first half of a pair alone, written as U+FFFD', '\ud800', 3],
    ['the second half of a pair alone', '\udfff', 3],
    ['two halves the wrong way round', '\udc00\ud800', 6],
  ])('counts %s', (_, text, bytes) => {
    expect(utf8Bytes(text)).toBe(bytes);
  });

  it('counts what TextEncoder writes, for any text', () => {
    const units = fc.array(fc.oneof(fc.nat(0xffff), fc.integer({ min: 0xd7ff, max: 0xe000 }), fc.nat(0x81)));
    fc.assert(
      fc.property(units, (codes) => {
        const text = String.fromCharCode(...codes);
        expect(utf8Bytes(text)).toBe(encoder.encode(text).length);
      }),
    );
  });
});
