import type { Ledger } from '../ledger/index.js';
import type { Outcome } from '../merge/index.js';
import { isObject, type AcceptedMessage, type BatchAnswer, type Fault, type MessageType } from '../wire/index.js';
import { json, refusal } from './answers.js';
import { readBody } from './body.js';
import { basicKey, type Keys } from './keys.js';
import { RETRY_SECONDS } from './limits.js';
import type { Log } from './log.js';
import { unpackBatch, unpackMessage, type Unpacked, type Unpacking } from './unpack.js';

export interface IngestOptions {
  keys: Keys;
  ledger: Ledger;
  now: () => number;
  log: Log;
}

/**
 * The Pipelines API: takes messages in.
 *
 * It says 200 to nearly everything, as the servers it stands in for do; whoever asks for strict answers, by the header
 * `X-Strict-Mode: 1` or `"strict": true` in the body, gets 400 and 401 (RULES R25). A 2xx with `success: true` means that
 * whatever was not refused by name is stored, durably.
 */
export function createIngest({ keys, ledger, now, log }: IngestOptions) {
  return async function ingest(request: Request, type: MessageType | 'batch'): Promise<Response> {
    const asksStrict = /^(1|true)$/i.test(request.headers.get('X-Strict-Mode') ?? '');
    const read = await readBody(request);
    if (read.fault) return refusal(asksStrict ? 400 : 200, read.fault);
    const { body } = read;
    const isStrict = asksStrict || body.value['strict'] === true;

    const key = basicKey(request) ?? textOf(body.value['writeKey']);
    if (key !== undefined && !(await keys.isKnown(key))) return refusal(isStrict ? 401 : 200, UNKNOWN_KEY);
    const isKeyed = key !== undefined || (type === 'batch' && hasKeyedItem(body.value['batch']));
    if (!isKeyed) return refusal(isStrict ? 401 : 200, NO_KEY);

    const { dropped } = body.value;
    if (typeof dropped === 'number' && dropped > 0) log({ level: 'warning', code: 'events_given_up', message: `A browser gave up ${dropped} events: too many were waiting there.` });
    const isServer = key !== undefined && !keys.isWriteKey(key);
    const { unpacked, fault }: Unpacking =
      type === 'batch' ? unpackBatch(body, key === undefined ? faultOfKey : () => undefined) : unpackMessage(body, type);
    if (fault) return refusal(isStrict ? 400 : 200, fault);

    const [refused] = unpacked.refused;
    if (isStrict && type !== 'batch' && refused) return json(400, { success: false, ...refused });
    return store(unpacked, body.value['sentAt'], isServer);
  };

  async function store({ messages, refused }: Unpacked, sentAt: unknown, isServer: boolean): Promise<Response> {
    let outcomes: Outcome[];
    try {
      // Before the aliases are stored: who sends them again, after a failure in between, finds the two one already.
      if (isServer) await mergeAliases(messages);
      outcomes = await ledger.append(messages, { receivedAt: now(), ...(isMoment(sentAt) && { sentAt }) });
    } catch (error) {
      log({ level: 'error', code: 'not_stored', message: `The ledger did not store ${messages.length} messages.`, error });
      return refusal(503, NOT_STORED, { 'Retry-After': String(RETRY_SECONDS) });
    }
    // What is dropped counts as accepted: a write key does not get to know who was deleted or suppressed.
    const accepted = outcomes.filter(({ status }) => status !== 'refused').length;
    const late = outcomes.flatMap((outcome) => ('isLate' in outcome && outcome.isLate ? outcome.messageId : []));
    return json(200, { success: true, accepted, refused, late, gzip: true } satisfies BatchAnswer);
  }

  /** An alias of a server makes two people one; of a page it does not, since anybody can send it (RULES R2, R23). */
  async function mergeAliases(messages: AcceptedMessage[]): Promise<void> {
    for (const { type, userId, previousId, anonymousId } of messages) {
      if (type !== 'alias' || userId === undefined || !previousId || previousId === anonymousId) continue;
      await ledger.administration?.mergePeople(userId, previousId, now());
    }
  }

  /** In a batch without a key of its own, every message brings one: a write key, since a server's secret goes into the header. */
  function faultOfKey(item: unknown): Fault | undefined {
    const key = isObject(item) ? textOf(item['writeKey']) : undefined;
    if (key === undefined) return NO_KEY;
    return keys.isWriteKey(key) ? undefined : UNKNOWN_KEY;
  }

  /** One good key is enough to answer message by message. */
  function hasKeyedItem(batch: unknown): boolean {
    return Array.isArray(batch) && batch.some((item) => faultOfKey(item) === undefined);
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isMoment(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

const UNKNOWN_KEY: Fault = { code: 'unknown_write_key', message: 'This collector does not know this write key; use the one it was started with.' };
const NO_KEY: Fault = {
  code: 'unknown_write_key',
  message: 'A write key is missing: send it as "writeKey" in the body, or as the user name of Basic authorization.',
};
const NOT_STORED: Fault = { code: 'not_stored', message: 'Nothing of this request was stored; send it again later.' };
