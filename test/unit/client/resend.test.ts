// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { resendOf } from '../../../src/client/resend.js';
import { createEngine } from '../../../src/merge/index.js';
import type { JsonObject, Message } from '../../../src/wire/index.js';

const MINUTE = 60_000;
const ada = { anonymousId: () => 'visitor', userId: () => 'ada', isMinted: () => true };
const straggler = (messageId: string, anonymousId = 'visitor'): JsonObject => ({
  type: 'track',
  messageId,
  event: 'addedToCart',
  anonymousId,
  userId: null,
  timestamp: '2026-01-01T00:00:00.000Z',
  context: { library: { name: 'hitherto' } },
});
const read = (text: string | undefined): JsonObject[] => JSON.parse(`[${text ?? ''}]`) as JsonObject[];

describe('messages that came after their late window', () => {
  it('go out again as they were, under one fresh anonymous id, and the person claims it', () => {
    const [first, second, identify] = read(resendOf([straggler('a'), straggler('b')], ada));
    const anonymousId = first!['anonymousId'];
    expect(anonymousId).not.toBe('visitor');
    expect(first).toEqual({ ...straggler('a'), anonymousId });
    expect(second).toEqual({ ...straggler('b'), anonymousId });
    expect(identify).toMatchObject({ type: 'identify', anonymousId, userId: 'ada', traits: {}, context: { library: { name: 'hitherto' } } });
  });

  it('merge then, once', () => {
    const engine = createEngine();
    const at = Date.parse('2026-01-01T01:00:00.000Z');
    engine.receive({ type: 'identify', anonymousId: 'visitor', userId: 'ada', messageId: 'i' }, { receivedAt: at });
    const late = { receivedAt: at + 6 * MINUTE };
    expect(engine.receive([straggler('a')] as unknown as Message[], late)).toMatchObject([{ isLate: true }]);
    expect(engine.person('ada')!.events).toEqual([]);
    engine.receive(read(resendOf([straggler('a')], ada)) as unknown as Message[], { receivedAt: at + 7 * MINUTE });
    expect(engine.person('ada')!.events).toMatchObject([{ messageId: 'a', previouslyAnonymous: true }]);
  });

  it.each([
    ['nobody is known in this browser', { ...ada, userId: () => undefined }],
    ['the page gave its visitor the id, or another client did', { ...ada, isMinted: () => false }],
    ['the visitor has another id by now', { ...ada, anonymousId: () => 'another' }],
  ])('stay as they are when %s', (_, identity) => {
    expect(resendOf([straggler('a')], identity)).toBeUndefined();
  });

  it('are only those of the present id', () => {
    expect(read(resendOf([straggler('a', 'earlier'), straggler('b')], ada)).map(({ messageId }) => messageId)).toEqual(['b', expect.any(String)]);
  });
});
