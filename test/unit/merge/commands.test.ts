import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { createEngine, type Message } from '../../../src/engine.js';
import { accountOf } from '../../simulation/account.js';
import { commandedHistories, engineAfter, RUNS } from '../../simulation/histories.js';
import { at } from '../../simulation/moments.js';
import { tell, type Story } from './story.js';

const people = fc.constantFrom('p', 'q', 'r', 'p@example.com');
let story: Story;
beforeEach(() => {
  story = tell({ campaigns: [{ name: 'cart', event: 'e' }] });
});

describe('switching merging off', () => {
  it('keeps what has merged', () => {
    story.track('-1 h', 'e', { anonymousId: 'a' });
    story.identify('0:00', 'p', { anonymousId: 'a' });
    story.settings({ anonymousEventMerge: false }, at('0:01'));
    expect(story.eventsOf('p')).toEqual(['e']);
  });

  it('closes late windows that are open, for ever', () => {
    story.identify('0:00', 'p', { anonymousId: 'a' });
    story.settings({ anonymousEventMerge: false }, at('0:01'));
    story.settings({ anonymousEventMerge: true }, at('0:02'));
    story.track('0:03', 'e', { anonymousId: 'a' });
    expect(story.event('e').person).toBeUndefined();
  });

  it('leaves an anonymous id to whoever identifies first when it is on again', () => {
    story.settings({ anonymousEventMerge: false }, at('-1 h'));
    story.identify('0:00', 'q', { anonymousId: 'a' });
    story.settings({ anonymousEventMerge: true }, at('0:01'));
    story.identify('0:02', 'p', { anonymousId: 'a' });
    expect(story.person('p')!.anonymousIds).toEqual(['a']);
    expect(story.activity().map(({ type }) => type)).not.toContain('failed_attribute_change');
  });
});

