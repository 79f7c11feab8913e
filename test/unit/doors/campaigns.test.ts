import { afterEach, expect, it, vi } from 'vitest';
import { watchCampaigns } from '../../../src/campaigns.js';
import { createCore } from '../../../src/merge/index.js';

afterEach(() => vi.unstubAllGlobals());

it('campaigns start also where the browser refuses locks, because it keeps nothing for this page', async () => {
  vi.stubGlobal('navigator', { locks: { request: () => Promise.reject(new DOMException('Access to the Locks API is denied in this context.', 'SecurityError')) } });
  const started: string[] = [];
  const core = createCore();
  const tell = watchCampaigns([{ name: 'basket', event: 'added' }], ({ person }) => started.push(person))(core);
  core.receive({ type: 'track', event: 'added', userId: 'ada', messageId: 'm' }, { receivedAt: Date.now() });
  tell();
  await vi.waitFor(() => expect(started).toEqual(['ada']));
});
