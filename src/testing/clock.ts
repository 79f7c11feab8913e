/** A length of time; what is given adds up. */
export interface Span {
  days?: number;
  hours?: number;
  minutes?: number;
  seconds?: number;
  milliseconds?: number;
}

/** The time of a test. */
export interface TestClock {
  /** Milliseconds. */
  now(): number;
  /** Moves the time: `jump({ minutes: 6 })`. @returns the new time, milliseconds */
  jump(by: Span): number;
  /** Gives the real time back. */
  restore(): void;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

let isRunning = false;

/**
 * Stops the time: `Date` says the same until the clock jumps. Timers and promises are left alone, so that nothing that is
 * awaited hangs.
 *
 * @param start where the time stands at first. @defaultValue now
 * @throws TypeError when `start` is no time; Error while another clock runs
 * @example
 * ```ts
 * const clock = startClock('2026-11-25T12:00:00Z');
 * clock.jump({ days: 31 });
 * clock.restore();
 * ```
 */
export function startClock(start: Date | string | number = Date.now()): TestClock {
  let now = new Date(start).getTime();
  if (Number.isNaN(now)) throw new TypeError(`startClock() takes a Date, an ISO text or milliseconds, not ${String(start)}.`);
  if (isRunning) throw new Error('Another test clock is running. Call its restore() first, in afterEach for example.');
  isRunning = true;
  const real = globalThis.Date;
  globalThis.Date = new Proxy(real, {
    construct: (target, values, newTarget) => Reflect.construct(target, values.length > 0 ? values : [now], newTarget) as Date,
    apply: () => new real(now).toString(),
    get: (target, key, receiver) => (key === 'now' ? () => now : (Reflect.get(target, key, receiver) as unknown)),
  });

  return {
    now: () => now,
    jump({ days = 0, hours = 0, minutes = 0, seconds = 0, milliseconds = 0 }) {
      now += days * DAY_MS + hours * HOUR_MS + minutes * MINUTE_MS + seconds * SECOND_MS + milliseconds;
      return now;
    },
    restore() {
      if (!isRunning) return;
      isRunning = false;
      globalThis.Date = real;
    },
  };
}