describe('merging people', () => {
  it('fills only what the primary has unset or empty', () => {
    story.identify('0:00', 'p', { traits: { plan: 'pro', city: '' } });
    story.identify('0:00', 'q', { traits: { plan: 'free', city: 'Graz', name: 'Ada' } });
    story.mergePeople('p', 'q', at('0:01'));
    expect(story.person('p')!.traits).toEqual({ plan: 'pro', city: 'Graz', name: 'Ada' });
  });

  it('lets nothing inherited trigger, and leaves fired triggers with their person', () => {
    story.track('-1 h', 'e', { userId: 'q' });
    story.identify('0:00', 'p', {});
    story.mergePeople('p', 'q', at('0:01'));
    expect(story.triggering()).toEqual([]);
    expect(story.triggers()).toMatchObject([{ campaign: 'cart', person: 'q' }]);
  });

  describe('while a merge of the secondary is undone', () => {
    beforeEach(() => {
      story.identify('-1 h', 'p', {});
      story.identify('0:00', 'q', { anonymousId: 'a' });
      story.track('0:00', 'e', { anonymousId: 'a', messageId: 'before' });
      story.undoMerge('a', at('0:01'));
      story.track('0:02', 'e', { anonymousId: 'a', messageId: 'meanwhile' });
    });
    const started = (): string[] => story.triggers().map(({ person, messageId }) => `${person} ${messageId}`);

    it('lets nothing trigger that came in meanwhile, not even when that is restored', () => {
      story.mergePeople('p', 'q', at('0:03'));
      story.undoMerge('a', at('0:04'));
      expect(story.triggering()).toEqual([]);
      expect(started()).toEqual(['q before']);
      story.undoMerge('a', at('0:05'));
      story.purge(at('60 d'));
      expect(started()).toEqual(['q before']);
    });

    it('leaves what the restoration has triggered', () => {
      story.undoMerge('a', at('0:03'));
      story.mergePeople('p', 'q', at('0:04'));
      expect(started()).toEqual(['q before', 'q meanwhile']);
    });
  });

  it("makes the secondary's id an alias of the primary, through any number of merges", () => {
    for (const id of ['p', 'q', 'r']) story.identify('0:00', id, {});
    story.mergePeople('q', 'r', at('0:01'));
    story.mergePeople('p', 'q', at('0:02'));
    story.track('0:03', 'e', { userId: 'r' });
    expect(story.event('e').person).toBe('p');
    expect(story.people().map(({ id }) => id)).toEqual(['p']);
  });

  it('is put together in one pass, however many were merged one into the next', () => {
    const ids = Array.from({ length: 60 }, (_, index) => `u${index}`);
    for (const id of ids) story.identify('0:00', id, { traits: { [id]: true } });
    ids.slice(1).forEach((id, index) => story.mergePeople(id, ids[index]!, at('0:01')));
    expect(Object.keys(story.person('u0')!.traits)).toHaveLength(60);
  });

  it('is put together, deleted and suppressed, though more were merged one into the next than calls may be nested', () => {
    const engine = createEngine({ segments: [{ name: 'keen', event: 'e', atLeast: 5000 }] });
    const ids = Array.from({ length: 5000 }, (_, index) => `u${index}`);
    engine.receive(ids.flatMap((userId): Message[] => [{ type: 'identify', userId, anonymousId: `a${userId}` }, { type: 'track', event: 'e', userId }]), { receivedAt: at('0:00') });
    ids.slice(1).forEach((id, index) => engine.mergePeople(id, ids[index]!, at('0:01')));
    const { events, anonymousIds, traits } = engine.person('u0')!;
    expect([events.length, anonymousIds.length, traits]).toEqual([5000, 5000, { anonymous_id: 'au4999' }]);
    expect(engine.segment('keen', at('0:02')).members).toEqual(['u4999']);
    expect(engine.suppress('u7', at('0:03'))).toEqual({ done: true });
    expect(engine.suppressed()).toHaveLength(5000);
    expect(engine.deletePerson('u7', at('0:04'))).toEqual({ done: true });
    expect(engine.people()).toEqual([]);
  });

  it('has what was said of a merged one’s merged one begin when it was said, and not with an earlier merge', () => {
    const engine = createEngine({ segments: [{ name: 'pro', traits: { plan: 'pro' } }] });
    const said = (userId: string, time: string, traits = {}): unknown => engine.receive({ type: 'identify', userId, traits }, { receivedAt: at(time) });
    said('x', '0:00');
    said('h', '0:00', { plan: 'free' });
    said('p', '0:00');
    engine.mergePeople('h', 'x', at('0:01'));
    engine.mergePeople('p', 'h', at('0:02'));
    said('x', '0:03', { plan: 'pro' });
    expect(engine.segment('pro', at('0:04'))).toEqual({ members: ['p'], changes: [{ person: 'p', type: 'entered', at: at('0:03') }] });
  });

  it.each([
    ['unknown', 'p', 'nobody'],
    ['p', 'unknown', 'nobody'],
    ['p', 'p', 'same_person'],
  ])('does nothing with %s and %s', (primary, secondary, code) => {
    story.identify('0:00', 'p', {});
    expect(story.mergePeople(primary, secondary, at('0:01'))).toMatchObject({ done: false, code });
    expect(story.people().map(({ id }) => id)).toEqual(['p']);
  });
});

