import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { occurredAt, readTimestamp } from '../../../src/wire/timestamp.js';

const NOON = Date.UTC(2026, 4, 20, 12);

describe('readTimestamp', () => {
  it.each([
    ['2026-05-20T12:00:00.000Z', NOON],
    ['2026-05-20T12:00:00Z', NOON],
    ['2026-05-20T12:00Z', NOON],
    ['2026-05-20T12:00:00.123456Z', NOON + 123],
    ['2026-05-20T14:00:00+02:00', NOON],
    ['2026-05-20T07:00:00-0500', NOON],
    ['2026-05-20 12:00:00Z', NOON],
    ['2026-05-20', NOON - 12 * 3_600_000],
    ['+002026-05-20T12:00:00Z', NOON],
    ['1969-12-31T23:59:59.999Z', -1],
  ])('reads %s', (text, ms) => {
    expect(readTimestamp(text)).toBe(ms);
  });

  it('reads what toISOString writes, whatever the moment', () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), (date) => {
        expect(readTimestamp(date.toISOString())).toBe(date.getTime());
      }),
      { numRuns: 2000 },
    );
    for (const year of ['0000', '0050', '0099', '0100', '0999', '1000', '9999']) {
      const text = `${year}-02-28T23:59:59.999Z`;
      expect(readTimestamp(text)).toBe(Date.parse(text));
    }
  });

  it('counts the days as Date does, in every month of every year, with those that do not exist', () => {
    const wrong: string[] = [];
    for (let year = 1000; year <= 9999; year++) {
      for (let month = 1; month <= 12; month++) {
        for (const day of [1, 28, 29, 30, 31]) {
          const text = `${year}-${twoDigits(month)}-${twoDigits(day)}T12:34:56.789Z`;
          if (readTimestamp(text) !== Date.UTC(year, month - 1, day, 12, 34, 56, 789)) wrong.push(text);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it.each(['', ' ', '1', '2026', '1779278400', 'may', '2026 may', '20260520T120000Z', '2026-05-20T', '2026-13-20', '2026-05-20T25:00:00Z', '2026-05-20T12:00:00 CET'])(
    'does not read "%s"',
    (text) => {
      expect(readTimestamp(text)).toBeUndefined();
    },
  );

  describe('on a machine far from Greenwich', () => {
    const zone = process.env['TZ'];
    afterEach(() => {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    });

    it.each(['2026-05-20T12:00:00', '2026-05-20 12:00:00.000', '2026-05-20T12:00'])('reads %s as UTC, as every other machine does', (text) => {
      process.env['TZ'] = 'Asia/Tokyo';
      expect(readTimestamp(text)).toBe(NOON);
    });
  });

  it('reads a number as seconds', () => {
    expect(readTimestamp(NOON / 1000)).toBe(NOON);
  });

  it('reads 1e11 as seconds, and anything above as milliseconds', () => {
    expect([readTimestamp(1e11), readTimestamp(1e11 + 1)]).toEqual([1e14, 1e11 + 1]);
  });

  it('reads seconds and milliseconds before 1970 by the same rule', () => {
    expect([readTimestamp(-1), readTimestamp(-1e11 - 1)]).toEqual([-1000, -1e11 - 1]);
  });

  it('gives whole milliseconds for fractions of a second', () => {
    expect([readTimestamp(1.0004), readTimestamp(1.0006), readTimestamp(1779278400.1234567)]).toEqual([1000, 1001, 1779278400123]);
  });

  it('reads no number that is outside the range of dates', () => {
    expect([readTimestamp(8.64e15), readTimestamp(8.64e15 + 1)]).toEqual([8.64e15, undefined]);
  });

  it.each([NaN, Infinity, -Infinity, null, undefined, true, {}, [], new Date(NOON), 1n])('does not read %s', (value) => {
    expect(readTimestamp(value)).toBeUndefined();
  });

  it('gives a moment that a Date can show, or nothing, for anything at all', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.double(), fc.string()), (value) => {
        expect(() => new Date(readTimestamp(value) ?? 0).toISOString()).not.toThrow();
      }),
    );
  });
});

describe('occurredAt', () => {
  it('is the timestamp, when it is not later than the arrival', () => {
    expect(occurredAt(iso(NOON - 5000), undefined, NOON)).toEqual({ at: NOON - 5000, readable: true });
  });

  it('is the arrival, when the timestamp is later', () => {
    expect(occurredAt(iso(NOON + 1), undefined, NOON)).toEqual({ at: NOON, readable: true });
  });

  it.each([undefined, null, 'yesterday', {}])('is the arrival, and says so, when the timestamp is %s', (timestamp) => {
    expect(occurredAt(timestamp, undefined, NOON)).toEqual({ at: NOON, readable: false });
  });

  it.each([60_000, -60_000, 0])('leaves a clock alone that is %i ms off', (skew) => {
    expect(occurredAt(iso(NOON - 100_000), iso(NOON - skew), NOON).at).toBe(NOON - 100_000);
  });

  it.each([60_001, -60_001, 7_200_000])('corrects a clock that is %i ms off', (skew) => {
    const sentAt = NOON - skew;
    expect(occurredAt(iso(sentAt - 100_000), iso(sentAt), NOON).at).toBe(NOON - 100_000);
  });

  it('leaves the timestamp alone when sentAt cannot be read', () => {
    expect(occurredAt(iso(NOON - 1), 'now', NOON).at).toBe(NOON - 1);
  });

  it.each(['now', '', undefined, Infinity])('goes by the sentAt of the message where that of the request is %o', (sentAt) => {
    expect(occurredAt(iso(NOON - 7_200_000), sentAt, NOON, iso(NOON - 7_199_000)).at).toBe(NOON - 1000);
  });

  it('goes by the sentAt of the request, which was set at this attempt, where both can be read', () => {
    expect(occurredAt(iso(NOON - 7_200_000), iso(NOON - 7_199_000), NOON, iso(NOON - 90_000_000)).at).toBe(NOON - 1000);
  });

  it('corrects a clock by a sentAt in seconds', () => {
    expect(occurredAt(iso(NOON - 7_200_000), NOON / 1000 - 7200, NOON).at).toBe(NOON);
  });

  it('is a moment that a Date can show, however wrong the clocks', () => {
    expect(occurredAt(iso(-8.64e15), iso(8.64e15), NOON).at).toBe(-8.64e15);
  });
});

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
