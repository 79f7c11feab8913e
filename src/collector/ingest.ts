import type { Ledger } from '../ledger/index.js';
import type { Outcome } from '../merge/index.js';
import { isObject, type AcceptedMessage, type BatchAnswer, type Fault, type JsonObject, type MessageType, type Refusal } from '../wire/index.js';
import { json, refusal } from './answers.js';
import { readBody } from './body.js';
import { basicKey, type Keys } from './keys.js';
import type { SizeLimits } from './limits.js';
import type { Log } from './log.js';
import type { Meter } from './meter.js';
import type { Rates } from './rate.js';
import { withoutToken, type SignedIdentity } from './signed-identity.js';
import { NOT_STORED, RETRY_LATER, type Store } from './store.js';
import { unpackBatch, unpackMessage, type Unpacked, type Unpacking } from './unpack.js';

export interface IngestOptions {
  keys: Keys;
  store: Store;
  ledger: Ledger;
  now: () => number;
  log: Log;
  meter: Meter;
  rates: Rates;
  signedIdentity: SignedIdentity;
  sizes: Required<SizeLimits>;
}

/**
 * The Pipelines API: takes messages in.
 *
 * It says 200 to nearly everything, as the servers it stands in for do; whoever asks for strict answers, by the header
 * `X-Strict-Mode: 1` or `"strict": true` in the body, gets 400 and 401 (RULES R25). A 2xx with `success: true` means that
 * whatever was not refused by name is stored, durably.
 */
export function createIngest({ keys, store, ledger, now, log, meter, rates, signedIdentity, sizes }: IngestOptions) {
  return async function ingest(request: Request, type: MessageType | 'batch'): Promise<Response> {
    const asksStrict = /^(1|true)$/i.test(request.headers.get('X-Strict-Mode') ?? '');
    const read = await readBody(request, sizes.batchBytes);
    // What did not arrive is sent again, whoever asks for what.
    if (read.fault) return refuse(read.fault, read.fault.status === 408 ? 408 : asksStrict ? 400 : 200);
    const { body } = read;
    const isStrict = asksStrict || body['strict'] === true;

    const key = basicKey(request) ?? textOf(body['writeKey']);
    const isServer = key !== undefined && keys.isSecretKey(key);
    if (key !== undefined && !isServer && !keys.isWriteKey(key)) return refuse(UNKNOWN_KEY, isStrict ? 401 : 200);
    const itemKeys = key === undefined && type === 'batch' ? keysIn(body['batch']) : undefined;
    if (key === undefined && !itemKeys?.size) return refuse(NO_KEY, isStrict ? 401 : 200);
    const tooMany = await rates.key(key ?? 'of the items');
    if (tooMany) return tooMany;

    countGivenUp(body['dropped']);
    const faultOf = itemKeys ? (item: unknown) => faultOfKey(item, itemKeys) : () => undefined;
    const { unpacked, fault }: Unpacking = type === 'batch' ? unpackBatch(body, faultOf, sizes) : unpackMessage(body, type, sizes);
    if (fault) return refuse(fault, isStrict ? 400 : 200);

    const signed = isServer ? { ...unpacked, messages: unpacked.messages.map(withoutToken) } : await signedOf(unpacked, signedIdentity);
    for (const { code } of signed.refused) meter.refused(code, 1);
    const [refused] = signed.refused;
    if (isStrict && type !== 'batch' && refused) return json(400, { success: false, ...refused });
    return keep(signed, body['sentAt'], isServer);
  };

  function refuse(fault: Fault, status: number): Response {
    meter.refused(fault.code, 1);
    return refusal(status, fault);
  }

  async function keep({ messages, refused }: Unpacked, sentAt: unknown, isServer: boolean): Promise<Response> {
    const outcomes = isServer && ledger.administration && messages.some(isMerging) ? await storeMerging(messages, sentAt) : await store.append(messages, sentAt);
    if (!outcomes) return refusal(503, NOT_STORED, RETRY_LATER);
    // What is dropped counts as accepted: a write key does not get to know who was deleted or suppressed.
    const accepted = outcomes.filter(({ status }) => status !== 'refused').length;
    return json(200, { success: true, accepted, refused, late: lateIn(outcomes), gzip: true } satisfies BatchAnswer);
  }

  /**
   * An alias of a server makes two people one; of a page it does not, since anybody can send it (RULES R2, R23). It does so where it
   * stands: whoever is named before it is known by then. That is before it is stored itself: who sends the batch again, after a failure
   * in between, finds the two one already.
   */
  async function storeMerging(messages: AcceptedMessage[], sentAt: unknown): Promise<Outcome[] | undefined> {
    const receivedAt = now();
    const outcomes: Outcome[] = [];
    let waiting: AcceptedMessage[] = [];

    async function flush(): Promise<boolean> {
      const stored = await store.append(waiting, sentAt, receivedAt);
      waiting = [];
      outcomes.push(...(stored ?? []));
      return stored !== undefined;
    }

    for (const message of messages) {
      if (isMerging(message)) {
        const { userId, previousId } = message;
        const isMerged = (await flush()) && (await store.command((administration, at) => administration.mergePeople(userId, previousId, at), receivedAt));
        if (!isMerged) return undefined;
      }
      waiting.push(message);
    }
    return (await flush()) ? outcomes : undefined;
  }

  function countGivenUp(dropped: unknown): void {
    // Anybody may say anything: JSON has 1e999, which no counter takes.
    if (typeof dropped !== 'number' || !Number.isSafeInteger(dropped) || dropped < 1) return;
    meter.givenUp(dropped);
    log({ level: 'warning', code: 'events_given_up', message: `A browser gave up ${dropped} events: too many were waiting there.` });
  }

  /** In a batch without a key of its own, every message brings one: a write key, since a server's secret goes into the header. One good one is enough to answer message by message. */
  function keysIn(batch: unknown): Set<string> {
    const given = new Set(Array.isArray(batch) ? batch.map(keyOf).filter((key) => key !== undefined) : []);
    return new Set([...given].filter((key) => keys.isWriteKey(key)));
  }
}

