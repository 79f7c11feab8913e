import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEngine, type Engine, type Message } from '../../../src/engine.js';
import { commandedHistories, engineAfter, RUNS } from '../../simulation/histories.js';
import { at } from '../../simulation/moments.js';
import { tell } from './story.js';

describe('a batch', () => {
  it('attaches a track that stands behind the identify', () => {
    const engine = createEngine();
    engine.receive([identify('p', 'a'), track('e', 'a')], { receivedAt: at('0:00') });
    expect(engine.events()).toMatchObject([{ person: 'p', previouslyAnonymous: true }]);
  });

  it('gives an anonymous id to the first of its identifies', () => {
    const engine = createEngine();
    engine.receive([identify('q', 'a'), identify('p', 'a')], { receivedAt: at('0:00') });
    expect(engine.person('q')!.anonymousIds).toEqual(['a']);
  });

  it('keeps its order, also when its end was known before its beginning', () => {
    const batch: Message[] = [
      { ...identify('p', 'a'), messageId: 'm1', traits: { plan: 'free' } },
      { ...identify('p', 'a'), messageId: 'm2', traits: { plan: 'pro' } },
    ];
    const engine = createEngine();
    engine.receive(batch[1]!, { receivedAt: at('0:01'), sequence: 2 });
    engine.receive(batch, { receivedAt: at('0:00'), sequence: 1 });
    expect(engine.person('p')!.traits).toEqual({ plan: 'pro', anonymous_id: 'a' });
  });

  it('wins over its messages in what it says of when it left', () => {
    const engine = createEngine();
    const hourSlow = { ...track('e', 'a'), timestamp: iso('-1 h'), sentAt: iso('0:00') };
    engine.receive([hourSlow], { receivedAt: at('0:00'), sentAt: iso('-1 h') });
    expect(engine.events()).toMatchObject([{ occurredAt: at('0:00') }]);
  });

  it('takes in messages that are frozen, and leaves them as they are', () => {
    const engine = createEngine();
    const frozen = (event: string) => Object.freeze({ ...track(event, 'a'), context: Object.freeze({ userAgent: 'Firefox' }) });
    const batch = [frozen('one'), frozen('two')];
    expect(engine.receive(batch, { receivedAt: at('0:00') })).toMatchObject([{ status: 'stored' }, { status: 'stored' }]);
    expect(engine.log().map(({ message }) => message.event)).toEqual(['one', 'two']);
    expect(batch[1]).toEqual({ ...track('two', 'a'), context: { userAgent: 'Firefox' } });
  });

  it('loses only the message that cannot be read', () => {
    const engine = createEngine();
    const poisoned = Object.defineProperty({ ...track('e', 'a'), messageId: 'm' }, 'timestamp', {
      get() {
        throw new Error('no');
      },
    });
    const outcomes = engine.receive([track('e1', 'a'), poisoned, track('e2', 'a')], { receivedAt: at('0:00') });
    expect(outcomes.map(({ status }) => status)).toEqual(['stored', 'refused', 'stored']);
  });

  it('answers a refused message with its id, the reason and the remedy', () => {
    expect(createEngine().receive({ type: 'track', messageId: 'm', anonymousId: 'a' }, { receivedAt: 0 })).toEqual([
      { messageId: 'm', status: 'refused', code: 'no_event', message: expect.stringContaining('track("addedToCart")') },
    ]);
  });
});

describe('a claim', () => {
  it('is not laid by a track of a known person', () => {
    const story = tell();
    story.track('-1 h', 'e1', { anonymousId: 'a' });
    story.track('0:00', 'e2', { anonymousId: 'a', userId: 'p' });
    expect(story.event('e1').person).toBeUndefined();
  });

  it('goes to whoever was received first, also when that one is worked on last', () => {
    const engine = createEngine();
    engine.receive(identify('q', 'a'), { receivedAt: at('0:01'), sequence: 2 });
    engine.receive(identify('p', 'a'), { receivedAt: at('0:00'), sequence: 1 });
    expect(engine.people()).toMatchObject([
      { id: 'p', anonymousIds: ['a'] },
      { id: 'q', anonymousIds: [] },
    ]);
  });

  it('goes to the smaller sequence within a millisecond', () => {
    const engine = createEngine();
    engine.receive(identify('q', 'a'), { receivedAt: at('0:00'), sequence: 2 });
    engine.receive(identify('p', 'a'), { receivedAt: at('0:00'), sequence: 1 });
    expect(engine.person('p')!.anonymousIds).toEqual(['a']);
  });

  it('counts from when the identify was received, whatever its own timestamp says', () => {
    const story = tell();
    story.identify('0:00', 'p', { anonymousId: 'a', timestamp: '-1 h' });
    story.track('0:05', 'e', { anonymousId: 'a' });
    expect(story.event('e').person).toBe('p');
  });

  it('is not logged as a merge while nothing has joined', () => {
    const story = tell();
    story.identify('0:00', 'p', { anonymousId: 'a' });
    expect(story.merges()).toEqual([]);
  });

  it('counts pages and screens as it counts tracks, and identifies not', () => {
    const engine = createEngine();
    engine.receive([{ type: 'page', anonymousId: 'a' }, { type: 'screen', anonymousId: 'a' }, { type: 'identify', anonymousId: 'a' }], { receivedAt: at('-1 h') });
    engine.receive(identify('p', 'a'), { receivedAt: at('0:00') });
    expect(engine.activity()[0]).toMatchObject({ type: 'anon_merge', count: 2 });
  });
});