describe('deleting a person', () => {
  beforeEach(() => {
    story.track('-1 h', 'anonymous', { anonymousId: 'a' });
    story.identify('0:00', 'p', { anonymousId: 'a', traits: { plan: 'pro' } });
    story.identify('0:01', 'q', { anonymousId: 'a' });
    story.track('0:02', 'e', { userId: 'p' });
    story.deletePerson('p', at('0:10'));
  });

  it('takes their events, traits and triggers along', () => {
    expect([story.person('p'), story.engine.events(), story.triggers()]).toEqual([undefined, [], []]);
  });

  it('leaves their anonymous id unusable', () => {
    story.identify('0:11', 'q', { anonymousId: 'a' });
    expect(story.person('q')!.anonymousIds).toEqual([]);
  });

  it('leaves it unusable also when something overdue comes in', () => {
    story.track('0:00', 'overdue', { userId: 'q' });
    expect(story.person('q')!.anonymousIds).toEqual([]);
  });

  it('leaves no command that names them, and changes nothing for the others when the log is worked through again', () => {
    fc.assert(
      fc.property(commandedHistories(), people, (history, person) => {
        const engine = engineAfter(history);
        const names = engine.names(person);
        engine.deletePerson(person, { receivedAt: at('90 d'), sequence: 1_000_000 });
        const [before, log] = [accountOf(engine), engine.activity()];
        const told = log.filter(({ type, messageId }) => messageId === undefined && type !== 'anon_merge' && type !== 'person_deleted');
        expect(told.filter(({ person, name }) => names.includes(person!) || names.includes(name!))).toEqual([]);
        const [blank] = engine.receive({ type: 'group', groupId: 'g', anonymousId: '', messageId: 'overdue' }, { receivedAt: at('-90 d'), sequence: 0 });
        expect(blank).toMatchObject({ status: 'stored' });
        expect([accountOf(engine), engine.activity().filter(({ messageId }) => messageId !== 'overdue')]).toEqual([before, log]);
      }),
      RUNS,
    );
  });

  it('leaves them suppressed who were, also when the log is worked through again', () => {
    story.identify('0:11', 'p', { timestamp: '0:11' });
    story.suppress('p', at('0:12'));
    story.deletePerson('p', at('0:13'));
    story.track('0:00', 'overdue', { anonymousId: 'b' });
    expect(story.track('0:14', 'e', { userId: 'p' })).toMatchObject({ status: 'dropped', code: 'suppressed' });
    story.unsuppress('p', at('0:15'));
    story.track('0:00', 'overdue, too', { anonymousId: 'b' });
    expect(story.track('0:16', 'e', { userId: 'p' })).toMatchObject({ status: 'stored' });
  });

  it('drops what happened before it, and creates them anew by what happens later', () => {
    expect(story.track('0:11', 'queued', { userId: 'p', timestamp: '0:10' })).toMatchObject({ status: 'dropped', code: 'erased' });
    expect(story.track('0:11', 'new', { userId: 'p', timestamp: '0:10:00.001' })).toMatchObject({ status: 'stored' });
    expect(story.person('p')).toMatchObject({ traits: {}, anonymousIds: [], events: [{ name: 'new' }] });
  });
});

describe('merging people, and what arrives behind it', () => {
  it('does nothing when the two were one before, as it turns out', () => {
    byEmail('0:01', 'e@example.com');
    story.track('0:06', 'e', { userId: 'p' });
    story.mergePeople('e@example.com', 'p', at('0:10'));
    story.engine.receive({ type: 'identify', userId: 'p', traits: { email: 'e@example.com' } }, { receivedAt: at('0:05'), sequence: 1 });
    expect(story.people()).toMatchObject([{ id: 'p', events: [{ name: 'e' }] }]);
    expect(story.person('e@example.com')).toEqual(story.person('p'));
  });
});

describe('a suppressed person', () => {
  it('keeps what was kept when an earlier copy of it arrives that is not', () => {
    const message: Message = { type: 'track', event: 'e', userId: 'p', messageId: 'm' };
    story.suppress('p', at('0:00'));
    story.unsuppress('p', at('0:02'));
    story.engine.receive(message, { receivedAt: at('0:03') });
    expect(story.engine.receive(message, { receivedAt: at('0:01'), sequence: 1.5 })).toMatchObject([{ status: 'dropped' }]);
    expect(story.eventsOf('p')).toEqual(['e']);
  });

  it('starts nothing by what arrives anonymously', () => {
    story.identify('0:00', 'p', { anonymousId: 'a' });
    story.suppress('p', at('0:01'));
    story.track('0:02', 'e', { anonymousId: 'a' });
    expect([story.eventsOf('p'), story.triggers()]).toEqual([[], []]);
    expect(story.engine.suppressed()).toEqual(['p']);
  });

  it('keeps what stands before the suppression, whenever it arrives', () => {
    story.identify('0:00', 'p', {});
    story.suppress('p', at('0:02'));
    const outcome = story.engine.receive({ type: 'track', event: 'e', userId: 'p' }, { receivedAt: at('0:01'), sequence: 1.5 });
    expect(outcome).toMatchObject([{ status: 'stored' }]);
    expect(story.eventsOf('p')).toEqual(['e']);
  });

  it('is ignored until they are unsuppressed, whether they were known or not', () => {
    story.suppress('p', at('0:00'));
    expect(story.track('0:01', 'e', { userId: 'p' })).toMatchObject({ status: 'dropped', code: 'suppressed' });
    story.unsuppress('p', at('0:02'));
    expect(story.track('0:03', 'e', { userId: 'p' })).toMatchObject({ status: 'stored' });
  });
});

