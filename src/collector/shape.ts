import type { Fault } from '../wire/index.js';
import { MESSAGE_DEPTH } from './limits.js';

/**
 * What is wrong with the shape of a JSON value, whatever it says: it is nested beyond all reason, or has a key that
 * poisons the prototype of whoever copies it carelessly. `JSON.parse` itself is safe, so that one such message is refused
 * and its neighbours are not.
 */
export function shapeFault(value: unknown, levels = MESSAGE_DEPTH): Fault | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  // Stops here, or a hostile body would run it out of stack, as it would JSON.stringify behind the door.
  if (levels === 0) return TOO_DEEP;
  if (Object.hasOwn(value, '__proto__')) return FORBIDDEN_KEY;
  for (const [key, part] of Object.entries(value)) {
    if (key === 'constructor' && typeof part === 'object' && part !== null && Object.hasOwn(part, 'prototype')) return FORBIDDEN_KEY;
    const fault = shapeFault(part, levels - 1);
    if (fault) return fault;
  }
  return undefined;
}

const TOO_DEEP: Fault = { code: 'too_deep', message: `A message has at most ${MESSAGE_DEPTH} levels of objects and lists.` };
const FORBIDDEN_KEY: Fault = {
  code: 'forbidden_key',
  message: 'A message cannot have the keys "__proto__" and "constructor.prototype"; give them other names.',
};
