import { fromJson, isObject } from '../wire/index.js';

/** Ids that older clients left in cookies of their own (docs/migrating.md). */
export interface LegacyIds {
  anonymousId?: string | undefined;
  userId?: string | undefined;
}

/** What stands between the two ids in `_sio`. */
const SEPARATOR = '----';

/**
 * Whom older clients knew: `_sio` and `ajs_user` of analytics.js, `_cioid` and `_cioanonid` of the classic `_cio` script.
 *
 * @param cookie reads one, by its name
 */
export function legacyIds(cookie: (name: string) => string | undefined): LegacyIds {
  const [sioAnonymous, sioUser] = cookie('_sio')?.split(SEPARATOR) ?? [];
  // It held the id itself, or an object with an id in it.
  const user = valueIn(cookie('ajs_user') ?? '');
  return {
    anonymousId: sioAnonymous || cookie('_cioanonid') || undefined,
    userId: idOf(isObject(user) ? user['id'] : user) || sioUser || cookie('_cioid') || undefined,
  };
}

/**
 * What JSON may begin with that is read so. A number is left as the text it is: a long one would lose its last digits. Looked at first,
 * since a page that starts takes a millisecond to have JSON throw.
 */
const JSON_START = /^\s*(["{[]|(true|false|null)\s*$)/;

/** What was written as JSON, or as the text it is: clients differ, and so do the years. */
export function valueIn(text: string): unknown {
  return JSON_START.test(text) ? fromJson(text) : text;
}

/** An id that was written so. */
export function idIn(text = ''): string | undefined {
  return idOf(valueIn(text));
}

function idOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value ? value : undefined;
}
