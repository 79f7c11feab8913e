import { MESSAGE_BYTES, utf8Bytes, type JsonObject } from '../wire/index.js';

/** What stands where something was left out. */
const CUT = '[cut]';
const UNREADABLE = '[unreadable]';
/** Deeper than any honest event. */
const DEPTH_LIMIT = 32;
/** What properties and traits may take of a message that is too large, so that who, what and where always fit. */
const PART_BYTES = MESSAGE_BYTES / 2;

/**
 * A message as JSON text, of at most 32 KB. Never throws: what JSON cannot say (a circle, a BigInt, a getter that
 * throws) and what is too much is left out, with a mark in its place.
 */
export function serialise(message: JsonObject): string {
  const text = stringify(message);
  if (text !== undefined && (text.length * 3 <= MESSAGE_BYTES || utf8Bytes(text) <= MESSAGE_BYTES)) return text;
  const { properties, traits, context, ...rest } = message;
  return JSON.stringify({
    ...(bounded(rest, PART_BYTES / 4) as JsonObject),
    context: bounded(context, PART_BYTES / 2),
    ...(properties !== undefined && { properties: bounded(properties, PART_BYTES) }),
    ...(traits !== undefined && { traits: bounded(traits, PART_BYTES) }),
  });
}

/** A copy of what a page gave, as plain data that nobody else holds. */
export function plain(value: JsonObject): JsonObject {
  return JSON.parse(stringify(value) ?? JSON.stringify(bounded(value, PART_BYTES))) as JsonObject;
}

function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    // The long way round says what can be said.
    return undefined;
  }
}

/** A copy that JSON can say, of at most so many bytes. */
function bounded(root: unknown, bytes: number): unknown {
  let left = bytes;

  function copy(value: unknown, depth: number): unknown {
    // Every value costs its punctuation.
    left -= 4;
    if (left < 0 || depth > DEPTH_LIMIT) return CUT;
    if (typeof value === 'string') return text(value);
    if (typeof value === 'bigint') return text(String(value));
    if (typeof value !== 'object' || value === null) return value;
    try {
      const { toJSON } = value as { toJSON?: unknown };
      if (typeof toJSON === 'function') return copy(toJSON.call(value), depth + 1);
      return Array.isArray(value) ? value.map((item) => (left < 0 ? CUT : copy(item, depth + 1))) : copyObject(value, depth);
    } catch {
      return UNREADABLE;
    }
  }

  function copyObject(value: object, depth: number): JsonObject {
    const result: JsonObject = {};
    for (const key of Object.keys(value)) {
      if (left < 0) {
        result[CUT] = true;
        break;
      }
      left -= utf8Bytes(key);
      // Defined, not assigned: `__proto__` is a key like any other here.
      Object.defineProperty(result, key, { value: read(value, key, depth), enumerable: true, configurable: true, writable: true });
    }
    return result;
  }

  function read(value: object, key: string, depth: number): unknown {
    try {
      return copy((value as JsonObject)[key], depth + 1);
    } catch {
      return UNREADABLE;
    }
  }

  function text(value: string): string {
    // Three bytes a character at most, six when it must be escaped.
    const fits = value.length * 6 <= left ? value : value.slice(0, Math.max(0, Math.floor(left / 6)));
    left -= utf8Bytes(JSON.stringify(fits));
    return fits === value ? value : fits + CUT;
  }

  return copy(root, 0);
}
