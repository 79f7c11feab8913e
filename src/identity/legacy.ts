import { isObject } from '../wire/index.js';

/** Ids that older clients left in cookies of their own (WIRE, Client 11). */
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
  return {
    anonymousId: sioAnonymous || cookie('_cioanonid') || undefined,
    userId: idIn(cookie('ajs_user')) || sioUser || cookie('_cioid') || undefined,
  };
}

/** `ajs_user` held the id itself, or JSON with an id in it. */
function idIn(text: string | undefined): string | undefined {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    const id = isObject(value) ? value['id'] : value;
    return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined;
  } catch {
    return text;
  }
}