function faultOfKey(item: unknown, known: Set<string>): Fault | undefined {
  const key = keyOf(item);
  if (key === undefined) return NO_KEY;
  return known.has(key) ? undefined : UNKNOWN_KEY;
}

function keyOf(item: unknown): string | undefined {
  return isObject(item) ? textOf(item['writeKey']) : undefined;
}

/** Leaves out whatever says who a visitor is, and may not. */
async function signedOf({ messages, refused }: Unpacked, identity: SignedIdentity): Promise<Unpacked> {
  const kept: AcceptedMessage[] = [];
  const unsigned: Refusal[] = [];
  const taken = new Set(refused.map(({ index }) => index));
  let index = -1;
  for (const message of messages) {
    do index++;
    while (taken.has(index));
    const { message: signed, fault } = await identity.check(message);
    if (signed) kept.push(signed);
    else unsigned.push({ messageId: message.messageId, index, ...fault });
  }
  return { messages: kept, refused: [...refused, ...unsigned].sort((a, b) => a.index - b.index) };
}

/** An alias between two people; one of somebody's own anonymous id claims it. */
function isMerging(message: AcceptedMessage): message is AcceptedMessage & { userId: string; previousId: string } {
  const { type, userId, previousId, anonymousId } = message;
  return type === 'alias' && userId !== undefined && Boolean(previousId) && previousId !== anonymousId;
}

function lateIn(outcomes: Outcome[]): string[] {
  return outcomes.flatMap((outcome) => ('isLate' in outcome && outcome.isLate ? outcome.messageId : []));
}

function textOf(value: JsonObject[string]): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

const UNKNOWN_KEY: Fault = { code: 'unknown_write_key', message: 'This collector does not know this write key; use the one it was started with.' };
const NO_KEY: Fault = {
  code: 'unknown_write_key',
  message: 'A write key is missing: send it as "writeKey" in the body, or as the user name of Basic authorization.',
};