describe('a duplicate', () => {
  it('is known by its anonymous id, not by its messageId alone', () => {
    const engine = createEngine();
    engine.receive([track('e', 'a'), track('e', 'b')].map((message) => ({ ...message, messageId: 'm' })), { receivedAt: 0 });
    expect(engine.events()).toHaveLength(2);
  });

  it('is known by its person, not by its messageId alone', () => {
    const engine = createEngine();
    engine.receive(['p', 'q'].map((userId) => ({ ...track('e', 'a'), userId, messageId: 'm' })), { receivedAt: 0 });
    expect(engine.events()).toHaveLength(2);
  });

  it.each([1, 16, 17, 100])('is found among %i of its visitor, and of its person', (count) => {
    const engine = createEngine();
    const messages = [{}, { userId: 'p' }].flatMap((whose) => Array.from({ length: count }, (_, index) => ({ ...track('e', 'a'), ...whose, messageId: `m${index}` })));
    const statuses = [0, 1].map((receivedAt) => engine.receive(messages, { receivedAt }).map(({ status }) => status));
    expect(statuses.map((each) => [...new Set(each)])).toEqual([['stored'], ['duplicate']]);
    expect(engine.events()).toHaveLength(2 * count);
  });

  it.each([1, 100])('of one of %i that were purged is taken in again', (count) => {
    const engine = createEngine();
    const old = Array.from({ length: count }, (_, index) => ({ ...track('e', 'a'), messageId: `m${index}` }));
    engine.receive(old, { receivedAt: at('-31 d') });
    engine.receive({ ...track('e', 'a'), messageId: 'recent' }, { receivedAt: at('-1 h') });
    expect(engine.purge(at('0:00'))).toBe(count);
    expect(engine.receive([old[0]!, { ...old[0]!, messageId: 'recent' }], { receivedAt: at('0:01') })).toMatchObject([{ status: 'stored' }, { status: 'duplicate' }]);
  });

  it('is still known, among many people by their emails alone, when others of them were deleted', () => {
    const engine = createEngine();
    const said = Array.from({ length: 100 }, (_, index) => ({ type: 'identify' as const, messageId: `m${index}`, traits: { email: `${index}@x.io` } }));
    engine.receive(said, { receivedAt: at('0:00') });
    for (const gone of ['0@x.io', '50@x.io', '99@x.io']) engine.deletePerson(gone, at('0:01'));
    expect(engine.people()).toHaveLength(97);
    const again = engine.receive(said, { receivedAt: at('0:02') });
    expect(again.flatMap(({ status }, index) => (status === 'stored' ? index : []))).toEqual([0, 50, 99]);
  });

  it('in another stream leaves explain to tell of the one that stands first in the log, whichever arrived first', () => {
    const engine = createEngine();
    engine.receive({ ...track('e', 'a'), userId: 'p', messageId: 'm' }, { receivedAt: at('0:01'), sequence: 2 });
    engine.receive({ ...track('e', 'a'), messageId: 'm' }, { receivedAt: at('0:00'), sequence: 1 });
    expect(engine.explain('m')).toMatchObject({ reason: 'unclaimed' });
  });

  it('cannot be recognised without a messageId', () => {
    const engine = createEngine();
    engine.receive([track('e', 'a'), track('e', 'a')], { receivedAt: 0 });
    expect(engine.events()).toHaveLength(2);
  });

  it('gives way to a copy that was received earlier', () => {
    const engine = createEngine();
    engine.receive({ ...track('e', 'a'), messageId: 'm' }, { receivedAt: at('0:01'), sequence: 2 });
    engine.receive({ ...track('e', 'a'), messageId: 'm' }, { receivedAt: at('0:00'), sequence: 1 });
    expect(engine.events()).toMatchObject([{ receivedAt: at('0:00') }]);
  });

  it('that gave way has claimed nothing, where the one that was received earlier does not', () => {
    const engine = createEngine();
    engine.receive({ ...identify('p', 'a'), messageId: 'm' }, { receivedAt: at('0:01'), sequence: 2 });
    engine.receive({ ...track('e', 'a'), userId: 'p', messageId: 'm' }, { receivedAt: at('0:00'), sequence: 1 });
    expect(engine.claims()).toEqual([]);
    expect(engine.person('p')).toMatchObject({ traits: {}, anonymousIds: [] });
  });
});