describe('undoing a merge', () => {
  beforeEach(() => {
    story.engine.receive({ type: 'identify', anonymousId: 'a', traits: { city: 'Graz' } }, { receivedAt: at('-2 h') });
    story.track('-1 h', 'e', { anonymousId: 'a' });
    story.identify('0:00', 'p', { anonymousId: 'a', traits: { plan: 'pro' } });
    story.undoMerge('a', at('1:00'));
  });

  it('makes the events anonymous again, and takes back the traits that came with them', () => {
    expect(story.person('p')).toMatchObject({ events: [], traits: { plan: 'pro' } });
    expect(story.event('e')).toMatchObject({ previouslyAnonymous: false, canTrigger: false });
    expect(story.activity()[0]).toMatchObject({ type: 'merge_undone', person: 'p', anonymousId: 'a' });
  });

  it('leaves the id unusable, also for the same person', () => {
    story.identify('2:00', 'p', { anonymousId: 'a' });
    story.identify('2:00', 'q', { anonymousId: 'a' });
    expect(story.people().flatMap(({ anonymousIds }) => anonymousIds)).toEqual([]);
  });

  it('starts the purge clock anew', () => {
    story.purge(at('30 d 1:00'));
    expect(story.engine.events()).toHaveLength(1);
    story.purge(at('30 d 1:00:00.001'));
    expect(story.engine.events()).toHaveLength(0);
  });

  it('leaves what was triggered as it is, also when the event is purged', () => {
    const [trigger] = story.triggers();
    story.purge(at('60 d'));
    expect(trigger).toMatchObject({ campaign: 'cart', person: 'p' });
    expect(story.triggers()).toEqual([trigger]);
  });

  it('is undone by the same command', () => {
    story.undoMerge('a', at('2:00'));
    expect(story.person('p')).toMatchObject({ anonymousIds: ['a'], events: [{ name: 'e' }], traits: { plan: 'pro', city: 'Graz' } });
  });
});

describe('an identify with an id and an email', () => {
  it('leads the person who was known by the email only to the id', () => {
    byEmail('0:00', 'Ada@example.com');
    identify('0:01', 'ada', 'ada@EXAMPLE.com');
    expect(story.people().map(({ id }) => id)).toEqual(['ada']);
    expect(story.person('ADA@example.com')!.id).toBe('ada');
  });

  it('gives a new id to the person who has the email', () => {
    identify('0:00', 'ada', 'ada@example.com');
    identify('0:01', 'countess', 'ada@example.com');
    expect(story.person('countess')!.id).toBe('ada');
  });

  it('joins nothing when both are known, sets no email, and says so', () => {
    identify('0:00', 'ada', 'ada@example.com');
    story.identify('0:00', 'bob', {});
    identify('0:01', 'bob', 'ada@example.com');
    expect(story.person('bob')!.traits).toEqual({});
    expect(story.activity({ person: 'bob' })[0]).toMatchObject({ type: 'failed_attribute_change', attribute: 'email' });
  });

  it('gives no warning about an anonymous id that it brings along with the email', () => {
    byEmail('0:00', 'ada@example.com', 'a');
    expect(identify('0:01', 'ada', 'ada@example.com', 'a')).toMatchObject({ warnings: [] });
  });

  it('names the person by the email when the userId is empty', () => {
    identify('0:00', '', 'ada@example.com');
    expect(story.people().map(({ id }) => id)).toEqual(['email:ada@example.com']);
  });
});

