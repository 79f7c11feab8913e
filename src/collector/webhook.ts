import type { StartedTrigger } from '../ledger/index.js';
import { shortHash } from './digest.js';

/** Where to say what campaigns start. */
export interface WebhookOptions {
  /** Where to send, as `https://…` or `http://…`. */
  url: string;
  /** What requests are signed with: `whsec_` and 24 to 64 random bytes in base64. */
  secret: string;
}

/** What became of a request. */
export type Answer =
  | { isTaken: true }
  /** `isFinal`: the receiver has read it and will never take it. */
  | { isTaken: false; isFinal: boolean; reason: string };

/** Tells somebody's server of triggers, as Standard Webhooks has it (https://www.standardwebhooks.com, version 1). */
export interface Webhook {
  /** Sends once; never rejects. The same trigger always has the same `webhook-id`, so that the receiver knows it again. */
  send(trigger: StartedTrigger, now: number): Promise<Answer>;
}

const TIMEOUT_MS = 10_000;
/** The body is not what the receiver wants, and never will be; whatever else it answers may change. */
const FINAL = new Set([400, 413, 415, 422]);
const encoder = new TextEncoder();

/** @throws TypeError when the address or the secret cannot be used */
export function createWebhook({ url, secret }: WebhookOptions): Webhook {
  checkUrl(url);
  const bytes = secretBytes(secret);
  let key: Promise<CryptoKey> | undefined;

  async function headersOf(id: string, body: string, now: number): Promise<Record<string, string>> {
    const timestamp = String(Math.floor(now / 1000));
    key ??= crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    const signature = await crypto.subtle.sign('HMAC', await key, encoder.encode(`${id}.${timestamp}.${body}`));
    return {
      'Content-Type': 'application/json',
      'User-Agent': 'hitherto',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${btoa(String.fromCharCode(...new Uint8Array(signature)))}`,
    };
  }

  return {
    async send(trigger, now) {
      const body = JSON.stringify(payloadOf(trigger));
      try {
        const headers = await headersOf(await idOf(trigger), body, now);
        // What redirects is not where triggers were to go.
        const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) });
        await response.body?.cancel();
        if (response.ok) return { isTaken: true };
        return { isTaken: false, isFinal: FINAL.has(response.status), reason: `it answers ${response.status}` };
      } catch (error) {
        return { isTaken: false, isFinal: false, reason: reasonOf(error) };
      }
    },
  };
}

function payloadOf({ at, occurredAt, campaign, person, messageId, event, anonymousId, properties, context }: StartedTrigger): object {
  const data = { campaign, person, messageId, event, occurredAt: iso(occurredAt), anonymousId, properties, context };
  return { type: 'campaign.triggered', timestamp: iso(at), data };
}

async function idOf({ key, campaign, at }: StartedTrigger): Promise<string> {
  return `trg_${await shortHash(JSON.stringify([key, campaign, at]))}`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** Node says what is wrong in the cause: `fetch failed` is all that the error itself tells. */
function reasonOf(error: unknown): string {
  const { name, message, cause } = error as Error;
  if (name === 'TimeoutError') return `it does not answer within ${TIMEOUT_MS / 1000} seconds`;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : undefined;
  return `it cannot be reached (${code ?? message})`;
}

function checkUrl(url: string): void {
  if (typeof url !== 'string' || !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new TypeError('webhook.url is no address; give one that starts with https:// or http://.');
  }
  const { username, password } = new URL(url);
  // fetch takes no such address, and says so with all of it: the password would be in the log.
  if (username !== '' || password !== '') throw new TypeError('webhook.url has a name or a password in it; leave them out: the signature says who sends.');
}

/** The secret is not shown: whoever reads the logs must not be able to sign. */
function secretBytes(secret: string | undefined): Uint8Array<ArrayBuffer> {
  try {
    const [, encoded] = /^whsec_([\w+/]+={0,2})$/.exec(secret!)!;
    const bytes = Uint8Array.from(atob(encoded!), (character) => character.charCodeAt(0));
    if (bytes.length >= 24 && bytes.length <= 64) return bytes;
  } catch {
    // Not of this form, or no base64: the same remedy.
  }
  const what = secret ? 'is "whsec_" and 24 to 64 random bytes in base64' : 'is missing: it stands beside the url or, for hitherto serve, in HITHERTO_WEBHOOK_SECRET';
  throw new TypeError(`webhook.secret ${what}; make one with: echo whsec_$(openssl rand -base64 32)`);
}
