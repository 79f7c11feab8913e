import { newId, type Identity } from '../identity/index.js';
import { serialise, type JsonObject } from '../wire/index.js';

/**
 * Messages that came after their late window, once more, so that they merge after all: under a fresh anonymous id, which
 * the person of this browser then claims (RULES R13). They keep their messageId and timestamp; the copies that came late
 * stay anonymous.
 *
 * Only what this browser's present id did, and only when this client has minted that id: nobody else's is ours to give away.
 *
 * @returns the inside of a batch, or `undefined` when none of them can merge
 */
export function resendOf(late: JsonObject[], identity: Pick<Identity, 'anonymousId' | 'userId' | 'isMinted'>): string | undefined {
  const userId = identity.userId();
  const own = identity.anonymousId();
  const stragglers = late.filter(({ anonymousId }) => anonymousId === own);
  if (stragglers.length === 0 || userId === undefined || !identity.isMinted()) return undefined;
  const anonymousId = newId();
  const context = stragglers.at(-1)!['context'];
  const identify = { type: 'identify', messageId: newId(), timestamp: new Date().toISOString(), anonymousId, userId, traits: {}, context };
  return [...stragglers.map((message) => ({ ...message, anonymousId })), identify].map(serialise).join(',');
}
