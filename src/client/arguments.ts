import { isObject, readable, type JsonObject } from '../wire/index.js';
import { setPath } from './context.js';

/** What a page may say about one call beside its properties. Any other key goes into the context; dotted ones nest. */
export interface CallOptions {
  integrations?: JsonObject;
  /** Stays the visitor's id from this call on. */
  anonymousId?: string;
  /** For this message only. */
  userId?: string;
  /** When it happened, if not now: a date, ISO 8601, or a number of unix seconds (milliseconds above 1e11). */
  timestamp?: Date | string | number;
  /** Merged over the one that is captured. */
  context?: JsonObject;
  [other: string]: unknown;
}

/** Called with the context of a call, once that is stored or dropped. */
// oxlint-disable-next-line typescript/no-explicit-any -- a page's own function, whatever it takes
export type Callback = (context: any) => void;

/** What may stand where an object belongs: nothing at all, and the callback, where nothing follows it. */
export type OrCallback<Given> = Given | Callback | null;

export interface Arguments {
  texts: (string | null)[];
  objects: (JsonObject | null)[];
  callback?: Callback;
}

/**
 * Sorts the arguments of a call as the original client does: texts in front (numbers become text), objects behind
 * them, and a callback wherever it stands.
 *
 * @param textLimit how many texts the call takes
 */
export function sortArguments(values: readonly unknown[], textLimit: number): Arguments {
  const callback = values.find((value) => typeof value === 'function') as Callback | undefined;
  const rest = callback ? values.filter((value) => typeof value !== 'function') : values;
  const texts = rest.slice(0, textLimit).map(toText);
  while (texts.length > 0 && texts.at(-1) === null) texts.pop();
  // An empty place before a text is a text's, and so is an undefined one behind it, as far as texts go: page('Docs', undefined, {}).
  // A null there is an object's. Where there is no text it may be either.
  let start = texts.length;
  while (start < textLimit && (rest[start] === undefined || (texts.length === 0 && !isObject(rest[start])))) start++;
  const objects = rest.slice(start).map((value) => (isObject(value) ? value : null));
  return { texts, objects, ...(callback && { callback }) };
}

/** What a call's options say: about the message itself, and about its context. */
export function splitOptions(options: CallOptions | null | undefined): { top: JsonObject; context: JsonObject } {
  const top: JsonObject = {};
  // Most calls have none.
  if (!options) return { top, context: {} };
  const { context: given, ...others } = readable(options);
  const context = isObject(given) ? readable(given) : {};
  for (const [key, value] of Object.entries(others)) {
    if (TOP_LEVEL.has(key)) top[key] = value;
    else setPath(context, key.split('.'), value);
  }
  return { top, context };
}

const TOP_LEVEL = new Set(['integrations', 'anonymousId', 'timestamp', 'userId']);

/** A text, or a number as one; `null` for anything else. What is not a number would be an id that strangers share. */
export function toText(value: unknown): string | null {
  return typeof value === 'string' || (typeof value === 'number' && !Number.isNaN(value)) ? String(value) : null;
}