describe('a message without a readable timestamp', () => {
  it.each([undefined, 'yesterday'])('counts as happening when it arrived, with a warning: %s', (timestamp) => {
    const engine = createEngine();
    const [outcome] = engine.receive({ ...track('e', 'a'), timestamp } as Message, { receivedAt: at('0:00') });
    expect([outcome, ...engine.events()]).toMatchObject([{ warnings: ['bad_timestamp'] }, { occurredAt: at('0:00') }]);
  });
});

describe('what an identify says of somebody anonymous', () => {
  it('makes no person', () => {
    const engine = createEngine();
    engine.receive({ type: 'identify', anonymousId: 'a', traits: { plan: 'free' } }, { receivedAt: at('0:00') });
    expect(engine.people()).toEqual([]);
  });

  it('fills what the person has unset, and changes nothing else', () => {
    const engine = createEngine();
    say(engine, '-2 h', 'a', { plan: 'free', city: 'Graz' });
    engine.receive({ ...identify('p', 'a'), traits: { plan: 'pro' } }, { receivedAt: at('0:00') });
    expect(engine.person('p')!.traits).toEqual({ plan: 'pro', city: 'Graz', anonymous_id: 'a' });
  });

  it('counts from the oldest on', () => {
    const engine = createEngine();
    say(engine, '-2 h', 'a', { plan: 'free' });
    say(engine, '-1 h', 'a', { plan: 'pro' });
    engine.receive(identify('p', 'a'), { receivedAt: at('0:00') });
    expect(engine.person('p')!.traits).toEqual({ plan: 'free', anonymous_id: 'a' });
  });

  it('counts from the oldest on, also when that one arrived last', () => {
    const engine = createEngine();
    say(engine, '-2 h', 'a', { plan: 'pro' });
    engine.receive({ type: 'identify', anonymousId: 'a', traits: { plan: 'free' }, timestamp: iso('-3 h') }, { receivedAt: at('-1 h') });
    engine.receive(identify('p', 'a'), { receivedAt: at('0:00') });
    expect(engine.person('p')!.traits).toEqual({ plan: 'free', anonymous_id: 'a' });
  });

  it('does not displace, arriving late, what another merge has filled meanwhile', () => {
    const engine = createEngine();
    say(engine, '-1 h', 'tablet', { plan: 'free' });
    engine.receive(identify('p', 'phone'), { receivedAt: at('0:00') });
    engine.receive(identify('p', 'tablet'), { receivedAt: at('0:01') });
    say(engine, '0:03', 'phone', { plan: 'pro' });
    expect(engine.person('p')!.traits).toEqual({ plan: 'free', anonymous_id: 'tablet' });
  });

  it('does not displace what an earlier merge has filled', () => {
    const engine = createEngine();
    say(engine, '-2 h', 'tablet', { plan: 'free' });
    say(engine, '-1 h', 'phone', { plan: 'pro' });
    engine.receive(identify('p', 'phone'), { receivedAt: at('0:00') });
    engine.receive(identify('p', 'tablet'), { receivedAt: at('0:10') });
    expect(engine.person('p')!.traits).toEqual({ plan: 'pro', anonymous_id: 'tablet' });
  });

  it('is lost after 30 days, like an event', () => {
    const engine = createEngine();
    say(engine, '-30 d', 'a', { city: 'Graz' });
    say(engine, '-30 d -1 ms', 'a', { plan: 'free' });
    engine.receive(identify('p', 'a'), { receivedAt: at('0:00') });
    expect(engine.person('p')!.traits).toEqual({ city: 'Graz', anonymous_id: 'a' });
  });

  function say(engine: Engine, when: string, anonymousId: string, traits: Message['traits'] & object): void {
    engine.receive({ type: 'identify', anonymousId, traits }, { receivedAt: at(when) });
  }
});

