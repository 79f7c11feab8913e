import { isObject } from '../wire/index.js';

/** A collector that has not said by then who the visitor was is not waited for. */
const TIMEOUT_MS = 1_000;

/** The visitor's id in a cookie of the collector's own domain, which no script reads and no browser cuts to seven days. */
export interface FirstParty {
  /** Resolves with who the visitor was; with `undefined` once nobody can say. */
  recall(anonymousId: string): Promise<string | undefined>;
  /** The visitor is another from now on. */
  replace(anonymousId: string): void;
  /** The visitor does not want to be known. */
  forget(): void;
}

interface FirstPartyOptions {
  endpoint: string;
  writeKey: string;
  onFailure(reason: unknown): void;
}

/** Asks the collector who the visitor was, and has it remember who they are. */
export function createFirstParty({ endpoint, writeKey, onFailure }: FirstPartyOptions): FirstParty {
  /** The last word counts: an answer to an earlier one would bring its cookie back. */
  let latest: AbortController | undefined;

  async function ask(method: 'POST' | 'DELETE', body?: object): Promise<unknown> {
    latest?.abort();
    const mine = (latest = new AbortController());
    setTimeout(() => mine.abort(`nothing within ${TIMEOUT_MS} ms`), TIMEOUT_MS);
    try {
      // As text, which needs no preflight.
      const response = await fetch(`${endpoint}/v1/id`, { method, credentials: 'include', keepalive: true, signal: mine.signal, ...(body && { body: JSON.stringify({ writeKey, ...body }) }) });
      if (!response.ok) throw new Error(`it answered ${response.status}`);
      const answer: unknown = await response.json();
      return latest === mine ? answer : undefined;
    } catch (error) {
      if (latest === mine) onFailure(error);
      return undefined;
    }
  }

  return {
    async recall(anonymousId) {
      const answer = await ask('POST', { anonymousId });
      const known = isObject(answer) ? answer['anonymousId'] : undefined;
      return typeof known === 'string' && known && known !== anonymousId ? known : undefined;
    },
    replace: (anonymousId) => void ask('POST', { anonymousId, replace: true }),
    forget: () => void ask('DELETE'),
  };
}
