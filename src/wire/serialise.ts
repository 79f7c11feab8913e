import { utf8Bytes } from './bytes.js';
import { MESSAGE_BYTES } from './limits.js';
import type { JsonObject } from './message.js';
import { isObject } from './object.js';

// As they were when this script came: a page may put its own in their place later.
const { stringify: toJson } = JSON;
const parse: (text: string) => unknown = JSON.parse;

/** What stands where something was left out. */
const CUT = '[cut]';
const UNREADABLE = '[unreadable]';
const CIRCULAR = '[circular]';
/** Deeper than any honest event. */
const DEPTH_LIMIT = 32;
/** The brackets of an object, or the mark in its place, with a comma. */
const OBJECT_BYTES = 15;
/** What properties and traits may take of a message that is too large, so that who, what and where always fit. */
const PART_BYTES = MESSAGE_BYTES / 2;
/** More than the settings of any workspace. */
const LEGIBLE_BYTES = 1e6;

/**
 * A message as JSON text, of at most 32 KB. Never throws: what JSON cannot say (a circle, a BigInt, a getter that
 * throws) and what is too much is left out, with a mark in its place.
 */
export function serialise(message: JsonObject): string {
  const text = stringify(message);
  if (text !== undefined && (text.length * 3 <= MESSAGE_BYTES || utf8Bytes(text) <= MESSAGE_BYTES)) return text;
  const { properties, traits, context, integrations, ...rest } = message;
  // Who and what come first: the others get what is left.
  const parts = {
    ...bounded({ ...rest, integrations }, PART_BYTES / 4),
    context: bounded(context, PART_BYTES / 2),
    ...(properties !== undefined && { properties: bounded(properties, PART_BYTES) }),
    ...(traits !== undefined && { traits: bounded(traits, PART_BYTES) }),
  };
  return toJson(unspoiled(parts));
}

/** A copy of what a page gave, as plain data that nobody else holds. */
export function plain(value: JsonObject): JsonObject {
  const copy = parse(asJson(value));
  return isObject(copy) ? copy : {};
}

/** A text or an object as JSON. Never throws, whatever the page has done to JSON since. */
export function asJson(value: string | JsonObject): string {
  return stringify(value) ?? toJson(bounded(value, PART_BYTES));
}

/** What JSON says; a text that is none is what it says itself. */
export function fromJson(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return text;
  }
}

/** The same keys in an object that can be read without an exception. */
export function readable(value: JsonObject | null | undefined): JsonObject {
  try {
    return { ...value };
  } catch {
    return bounded(value, PART_BYTES);
  }
}

/** A copy of what a page gave, all of which can be read without an exception; functions are left out. */
export function legible(value: JsonObject): JsonObject {
  return bounded(value, LEGIBLE_BYTES);
}

/** `undefined` where JSON.stringify cannot be relied upon: it throws, or old libraries have taught arrays to spoil it. */
function stringify(value: unknown): string | undefined {
  if (typeof value === 'object' && 'toJSON' in Array.prototype) return undefined;
  try {
    return toJson(value);
  } catch {
    // The long way round says what can be said.
    return undefined;
  }
}

/** Prototype.js and its like give every array a toJSON, after which each array is a text. */
function isSpoiled(toJSON: unknown): boolean {
  return toJSON === (Array.prototype as { toJSON?: unknown }).toJSON || toJSON === (Object.prototype as { toJSON?: unknown }).toJSON;
}

/** Has no toJSON, whatever its prototype has. */
function unspoiled<T extends object>(value: T): T {
  return 'toJSON' in value ? Object.defineProperty(value, 'toJSON', { value: undefined, writable: true, configurable: true }) : value;
}

/** A copy that JSON can say, of at most so many bytes and a few marks more; empty where there is no object to be read. */
function bounded(root: unknown, bytes: number): JsonObject {
  let left = bytes;
  const result = read({ root }, 'root', []);
  return isObject(result) ? result : {};

  /** @param above the objects that it is in */
  function copy(given: unknown, above: unknown[]): unknown {
    if (left < 0 || above.length > DEPTH_LIMIT) return CUT;
    if (typeof given === 'object' && given !== null) left -= OBJECT_BYTES;
    const value = saidBy(given);
    if (typeof value === 'string' || typeof value === 'bigint') return text(String(value));
    if (typeof value !== 'object' || value === null) {
      const said = toJson(value) as string | undefined;
      left -= (said ?? 'null').length + 1;
      // A function may be the toJSON of what it stands in.
      return said && value;
    }
    if (above.includes(value)) return CIRCULAR;
    return Array.isArray(value) ? copyArray(value, [...above, value]) : copyObject(value, [...above, value]);
  }

  function copyArray(value: unknown[], above: unknown[]): unknown[] {
    const result = unspoiled<unknown[]>([]);
    for (let i = 0; i < value.length; i++) {
      result.push(read(value, i, above));
      if (left < 0) break;
    }
    return result;
  }

  function copyObject(value: object, above: unknown[]): JsonObject {
    const result = unspoiled<JsonObject>({});
    for (const key of Object.keys(value)) {
      left -= utf8Bytes(toJson(key)) + 1;
      if (left < 0) {
        result[CUT] = true;
        break;
      }
      // Defined, not assigned: `__proto__` is a key like any other here.
      Object.defineProperty(result, key, { value: read(value, key, above), enumerable: true, configurable: true, writable: true });
    }
    return result;
  }

  function read(value: object, key: string | number, above: unknown[]): unknown {
    try {
      return copy((value as JsonObject)[key], above);
    } catch {
      return UNREADABLE;
    }
  }

  function text(value: string): string {
    // No character is less than a byte, and many are more.
    let fits = value.slice(0, Math.max(0, left));
    let size = utf8Bytes(toJson(fits));
    while (fits && size > left) {
      fits = fits.slice(0, (fits.length * left) / size);
      size = utf8Bytes(toJson(fits));
    }
    left -= size + 1;
    return fits === value ? value : fits + CUT;
  }
}

/** What an object says of itself to JSON. */
function saidBy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { toJSON } = value as { toJSON?: unknown };
  return typeof toJSON === 'function' && !isSpoiled(toJSON) ? (toJSON.call(value) as unknown) : value;
}
