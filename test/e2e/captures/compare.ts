import { readFileSync } from 'node:fs';
import { isObject, type JsonObject } from '../../../src/wire/index.js';

export interface Capture {
  messages: JsonObject[];
  result: unknown;
  storage: { localStorage: Record<string, string>; cookie: string };
  cookies: JsonObject[];
}

/** What the original client sent, kept and answered, for the same calls. */
export function capture(name: string): Capture {
  return JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8')) as Capture;
}

/**
 * What we send otherwise, on purpose; everything else is the same. Beside these: always `POST {endpoint}/v1/b`, with the
 * write key and `sentAt` once for the batch, and no `_metadata`.
 */
const OURS_ALONE: Record<string, string> = {
  'messageId': 'both are unique, in a form of their own',
  'context.library': 'each says its own name',
  'context.userAgent': 'of the browser that the test runs in',
  'context.locale': 'of the browser that the test runs in',
  'context.timezone': 'ours says it too',
  'context.userAgentData': 'ours says it too',
};

/** A message as it is compared: without what differs on purpose, ids by the order in which they first appear. */
export function comparable(messages: JsonObject[], host: string): JsonObject[] {
  const ids = new Map<unknown, string>();
  return messages.map((message) => {
    const copy = structuredClone(message);
    for (const path of Object.keys(OURS_ALONE)) remove(copy, path.split('.'));
    for (const key of ['writeKey', 'sentAt', '_metadata']) delete copy[key];
    const { anonymousId, timestamp } = copy;
    if (!ids.has(anonymousId)) ids.set(anonymousId, `visitor ${ids.size + 1}`);
    copy['anonymousId'] = ids.get(anonymousId);
    // The original leaves userId out where a call has set it to nothing; nobody can tell the difference.
    copy['userId'] ??= null;
    if (!String(timestamp).startsWith('1970')) delete copy['timestamp'];
    // The original's screen() does not say on which page it was.
    if (copy['type'] === 'screen') delete (copy['context'] as JsonObject)['page'];
    return JSON.parse(JSON.stringify(copy).replaceAll(host, 'HOST')) as JsonObject;
  });
}

function remove(target: JsonObject, [key, ...rest]: string[]): void {
  if (rest.length === 0) delete target[key!];
  else if (isObject(target[key!])) remove(target[key!] as JsonObject, rest);
}

/** localStorage as far as it is the original's: ours beside it goes, and so does what the original leaves as "null". */
export function keptOf(storage: Record<string, string>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(storage)
      .filter(([key, text]) => !key.startsWith('hitherto') && text !== 'null' && text !== '{}')
      .map(([key, text]) => [key, key === 'ajs_anonymous_id' ? 'an id' : (JSON.parse(text) as unknown)]),
  );
}

/** The cookies, by their names. */
export function jarOf(cookies: JsonObject[]): Record<string, unknown> {
  return Object.fromEntries(
    cookies.map(({ name, value, domain, path, sameSite, secure, expiresDays, expires }) => {
      const days = expiresDays ?? Math.round((Number(expires) * 1_000 - Date.now()) / 86_400_000);
      return [name, { value: name === 'ajs_anonymous_id' ? 'an id' : value, domain, path, sameSite, secure, days }];
    }),
  );
}