describe('a person who has to be known', () => {
  it('is found by cio_, and the message dropped when there is none', () => {
    story.identify('0:00', 'p', {});
    expect(story.track('0:01', 'known', { userId: 'cio_p' })).toMatchObject({ status: 'stored' });
    expect(story.track('0:01', 'unknown', { userId: 'cio_q' })).toMatchObject({ status: 'dropped', code: 'unknown_person' });
    expect(story.eventsOf('p')).toEqual(['known']);
  });

  it('is updated by _update, which claims nothing when there is none', () => {
    story.track('-1 h', 'e', { anonymousId: 'a' });
    expect(story.identify('0:00', 'p', { anonymousId: 'a', traits: { _update: true } })).toMatchObject({ status: 'dropped', code: 'nobody_to_update' });
    expect(story.event('e').person).toBeUndefined();
  });
});

describe('explain', () => {
  it.each<[string, string, () => void]>([
    ['identified', 'The message itself names its person.', () => story.track('0:00', 'x', { messageId: 'm', userId: 'p' })],
    ['merged_retroactively', '1 h before the identify', () => (event('-1 h'), claim())],
    ['merged_late', '4 min 59 s after the identify that claimed its anonymous id; the limit is 5 min', () => (claim(), event('0:04:59'))],
    ['late_window_passed', 'claimed 6 min 3 s before it arrived; the limit is 5 min', () => (claim(), event('0:06:03'))],
    ['too_old', '31 d before the identify that claimed its anonymous id; the limit is 30 d', () => (event('-31 d'), claim())],
    ['unclaimed', 'No identify has claimed its anonymous id yet', () => event('0:00')],
    ['blank_id', 'has no anonymous id', () => story.track('0:00', 'x', { messageId: 'm', anonymousId: ' ' })],
    ['bad_id', '"null", is a placeholder', () => story.track('0:00', 'x', { messageId: 'm', anonymousId: 'null' })],
    ['merging_off', 'merging is switched off', () => (event('0:00'), story.settings({ anonymousEventMerge: false }, at('0:01')))],
    ['expired', 'the limit is 30 d', () => (event('0:00'), story.track('31 d', 'y', { anonymousId: 'b' }))],
    ['unknown', 'No message of this id is kept', () => {}],
  ])('says %s: %s', (reason, sentence, happen) => {
    happen();
    expect(story.explain('m')).toMatchObject({ reason, detail: expect.stringContaining(sentence) });
  });

  function event(receivedAt: string): void {
    story.track(receivedAt, 'x', { messageId: 'm', anonymousId: 'a' });
  }

  function claim(): void {
    story.identify('0:00', 'p', { anonymousId: 'a' });
  }
});

