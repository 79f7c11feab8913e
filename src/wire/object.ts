import type { JsonObject } from './message.js';

/** True for what JSON calls an object: not null, not an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
