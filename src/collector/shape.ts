import { isObject, type Fault, type JsonObject } from '../wire/index.js';
import { MESSAGE_DEPTH } from './limits.js';

/** What a JSON value looks like, whatever it says. */
export interface Shape {
  /** It is nested beyond all reason, or has a key that poisons the prototype of whoever copies it carelessly. */
  fault?: Fault;
  /** What it takes as JSON at most, some six times what is usual; of use where there is no fault. */
  atMostBytes: number;
}

/** Walks through a value. `JSON.parse` itself is safe, so that a message with a fault is refused and its neighbours are not. */
export function shapeOf(value: unknown): Shape {
  let atMostBytes = 0;
  const fault = faultIn(value, MESSAGE_DEPTH);
  return fault ? { fault, atMostBytes } : { atMostBytes };

  function faultIn(part: unknown, levels: number): Fault | undefined {
    atMostBytes += typeof part === 'string' ? textBytes(part) : VALUE_BYTES;
    if (typeof part !== 'object' || part === null) return undefined;
    // Stops here, or a hostile body would run it out of stack, as it would JSON.stringify behind the door.
    if (levels === 0) return TOO_DEEP;
    return Array.isArray(part) ? faultInList(part, levels - 1) : faultInObject(part as JsonObject, levels - 1);
  }

  function faultInList(list: unknown[], levels: number): Fault | undefined {
    for (const part of list) {
      const fault = faultIn(part, levels);
      if (fault) return fault;
    }
    return undefined;
  }

  function faultInObject(object: JsonObject, levels: number): Fault | undefined {
    for (const key of Object.keys(object)) {
      const part = object[key];
      if (key === '__proto__' || (key === 'constructor' && isObject(part) && Object.hasOwn(part, 'prototype'))) return FORBIDDEN_KEY;
      atMostBytes += textBytes(key);
      const fault = faultIn(part, levels);
      if (fault) return fault;
    }
    return undefined;
  }
}

/** No number, no word and no pair of brackets is longer, with the comma behind it. */
const VALUE_BYTES = 26;

/** Six bytes a character when it must be escaped, the quotes, and the mark behind it. */
function textBytes({ length }: string): number {
  return 6 * length + 3;
}

const TOO_DEEP: Fault = { code: 'too_deep', message: `A message has at most ${MESSAGE_DEPTH} levels of objects and lists.` };
const FORBIDDEN_KEY: Fault = {
  code: 'forbidden_key',
  message: 'A message cannot have the keys "__proto__" and "constructor.prototype"; give them other names.',
};
