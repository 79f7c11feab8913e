import { utf8Bytes } from './bytes.js';
import { MESSAGE_BYTES } from './limits.js';
import type { JsonObject } from './message.js';
import { isObject } from './parse.js';

// As they were when this script came: a page may put its own in their place later.
const { stringify: toJson } = JSON;
const parse: (text: string) => unknown = JSON.parse;

/** What stands where something was left out. */
const CUT = '[cut]';
const UNREADABLE = '[unreadable]';
/** Deeper than any honest event. */
const DEPTH_LIMIT = 32;
/** No number and no mark is longer, with its punctuation. */
const VALUE_BYTES = 26;
/** What properties and traits may take of a message that is too large, so that who, what and where always fit. */
const PART_BYTES = MESSAGE_BYTES / 2;

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
  const result = read({ root }, 'root', -1);
  return isObject(result) ? result : {};

  function copy(value: unknown, depth: number): unknown {
    left -= VALUE_BYTES;
    if (left < 0 || depth > DEPTH_LIMIT) return CUT;
    if (typeof value === 'string') return text(value);
    if (typeof value === 'bigint') return text(String(value));
    if (typeof value !== 'object' || value === null) return value;
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON === 'function' && !isSpoiled(toJSON)) return copy(toJSON.call(value), depth + 1);
    return Array.isArray(value) ? copyArray(value, depth) : copyObject(value, depth);
  }

  function copyArray(value: unknown[], depth: number): unknown[] {
    const result = unspoiled<unknown[]>([]);
    for (let i = 0; i < value.length; i++) {
      result.push(read(value, i, depth));
      if (left < 0) break;
    }
    return result;
  }

  function copyObject(value: object, depth: number): JsonObject {
    const result = unspoiled<JsonObject>({});
    for (const key of Object.keys(value)) {
      left -= utf8Bytes(toJson(key));
      if (left < 0) {
        result[CUT] = true;
        break;
      }
      // Defined, not assigned: `__proto__` is a key like any other here.
      Object.defineProperty(result, key, { value: read(value, key, depth), enumerable: true, configurable: true, writable: true });
    }
    return result;
  }

  function read(value: object, key: string | number, depth: number): unknown {
    try {
      return copy((value as JsonObject)[key], depth + 1);
    } catch {
      return UNREADABLE;
    }
  }

  function text(value: string): string {
    // Three bytes a character at most, six when it must be escaped.
    const fits = value.length * 6 <= left ? value : value.slice(0, Math.max(0, Math.floor(left / 6)));
    left -= utf8Bytes(toJson(fits));
    return fits === value ? value : fits + CUT;
  }
}
