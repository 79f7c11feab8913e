/** A number above this is milliseconds, not seconds: as seconds it would be the year 5138 (RULES R15). */
const SECONDS_CEILING = 1e11;

/** A number as it travels: unix seconds, or milliseconds above 1e11. */
export function millisecondsOf(value: number): number {
  return Math.abs(value) > SECONDS_CEILING ? value : value * 1000;
}
