const UNITS_MS = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };
type Unit = keyof typeof UNITS_MS;

/** The moment that stories are told from: noon, with whole seconds, in no way special. */
export const NOON = Date.UTC(2026, 4, 20, 12);

const TERM = /([+-]?) ?(?:(\d+):(\d\d)(?::(\d\d)(?:\.(\d{3}))?)?|(\d+) (ms|s|min|h|d))(?: |$)/gy;

/**
 * A length of time as people write it: a sum of `20 d`, `-72 h`, `1 ms`, and of `h:mm`, `h:mm:ss` or `h:mm:ss.mmm`.
 *
 * @example
 * ```ts
 * duration('-30 d -1 ms') === -2_592_000_001;
 * duration('0:05:00.001') === 300_001;
 * ```
 */
export function duration(text: string): number {
  const terms = [...text.matchAll(TERM)];
  if (terms.map(([term]) => term).join('') !== text) throw new Error(`"${text}" is not a length of time, like "-20 d" or "0:05".`);
  let sum = 0;
  for (const [, sign, hours = '0', minutes = '0', seconds = '0', ms = '0', amount = '0', unit = 'ms'] of terms) {
    const clock = Number(hours) * UNITS_MS.h + Number(minutes) * UNITS_MS.min + Number(seconds) * UNITS_MS.s + Number(ms);
    sum += (sign === '-' ? -1 : 1) * (clock + Number(amount) * UNITS_MS[unit as Unit]);
  }
  return sum;
}

/** That long after noon, or before it; milliseconds since 1970. */
export function at(text: string): number {
  return NOON + duration(text);
}