describe('preview', () => {
  beforeEach(() => {
    story.engine.receive({ type: 'identify', anonymousId: 'a', traits: { city: 'Graz', plan: 'free' } }, { receivedAt: at('-2 h') });
    for (const moment of ['-31 d', '-4 d', '-1 h']) story.track(moment, 'e', { anonymousId: 'a' });
    story.identify('-1 min', 'p', { traits: { plan: 'pro' } });
  });

  it('says what the identify then does', () => {
    const { triggers, ...preview } = story.preview('p', 'a', at('0:00'));
    story.identify('0:00', 'p', { anonymousId: 'a' });
    const [merge] = story.merges();
    const { events, traits } = story.person('p')!;
    expect(preview).toEqual({ claims: true, count: merge!.count, oldest: merge!.oldest, messageIds: events.map(({ messageId }) => messageId), traits: { city: 'Graz', anonymous_id: 'a' } });
    expect(traits).toEqual({ plan: 'pro', ...preview.traits });
    expect(story.triggers()).toEqual(triggers);
  });

  it('writes nothing', () => {
    const before = [story.people(), story.activity(), story.triggers()];
    story.preview('p', 'a');
    story.preview('nobody', 'a');
    expect([story.people(), story.activity(), story.triggers()]).toEqual(before);
  });

  it('says what the identify then does, whoever it is, and whatever the history', () => {
    const asked = fc.record({ id: fc.oneof(people, fc.constantFrom('cio_p', 'cio_x', 'x', 'x@example.com')), anonymousId: fc.constantFrom('a', 'b', 'null') });
    fc.assert(
      fc.property(commandedHistories({ repeats: 0 }), asked, (history, { id, anonymousId }) => {
        const now = at('0:10');
        const engine = engineAfter(history.filter(({ receivedAt }) => receivedAt < now));
        const known = engine.person(id);
        const preview = engine.preview(id, anonymousId, now);
        const theirs = new Set(engine.events().flatMap(({ messageId, person }) => (person === undefined ? [] : messageId)));
        const who = id.includes('@') ? { traits: { email: id } } : { userId: id };
        const started = engine.triggers().length;
        const [outcome] = engine.receive({ type: 'identify', messageId: 'asked', anonymousId, ...who, timestamp: now }, { receivedAt: now, sequence: 1_000_000 });

        expect(outcome!.status === 'dropped' ? outcome!.code : undefined).toBe(['suppressed', 'unknown_person'].includes(preview.reason!) ? preview.reason : undefined);
        const person = engine.person(id);
        const joined = person?.events.filter(({ messageId, anonymousId: of }) => of === anonymousId && !theirs.has(messageId)) ?? [];
        expect(preview.messageIds).toEqual(joined.map(({ messageId }) => messageId));
        expect(preview.triggers).toHaveLength(engine.triggers().length - started);
        const had = { ...known?.traits, ...who.traits };
        const got = Object.entries(person?.traits ?? {}).filter(([name]) => !Object.hasOwn(had, name));
        expect(Object.entries(preview.traits).filter(([name]) => !Object.hasOwn(had, name)).sort()).toEqual(got.sort());
      }),
      RUNS,
    );
  });

  it('names an unknown person as the identify would', () => {
    const named = ['P@example.com', 'email:p@example.com', 'x'].map((id) => story.preview(id, 'a', at('0:00')).triggers[0]?.person);
    expect(named).toEqual(['email:p@example.com', 'email:p@example.com', 'x']);
  });

  it('shows no trait that only steers', () => {
    story.engine.receive({ type: 'identify', anonymousId: 'b', traits: { _update: true } }, { receivedAt: at('-1 h') });
    expect(story.preview('p', 'b', at('0:00')).traits).toEqual({ anonymous_id: 'b' });
  });
});

describe('a segment', () => {
  beforeEach(() => {
    story = tell({ segments: [{ name: 'buyers', event: 'e', atLeast: 2 }, { name: 'recent', event: 'e', withinDays: 1 }] });
  });

  it('counts events that merged, older than 72 hours or not, and nothing that did not merge', () => {
    for (const moment of ['-31 d', '-20 d', '-1 h']) story.track(moment, 'e', { anonymousId: 'a' });
    for (const moment of ['-2 h', '-1 h']) story.track(moment, 'e', { anonymousId: 'b' });
    expect(story.segment('buyers', at('-1 min')).members).toEqual([]);
    story.identify('0:00', 'p', { anonymousId: 'a' });
    expect(story.segment('buyers', at('0:01'))).toEqual({ members: ['p'], changes: [{ at: at('0:00'), person: 'p', type: 'entered' }] });
  });

  it('tells when somebody came in and left', () => {
    story.track('-1 h', 'e', { anonymousId: 'a' });
    story.identify('0:00', 'p', { anonymousId: 'a' });
    const { members, changes } = story.segment('recent', at('2 d'));
    expect([members, changes.map(({ type }) => type)]).toEqual([[], ['entered', 'left']]);
  });
});

it('two engines share nothing', () => {
  story.identify('0:00', 'p', { anonymousId: 'a' });
  expect(createEngine().people()).toEqual([]);
});

function identify(receivedAt: string, userId: string, email: string, anonymousId?: string): unknown {
  return story.identify(receivedAt, userId, { traits: { email }, ...(anonymousId && { anonymousId }) });
}

function byEmail(receivedAt: string, email: string, anonymousId = 'x'): void {
  const message: Message = { type: 'identify', anonymousId, traits: { email } };
  story.engine.receive(message, { receivedAt: at(receivedAt) });
}
