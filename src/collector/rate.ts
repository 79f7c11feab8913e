import RateLimiterMemory from 'rate-limiter-flexible/lib/RateLimiterMemory.js';
import { json } from './answers.js';
import { MISTAKES_PER_ADDRESS, REQUESTS_PER_ADDRESS, REQUESTS_PER_KEY } from './limits.js';

/** How many requests a minute are answered; what is beyond it gets a 429 that says when to come back. `Infinity` for no limit. */
export interface RateLimits {
  /** From one address, where the server says who asks. @defaultValue 6,000 */
  perAddress?: number;
  /** With one key. @defaultValue 600,000 */
  perKey?: number;
}

const MINUTE_S = 60;

export interface Rates {
  /** Counts a request. @returns the answer to one that is too many */
  address(address: string | undefined): Promise<Response | undefined>;
  /** The same, by the key it came with. */
  key(key: string): Promise<Response | undefined>;
  /** Counts a wrong secret. */
  mistake(address: string | undefined): Promise<void>;
  /** Whether an address has given too many wrong secrets. @returns the answer to it */
  guesser(address: string | undefined): Promise<Response | undefined>;
}

/**
 * Counts in the memory of this process: each of several collectors allows as much.
 *
 * @throws TypeError when a limit is no number of requests
 */
export function createRates({ perAddress = REQUESTS_PER_ADDRESS, perKey = REQUESTS_PER_KEY }: RateLimits = {}): Rates {
  for (const [name, limit] of Object.entries({ perAddress, perKey })) {
    if (limit !== Infinity && !(Number.isInteger(limit) && limit >= 1)) throw new TypeError(`rateLimits.${name} is a whole number from 1, or Infinity for no limit, not ${String(limit)}.`);
  }
  const addresses = limiter(perAddress);
  const keys = limiter(perKey);
  const mistakes = limiter(MISTAKES_PER_ADDRESS)!;

  return {
    address: async (address) => (address === undefined ? undefined : consume(addresses, networkOf(address))),
    key: (key) => consume(keys, key),
    async mistake(address) {
      if (address !== undefined) await consume(mistakes, networkOf(address));
    },
    async guesser(address) {
      const found = address === undefined ? null : await mistakes.get(networkOf(address));
      return found && found.remainingPoints <= 0 ? tooMany(found.msBeforeNext) : undefined;
    },
  };
}

/**
 * Who is counted together. A customer of a provider has 2^64 addresses of IPv6, the first half of which is theirs: counted one by
 * one, nobody would ever come near a limit. Some proxies add a port.
 */
function networkOf(address: string): string {
  const [, v4] = /^(?:::ffff:)?(\d+(?:\.\d+){3})(?::\d+)?$/i.exec(address) ?? [];
  if (v4 !== undefined) return v4;
  const v6 = /^\[?([\da-f:.]*:[\da-f:.]*)/i.exec(address)?.[1];
  if (v6 === undefined) return address;
  const [front, back] = v6.split('::').map((part) => part.split(':').filter(Boolean)) as [string[], string[] | undefined];
  const zeros = back ? Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0') : [];
  return [...front, ...zeros, ...(back ?? [])].slice(0, 4).map((group) => group.toLowerCase().replace(/^0+(?=.)/, '')).join(':');
}

function limiter(points: number): RateLimiterMemory | undefined {
  return points === Infinity ? undefined : new RateLimiterMemory({ points, duration: MINUTE_S });
}

async function consume(limits: RateLimiterMemory | undefined, who: string): Promise<Response | undefined> {
  try {
    await limits?.consume(who);
    return undefined;
  } catch (rejection) {
    // It rejects with how long to wait.
    return tooMany((rejection as { msBeforeNext?: number }).msBeforeNext ?? 1000);
  }
}

function tooMany(waitMs: number): Response {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  const fault = { success: false, code: 'too_many_requests', message: `Too many requests in a minute; come back in ${seconds} seconds.` };
  return json(429, fault, { 'Retry-After': String(seconds) });
}
