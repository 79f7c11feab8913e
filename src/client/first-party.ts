import { isObject } from '../wire/index.js';

/** A collector that has not said by then who the visitor was is not waited for. */
const TIMEOUT_MS = 1_000;

/** The visitor's id in a cookie of the collector's own domain, which no script reads and no browser cuts to seven days. */
export interface FirstParty {
  /** Resolves once it is known who the visitor was, or that nobody can say. */
  asked: Promise<void>;
  /** The visitor is another from now on. */
  replace(anonymousId: string): void;
  /** The visitor does not want to be known. */
  forget(): void;
}

interface FirstPartyOptions {
  endpoint: string;
  writeKey: string;
  anonymousId: string;
  /** The visitor was somebody before. */
  adopt(anonymousId: string): void;
  onFailure(reason: string): void;
}

/** Asks the collector who the visitor was, and has it remember who they are. */
export function keepFirstParty({ endpoint, writeKey, anonymousId, adopt, onFailure }: FirstPartyOptions): FirstParty {
  const ask = async (method: 'POST' | 'DELETE', body?: object): Promise<unknown> => {
    try {
      // As text, which needs no preflight.
      const response = await fetch(`${endpoint}/v1/id`, { method, credentials: 'include', keepalive: true, signal: AbortSignal.timeout(TIMEOUT_MS), ...(body && { body: JSON.stringify({ writeKey, ...body }) }) });
      if (!response.ok) throw new Error(`it answered ${response.status}`);
      return await response.json();
    } catch (error) {
      onFailure(String(error));
      return undefined;
    }
  };
  async function recall(): Promise<void> {
    const answer = await ask('POST', { anonymousId });
    const known = isObject(answer) ? answer['anonymousId'] : undefined;
    if (typeof known === 'string' && known && known !== anonymousId) adopt(known);
  }

  return {
    asked: recall(),
    replace: (id) => void ask('POST', { anonymousId: id, replace: true }),
    forget: () => void ask('DELETE'),
  };
}