describe('the attribute anonymous_id', () => {
  const engine = (): Engine => createEngine({ segments: [{ name: 'by laptop', traits: { anonymous_id: 'laptop' } }] });
  const shown = (engine: Engine, id = 'p'): unknown => engine.person(id)!.traits['anonymous_id'];

  it('is the anonymous id that was claimed last, whichever way it was said', () => {
    const it = engine();
    it.receive(identify('p', 'phone'), { receivedAt: at('0:00') });
    expect(shown(it)).toBe('phone');
    it.receive({ type: 'identify', userId: 'p', traits: { anonymous_id: 7 } }, { receivedAt: at('0:01') });
    expect(shown(it)).toBe('7');
    it.receive({ type: 'alias', userId: 'p', anonymousId: 'laptop', previousId: 'laptop' }, { receivedAt: at('0:02') });
    it.receive(identify('p', 'phone'), { receivedAt: at('0:03') });
    expect(shown(it)).toBe('laptop');
  });

  it('is that of the claim before when the last one is undone, and of none when there is none', () => {
    const it = engine();
    it.receive(identify('p', 'phone'), { receivedAt: at('0:00') });
    it.receive({ type: 'identify', userId: 'p', traits: { anonymous_id: 'laptop' } }, { receivedAt: at('0:01') });
    it.undoMerge('laptop', at('0:02'));
    expect(shown(it)).toBe('phone');
    it.undoMerge('phone', at('0:03'));
    expect(it.person('p')!.traits).toEqual({});
    it.undoMerge('laptop', at('0:04'));
    expect(shown(it)).toBe('laptop');
  });

  it('is none that an identify asked for in vain', () => {
    const it = engine();
    it.receive(identify('q', 'laptop'), { receivedAt: at('0:00') });
    it.receive({ type: 'identify', userId: 'p', traits: { anonymous_id: 'laptop' } }, { receivedAt: at('0:01') });
    it.receive({ ...identify('p', 'phone'), traits: { anonymous_id: 'tablet' } }, { receivedAt: at('0:02') });
    it.receive({ type: 'identify', userId: 'p', traits: { anonymous_id: 'null' } }, { receivedAt: at('0:03') });
    expect(shown(it)).toBe('phone');
  });

  it('is the newest of both where two people became one', () => {
    const it = engine();
    it.receive(identify('p', 'phone'), { receivedAt: at('0:00') });
    it.receive(identify('q', 'laptop'), { receivedAt: at('0:01') });
    it.receive(identify('r', 'tablet'), { receivedAt: at('0:02') });
    it.mergePeople('r', 'p', at('0:03'));
    expect(shown(it, 'r')).toBe('tablet');
    it.mergePeople('q', 'r', at('0:04'));
    expect(shown(it, 'q')).toBe('tablet');
    it.undoMerge('tablet', at('0:05'));
    expect(shown(it, 'q')).toBe('laptop');
  });

  it('is seen by segments, from the claim until the next one', () => {
    const it = engine();
    it.receive(identify('p', 'laptop'), { receivedAt: at('0:00') });
    it.receive(identify('q', 'phone'), { receivedAt: at('0:00') });
    it.receive(identify('p', 'tablet'), { receivedAt: at('0:01') });
    expect(it.segment('by laptop', at('0:02'))).toEqual({
      members: [],
      changes: [
        { person: 'p', type: 'entered', at: at('0:00') },
        { person: 'p', type: 'left', at: at('0:01') },
      ],
    });
  });

  it('is the last of their anonymous ids, whatever the history', () => {
    fc.assert(
      fc.property(commandedHistories(), (history) => {
        for (const { traits, anonymousIds } of engineAfter(history).people()) expect(traits['anonymous_id']).toBe(anonymousIds.at(-1));
      }),
      RUNS,
    );
  });
});

describe('an email', () => {
  it('names one person, in capitals or not', () => {
    const engine = createEngine();
    for (const email of ['Ada@example.com', ' ada@EXAMPLE.com ']) {
      engine.receive({ type: 'identify', anonymousId: email, traits: { email } }, { receivedAt: at('0:00') });
    }
    expect(engine.people()).toMatchObject([{ id: 'email:ada@example.com', anonymousIds: ['Ada@example.com', ' ada@EXAMPLE.com '] }]);
  });
});

function track(event: string, anonymousId: string): Message {
  return { type: 'track', event, anonymousId };
}

function identify(userId: string, anonymousId: string): Message {
  return { type: 'identify', userId, anonymousId };
}

function iso(text: string): string {
  return new Date(at(text)).toISOString();
}
