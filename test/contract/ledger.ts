import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ActivityQuery, Administration, Ledger, LiveActivity, LiveQuery, StoredMessage } from '../../src/ledger/index.js';
import type { AcceptedMessage, Activity } from '../../src/wire/index.js';
import { DAY, HOUR, identify, iso, MINUTE, NOON, SECOND, track } from './messages.js';

/** What every ledger keeps to, whatever it keeps it in. */
export function describeLedger(name: string, make: () => Ledger | Promise<Ledger>): void {
  describe(`the ledger ${name}`, () => {
    let ledger: Ledger;
    beforeEach(async () => {
      ledger = await make();
    });
    afterEach(() => ledger.close());

    const append = (at: number, ...messages: AcceptedMessage[]) => ledger.append(messages, { receivedAt: at });
    const lines = async (filter: Partial<ActivityQuery> = {}) => (await ledger.activity({ limit: 1000, ...filter })).items;
    const names = async (filter: Partial<ActivityQuery> = {}) => (await lines(filter)).map(nameOf);

    describe('append', () => {
      it('answers for each message, in order', async () => {
        const outcomes = await append(NOON, track('one', { messageId: 'a', anonymousId: 'v' }), track('two', { messageId: 'b', userId: 'ada' }));
        expect(outcomes).toEqual([
          { messageId: 'a', status: 'stored', isLate: false, warnings: [] },
          { messageId: 'b', status: 'stored', isLate: false, warnings: [] },
        ]);
      });

      it('takes no messages at all', async () => {
        expect(await append(NOON)).toEqual([]);
      });

      it('keeps a message that comes twice once, with the time of the first', async () => {
        const message = track('one', { anonymousId: 'v' });
        await append(NOON, message);
        const [again] = await append(NOON + MINUTE, message);
        expect(again).toMatchObject({ messageId: message.messageId, status: 'duplicate' });
        expect(await lines()).toMatchObject([{ name: 'one', at: NOON }]);
      });

      it('keeps a message that comes twice in one batch once', async () => {
        const message = track('one', { anonymousId: 'v' });
        const outcomes = await append(NOON, message, message, track('two', { anonymousId: 'v' }));
        expect(outcomes.map(({ status }) => status)).toEqual(['stored', 'duplicate', 'stored']);
        expect(await names()).toEqual(['two', 'one']);
      });

      it('knows a message by its id and by whose it says it is: a resend under a new anonymous id is another one', async () => {
        await append(NOON, track('one', { messageId: 'same', anonymousId: 'old' }));
        const outcomes = await append(
          NOON,
          track('one', { messageId: 'same', anonymousId: 'new' }),
          track('one', { messageId: 'same', userId: 'ada', anonymousId: 'old' }),
          track('one', { messageId: 'same', userId: 'old' }),
        );
        expect(outcomes.map(({ status }) => status)).toEqual(['stored', 'stored', 'stored']);
      });

      it('never runs backwards: what a slow clock stamps is as late as what came before', async () => {
        await append(NOON, track('one', { anonymousId: 'v' }));
        await append(NOON - HOUR, track('two', { anonymousId: 'v' }));
        expect(await lines()).toMatchObject([
          { name: 'two', at: NOON },
          { name: 'one', at: NOON },
        ]);
      });

      it('is not moved on by what it has already', async () => {
        const message = track('one', { anonymousId: 'v' });
        await append(NOON, message);
        await append(NOON + HOUR, message);
        await append(NOON + MINUTE, track('two', { anonymousId: 'v' }));
        expect(await lines()).toMatchObject([{ name: 'two', at: NOON + MINUTE }, { name: 'one' }]);
      });

      it('corrects a clock that is off by the time at which the request left', async () => {
        await ledger.append([track('one', { anonymousId: 'v', timestamp: iso(NOON - 2 * DAY) })], { receivedAt: NOON, sentAt: iso(NOON - 2 * DAY + SECOND) });
        expect(await lines()).toMatchObject([{ occurredAt: NOON - SECOND }]);
      });

      it("corrects it by the message's own word where the request's cannot be read", async () => {
        const message = track('one', { anonymousId: 'v', timestamp: iso(NOON - 2 * HOUR), sentAt: iso(NOON - 2 * HOUR + SECOND) });
        await ledger.append([message], { receivedAt: NOON, sentAt: 'just now' });
        expect(await lines()).toMatchObject([{ occurredAt: NOON - SECOND }]);
      });

      it('keeps ids that are not plain text apart', async () => {
        const odd = ['a', 'a\0', 'a\0b', 'a\ud800', 'a\udbff', 'a\ufffd', 'a\ue000', "a'; DROP TABLE messages; --", '%', 'NULL', 'null', '{}', 'a,b', 'a\\\\', '"', '"a\\\n', '😀', ' a', 'A', 'é', 'e\u0301'];
        await append(NOON, ...odd.flatMap((id) => [track('seen', { messageId: id, anonymousId: `v${id}` }), identify(id, { messageId: id, anonymousId: `v${id}` })]));
        for (const id of odd) {
          const person = await ledger.person(id);
          expect(person).toMatchObject({ id, anonymousIds: [`v${id}`], events: [{ messageId: id, anonymousId: `v${id}`, person: id }] });
        }
      });

      it('takes ids as long as they may be, of what takes most room where it is stored', async () => {
        for (const [index, userId] of [controls(150), halves(50), long(150)].entries()) {
          const email = `${index}${controls(142)}x`;
          const [stored, again] = await append(NOON, ...[1, 2].map(() => identify(userId, { messageId: halves(100), anonymousId: halves(255), traits: { email } })));
          expect([stored, again]).toMatchObject([{ status: 'stored' }, { status: 'duplicate' }]);
          expect((await ledger.person(userId))?.id).toBe(userId);
        }
        await append(NOON, track('seen', { messageId: halves(100), anonymousId: halves(255) }));
        expect(await ledger.person(controls(150))).toMatchObject({ anonymousIds: [halves(255)], events: [{ name: 'seen' }] });
      });

      it('keeps texts that are no ids however long they are, and their neighbours with them', async () => {
        const text = `${long(6000)}@example.com`;
        const outcomes = await append(
          NOON,
          track('before', { anonymousId: 'v' }),
          identify('ada', { anonymousId: 'v', traits: { email: text, anonymous_id: text } }),
          identify(undefined, { anonymousId: 'w', traits: { email: text } }),
          identify('bob', { traits: { anonymous_id: text } }),
          track(text, { anonymousId: 'x' }),
          { type: 'page', messageId: 'p', name: text, anonymousId: 'x' },
          { type: 'group', messageId: 'g', groupId: text, userId: 'ada' },
          { type: 'alias', messageId: 'a', previousId: text, userId: 'ada' },
        );
        expect(outcomes.map(({ status }) => status)).toEqual(outcomes.map(() => 'stored'));
        expect(await ledger.person('ada')).toMatchObject({ traits: { email: text }, events: [{ name: 'before' }] });
      });

      it('takes an email for a name as long as it is no longer than an id, and says of a longer one that it names nobody', async () => {
        // Of two bytes each, and of three in lower case.
        const wider = 'Ⱥ'.repeat(47);
        const [fits, tooLong, visitor] = await append(
          NOON,
          identify(undefined, { traits: { email: `${wider}@xy` } }),
          identify('ada', { traits: { email: `${wider}@xyz` } }),
          identify(undefined, { anonymousId: 'v', traits: { email: `${wider}@xyz` } }),
        );
        expect([fits, tooLong, visitor]).toMatchObject([{ warnings: [] }, { status: 'stored', warnings: ['bad_email'] }, { status: 'stored', warnings: ['bad_email'] }]);
        expect(await ledger.person(`email:${wider}@xy`)).toMatchObject({ traits: { email: `${wider}@xy` } });
        expect(await ledger.person(`email:${wider}@xyz`)).toBeUndefined();
        expect(await names({ tab: 'anonymous' })).toEqual(['identify']);
      });

      it('gives a body back as it came', async () => {
        const traits = { text: 'a\0\ud800"\\\u2028😀', list: [1, 1.5, null, { deep: true }], '': 0, constructor: 'x' };
        await append(NOON, identify('ada', { traits }));
        expect((await ledger.person('ada'))?.traits).toEqual(traits);
      });
    });

    describe('merging', () => {
      it('joins what came before the identify to the person, at once', async () => {
        await append(NOON - 20 * DAY, track('landed', { anonymousId: 'v', timestamp: iso(NOON - 20 * DAY) }));
        await append(NOON - 2 * HOUR, track('filled', { anonymousId: 'v', timestamp: iso(NOON - 2 * HOUR) }));
        await append(NOON, identify('ada', { anonymousId: 'v', traits: { plan: 'pro' } }));
        expect(await ledger.person('ada')).toMatchObject({
          id: 'ada',
          traits: { plan: 'pro' },
          anonymousIds: ['v'],
          events: [
            { name: 'landed', previouslyAnonymous: true, canTrigger: false },
            { name: 'filled', previouslyAnonymous: true, canTrigger: true },
          ],
        });
        const [merge] = await lines();
        expect(merge).toEqual({ type: 'anon_merge', at: NOON, person: 'ada', anonymousId: 'v', count: 2, oldest: Math.floor((NOON - 20 * DAY) / SECOND) });
      });

      it('takes in what is 30 days old, and leaves what is a millisecond older', async () => {
        await append(NOON - DAY, track('out', { anonymousId: 'v', timestamp: iso(NOON - 30 * DAY - 1) }), track('in', { anonymousId: 'v', timestamp: iso(NOON - 30 * DAY) }));
        await append(NOON, identify('ada', { anonymousId: 'v' }));
        expect((await ledger.person('ada'))?.events.map(({ name }) => name)).toEqual(['in']);
        expect(await names({ tab: 'anonymous' })).toEqual(['out']);
      });

      it('takes in what arrives within 5 minutes, and names what is a millisecond later', async () => {
        await append(NOON, identify('ada', { anonymousId: 'v' }));
        const [onTime] = await append(NOON + 5 * MINUTE, track('in', { anonymousId: 'v', timestamp: iso(NOON) }));
        const late = track('out', { anonymousId: 'v', timestamp: iso(NOON) });
        const [tooLate] = await append(NOON + 5 * MINUTE + 1, late);
        const [retried] = await append(NOON + 6 * MINUTE, late);
        expect([onTime, tooLate, retried]).toMatchObject([{ isLate: false }, { status: 'stored', isLate: true }, { status: 'duplicate', isLate: true }]);
        expect((await ledger.person('ada'))?.events.map(({ name }) => name)).toEqual(['in']);
        expect(await lines({ tab: 'identified' })).toMatchObject([{ name: 'in' }, { type: 'anon_merge', count: 1 }, { type: 'identify' }]);
      });

      it('joins a track that stands behind the identify in its batch', async () => {
        await append(NOON, identify('ada', { anonymousId: 'v' }), track('same batch', { anonymousId: 'v' }));
        expect((await ledger.person('ada'))?.events).toMatchObject([{ name: 'same batch', previouslyAnonymous: true }]);
      });

      it('never hands an anonymous id to a second person, and does not say whose it is', async () => {
        await append(NOON, identify('ada', { anonymousId: 'v' }));
        const [outcome] = await append(NOON + MINUTE, identify('bob', { anonymousId: 'v', traits: { plan: 'free' } }));
        await append(NOON + 2 * MINUTE, track('after', { anonymousId: 'v' }));
        expect(outcome).toMatchObject({ status: 'stored', warnings: ['anonymous_id_in_use'] });
        expect(await ledger.person('bob')).toEqual({ id: 'bob', traits: { plan: 'free' }, anonymousIds: [], events: [] });
        expect((await ledger.person('ada'))?.events).toMatchObject([{ name: 'after' }]);
        expect(await lines({ person: 'bob' })).toEqual([
          expect.objectContaining({ type: 'failed_attribute_change', person: 'bob', anonymousId: 'v', attribute: 'anonymous_id', reason: 'claimed' }),
          expect.objectContaining({ type: 'identify', person: 'bob' }),
        ]);
      });

      it('lets the first of two in one batch claim', async () => {
        await append(NOON, identify('ada', { anonymousId: 'v' }), identify('bob', { anonymousId: 'v' }));
        expect((await ledger.person('ada'))?.anonymousIds).toEqual(['v']);
        expect((await ledger.person('bob'))?.anonymousIds).toEqual([]);
      });

      it('keeps what identified somebody apart from what they did as somebody else', async () => {
        await append(NOON, track('as ada', { anonymousId: 'v', userId: 'ada' }), identify('bob', { anonymousId: 'v' }));
        expect((await ledger.person('ada'))?.events).toMatchObject([{ name: 'as ada', previouslyAnonymous: false }]);
        expect((await ledger.person('bob'))?.events).toEqual([]);
      });

      it('merges nothing through a placeholder', async () => {
        await append(NOON, track('one', { anonymousId: 'null' }), track('two', { anonymousId: '' }));
        const [outcome] = await append(NOON, identify('ada', { anonymousId: 'null' }));
        expect(outcome).toMatchObject({ warnings: ['bad_anonymous_id'] });
        expect((await ledger.person('ada'))?.events).toEqual([]);
        expect(await names({ tab: 'anonymous' })).toEqual(['two', 'one']);
      });

      it('gathers several devices under one person', async () => {
        await append(NOON, track('phone', { anonymousId: 'p' }), track('desk', { anonymousId: 'd' }));
        await append(NOON + 1, identify('ada', { anonymousId: 'd' }));
        await append(NOON + 2, identify('ada', { anonymousId: 'p' }));
        expect(await ledger.person('ada')).toMatchObject({ anonymousIds: ['d', 'p'], events: [{ name: 'phone' }, { name: 'desk' }] });
        expect(await names({ person: 'ada' })).toEqual(['anon_merge p', 'identify', 'anon_merge d', 'identify', 'desk', 'phone']);
      });
    });

    describe('person', () => {
      it('is unknown until something names them', async () => {
        await append(NOON, track('one', { anonymousId: 'ada' }));
        expect(await ledger.person('ada')).toBeUndefined();
        await append(NOON, track('two', { userId: 'ada' }));
        expect(await ledger.person('ada')).toMatchObject({ id: 'ada', traits: {}, anonymousIds: [] });
      });

      it('is found by an email, whatever its case', async () => {
        await append(NOON, track('one', { anonymousId: 'v' }), identify(undefined, { anonymousId: 'v', traits: { email: 'Ada@Example.com' } }));
        expect(await ledger.person('email:ada@example.com')).toMatchObject({ anonymousIds: ['v'], events: [{ name: 'one' }] });
      });
    });

    describe('activity', () => {
      it('is newest first, a merge above the identify that brought it', async () => {
        await append(NOON, track('one', { anonymousId: 'v' }), track('two', { anonymousId: 'v' }));
        await append(NOON, identify('ada', { anonymousId: 'v' }), track('three', { userId: 'ada' }));
        expect(await names()).toEqual(['three', 'anon_merge v', 'identify', 'two', 'one']);
      });

      it('says nothing of a merge that nothing joined', async () => {
        await append(NOON, identify('ada', { anonymousId: 'v' }));
        expect(await names()).toEqual(['identify']);
      });

      it('has a tab for what is somebody\'s, and one for what is nobody\'s', async () => {
        await append(NOON, track('joined', { anonymousId: 'v' }), track('nobody', { anonymousId: 'w' }), track('named', { userId: 'bob' }));
        await append(NOON, identify('ada', { anonymousId: 'v' }));
        expect(await names({ tab: 'identified' })).toEqual(['anon_merge v', 'identify', 'named', 'joined']);
        expect(await names({ tab: 'anonymous' })).toEqual(['nobody']);
        expect(await names({ person: 'ada' })).toEqual(['anon_merge v', 'identify', 'joined']);
        expect(await names({ person: 'ada', tab: 'identified' })).toEqual(['anon_merge v', 'identify', 'joined']);
        expect(await names({ person: 'ada', tab: 'anonymous' })).toEqual([]);
        expect(await names({ person: 'eve' })).toEqual([]);
      });

      it.each<Partial<ActivityQuery>>([{}, { tab: 'identified' }, { tab: 'anonymous' }, { person: 'p1' }])('gives the same lines page by page, however small the pages: %o', async (filter) => {
        await fill(ledger);
        const whole = await lines(filter);
        expect(whole.length).toBeGreaterThan(5);
        for (const limit of [1, 2, 3, 7, whole.length - 1, whole.length]) expect(await walk(ledger, limit, filter)).toEqual(whole);
      });

      it('says that there is nothing older exactly when there is not', async () => {
        await append(NOON, track('one', { anonymousId: 'v' }), track('two', { anonymousId: 'v' }));
        expect((await ledger.activity({ limit: 2 })).next).toBeNull();
        expect((await ledger.activity({ limit: 1 })).next).not.toBeNull();
        expect(await ledger.activity({ limit: 1, tab: 'identified' })).toEqual({ items: [], next: null });
      });

      it('neither repeats nor skips a line while new ones arrive', async () => {
        await fill(ledger);
        const whole = await lines();
        let arrived = 0;
        const walked = await walk(ledger, 3, {}, () => append(NOON + DAY + ++arrived, track('new', { anonymousId: `n${arrived}` })));
        expect(walked).toEqual(whole);
        expect(arrived).toBeGreaterThan(5);
      });

      it('neither repeats nor skips a line when a merge above the cursor shows up late', async () => {
        await append(NOON, track('one', { userId: 'bob' }), track('two', { userId: 'bob' }), identify('ada', { anonymousId: 'v' }));
        const first = await ledger.activity({ limit: 1 });
        expect(first.items.map(nameOf)).toEqual(['identify']);
        await append(NOON + MINUTE, track('joins late', { anonymousId: 'v' }));
        expect(await names({ before: first.next! })).toEqual(['two', 'one']);
        expect(await names()).toEqual(['joins late', 'anon_merge v', 'identify', 'two', 'one']);
      });

      it('refuses a cursor that it did not give', async () => {
        for (const before of ['', 'x', '1', '-1-0', '1-9', '1e3-0', "1-0'"]) {
          await expect(ledger.activity({ limit: 1, before })).rejects.toMatchObject({ code: 'bad_cursor' });
        }
      });
    });

    describe('administration', () => {
      const people = () => Promise.all(['ada', 'bob', 'email:ada@example.com'].map((id) => ledger.person(id)));
      let admin: Administration;
      beforeEach((context) => {
        if (!ledger.administration) return context.skip();
        admin = ledger.administration;
      });

      it('takes an email and an id for one person, whichever came first', async () => {
        await append(NOON, identify(undefined, { anonymousId: 'v', traits: { email: 'Ada@example.com' } }), track('early', { anonymousId: 'v' }));
        await append(NOON + 1, identify('ada', { traits: { email: 'ada@example.com', plan: 'pro' } }));
        const ada = { id: 'ada', traits: { plan: 'pro' }, anonymousIds: ['v'], events: [{ name: 'early', person: 'ada' }] };
        expect(await people()).toMatchObject([ada, {}, ada].map((person, index) => (index === 1 ? undefined : person)) as object[]);
        expect(await names({ person: 'email:ada@example.com' })).toEqual(['identify', 'early', 'anon_merge v', 'identify']);
      });

      it('leaves two people two who are named at once, and says so', async () => {
        await append(NOON, identify('ada', { traits: { email: 'ada@example.com' } }), identify('bob'));
        await append(NOON + 1, identify('bob', { traits: { email: 'ada@example.com', plan: 'free' } }));
        expect((await ledger.person('bob'))?.traits).toEqual({ plan: 'free' });
        expect(await lines({ person: 'bob' })).toMatchObject([{ type: 'failed_attribute_change', attribute: 'email', reason: 'claimed' }, {}, {}]);
      });

      it('drops what names an unknown cio_id, or updates nobody', async () => {
        const outcomes = await append(NOON, track('one', { userId: 'cio_ada' }), identify('ada', { anonymousId: 'v', traits: { _update: true } }));
        expect(outcomes).toMatchObject([
          { status: 'dropped', code: 'unknown_person' },
          { status: 'dropped', code: 'nobody_to_update' },
        ]);
        await append(NOON, track('two', { userId: 'ada' }), track('three', { userId: 'cio_ada' }));
        expect((await ledger.person('ada'))?.events.map(({ name }) => name)).toEqual(['two', 'three']);
        expect((await ledger.person('ada'))?.anonymousIds).toEqual([]);
      });

      it('merges nothing while merging is off, and what is still inside 30 days once it is on again', async () => {
        await append(NOON, track('early', { anonymousId: 'v' }), track('other', { anonymousId: 'w' }));
        await append(NOON + 1, identify('ada', { anonymousId: 'w' }));
        expect(await admin.changeSettings({ anonymousEventMerge: false }, NOON + MINUTE)).toEqual({ anonymousEventMerge: false });
        await append(NOON + 2 * MINUTE, identify('ada', { anonymousId: 'v' }), track('too late', { anonymousId: 'w' }));
        expect((await ledger.person('ada'))?.events.map(({ name }) => name)).toEqual(['other']);
        expect(await names({ tab: 'anonymous' })).toEqual(['too late', 'early']);
        await admin.changeSettings({ anonymousEventMerge: true }, NOON + HOUR);
        expect(await admin.settings()).toEqual({ anonymousEventMerge: true });
        await append(NOON + 2 * HOUR, identify('ada', { anonymousId: 'v' }));
        expect((await ledger.person('ada'))?.events.map(({ name }) => name)).toEqual(['early', 'other']);
      });

      it('keeps with its person what had joined before merging was switched off, also in the same millisecond', async () => {
        await append(NOON, identify('ada', { anonymousId: 'v' }));
        await append(NOON + MINUTE, track('in time', { anonymousId: 'v' }));
        // Their clock is slow, and so the log stands still.
        await append(NOON - HOUR, track('in time, too', { anonymousId: 'v' }));
        await admin.changeSettings({ anonymousEventMerge: false }, NOON + MINUTE);
        const late = track('too late', { anonymousId: 'v' });
        // In the same millisecond, where the database has one clock.
        await append(NOON, late);
        expect((await ledger.person('ada'))?.events.map(({ name }) => name).toSorted()).toEqual(['in time', 'in time, too']);
        expect(await lines({ person: 'ada' })).toContainEqual({ type: 'anon_merge', at: NOON, person: 'ada', anonymousId: 'v', count: 2, oldest: NOON / SECOND });
        expect(await admin.explain(late.messageId, undefined, NOON + HOUR)).toMatchObject({ reason: 'merging_off' });
      });

      it('makes two people one: the second fills what the first has not said, and answers to its own id', async () => {
        await append(NOON, identify('ada', { traits: { plan: 'pro', city: '' } }), track('old', { anonymousId: 'v' }));
        await append(NOON + 1, identify('bob', { anonymousId: 'v', traits: { plan: 'free', city: 'Rome' } }));
        expect(await admin.mergePeople('ada', 'bob', NOON + MINUTE)).toEqual({ done: true });
        await append(NOON + 2 * MINUTE, track('new', { anonymousId: 'v' }), track('named', { userId: 'bob' }));
        const ada = await ledger.person('ada');
        expect(ada).toMatchObject({
          traits: { plan: 'pro', city: 'Rome' },
          anonymousIds: ['v'],
          events: [
            { name: 'old', person: 'ada', canTrigger: false },
            { name: 'new', person: 'ada', canTrigger: true },
            { name: 'named', person: 'ada' },
          ],
        });
        expect(await ledger.person('bob')).toEqual(ada);
        expect(await names({ person: 'bob' })).toEqual(['named', 'new', 'bob', 'anon_merge v', 'identify', 'old', 'identify']);
        expect(await admin.mergePeople('ada', 'bob', NOON + HOUR)).toMatchObject({ done: false, code: 'same_person' });
        expect(await admin.mergePeople('ada', 'eve', NOON + HOUR)).toMatchObject({ done: false, code: 'nobody' });
      });

      it('takes a merge back, and restores it exactly', async () => {
        await append(NOON, track('early', { anonymousId: 'v' }), identify(undefined, { anonymousId: 'v', traits: { city: 'Rome' } }));
        await append(NOON + 1, identify('ada', { anonymousId: 'v' }));
        const [ada, logged] = [await ledger.person('ada'), await lines()];
        await admin.undoMerge('v', NOON + MINUTE);
        expect(await ledger.person('ada')).toEqual({ id: 'ada', traits: {}, anonymousIds: [], events: [] });
        expect(await names({ tab: 'anonymous' })).toEqual(['identify', 'early']);
        await append(NOON + 2 * MINUTE, identify('bob', { anonymousId: 'v' }));
        expect((await ledger.person('bob'))?.events).toEqual([]);
        await admin.undoMerge('v', NOON + 3 * MINUTE);
        expect([await ledger.person('ada'), (await lines()).slice(-logged.length)]).toEqual([ada, logged]);
        expect((await names()).slice(0, 3)).toEqual(['merge_restored', 'failed_attribute_change', 'identify']);
        expect(await admin.undoMerge('nothing', NOON)).toMatchObject({ done: false, code: 'no_merge' });
      });

      it('shows as a trait the anonymous id that was claimed last and stands, however it was said', async () => {
        const shown = async (id = 'ada') => (await ledger.person(id))?.traits['anonymous_id'];
        await append(NOON, identify('ada', { anonymousId: 'v' }), identify('ada', { anonymousId: 'w' }));
        expect(await shown()).toBe('w');
        await append(NOON + 1, identify('ada', { traits: { anonymous_id: 'x\0' } }), identify('bob', { traits: { anonymous_id: 'x\0' } }));
        expect([await shown(), await shown('bob')]).toEqual(['x\0', undefined]);
        expect(await lines({ person: 'bob' })).toMatchObject([{ type: 'failed_attribute_change', attribute: 'anonymous_id', anonymousId: 'x\0' }, { type: 'identify' }]);
        await admin.undoMerge('x\0', NOON + 2);
        expect(await shown()).toBe('w');
        await admin.mergePeople('bob', 'ada', NOON + 3);
        expect(await shown('bob')).toBe('w');
        await admin.undoMerge('x\0', NOON + 4);
        expect(await ledger.person('bob')).toMatchObject({ traits: { anonymous_id: 'x\0' }, anonymousIds: ['v', 'w', 'x\0'] });
      });

      it('forgets a person, and lets nothing that happened before bring them back', async () => {
        await append(NOON, track('early', { anonymousId: 'v' }), track('named', { userId: 'ada' }), track('nobody', { anonymousId: 'w' }));
        await append(NOON + 1, identify('ada', { anonymousId: 'v', traits: { email: 'ada@example.com' } }));
        expect(await admin.deletePerson('ada@example.com', NOON + HOUR)).toEqual({ done: true });
        expect(await people()).toEqual([undefined, undefined, undefined]);
        expect(await names()).toEqual(['person_deleted', 'nobody']);
        const [queued, claim] = await append(NOON + 2 * HOUR, track('queued', { userId: 'ada', timestamp: iso(NOON) }), identify('bob', { anonymousId: 'v' }));
        expect([queued, claim]).toMatchObject([{ status: 'dropped', code: 'erased' }, { warnings: ['anonymous_id_in_use'] }]);
        await append(NOON + 2 * HOUR, track('anew', { userId: 'ada', timestamp: iso(NOON + 2 * HOUR) }));
        expect(await ledger.person('ada')).toMatchObject({ traits: {}, anonymousIds: [], events: [{ name: 'anew' }] });
        expect(await admin.deletePerson('eve', NOON)).toMatchObject({ done: false, code: 'nobody' });
      });

      it('forgets whatever was done to a person with them, save that they were deleted', async () => {
        const odd = 'email:a"\\d%_\u0001a@secret.com';
        await append(NOON, track('early', { anonymousId: 'v' }), identify('ada', { anonymousId: 'v' }), identify(undefined, { traits: { email: odd.slice('email:'.length) } }), identify('bob', { anonymousId: 'w' }), identify('ad'));
        await admin.undoMerge('v', NOON + 1);
        await admin.undoMerge('w', NOON + 2);
        await admin.undoMerge('v', NOON + 3);
        await admin.suppress(odd, NOON + 4);
        await admin.unsuppress(odd, NOON + 5);
        await admin.suppress('ad', NOON + 6);
        await admin.mergePeople('ada', odd, NOON + 7);
        await admin.mergePeople('bob', 'ad', NOON + 8);
        await admin.deletePerson('ada', NOON + 9);
        expect((await lines()).filter(({ messageId }) => messageId === undefined)).toEqual([
          { type: 'person_deleted', at: NOON + 9, person: 'ada' },
          { type: 'people_merged', at: NOON + 8, person: 'bob', name: 'ad' },
          { type: 'person_suppressed', at: NOON + 6, person: 'ad' },
          { type: 'merge_undone', at: NOON + 2, person: 'bob', anonymousId: 'w' },
        ]);
        await append(NOON + 10, track('anew', { userId: 'ada', timestamp: iso(NOON + 10) }));
        await admin.suppress('ada', NOON + 11);
        await admin.deletePerson('ada', NOON + 12);
        expect((await names()).slice(0, 3)).toEqual(['person_deleted', 'person_deleted', 'ad']);
        expect(await append(NOON + 13, track('still', { userId: 'ada', timestamp: iso(NOON + 13) }))).toMatchObject([{ status: 'dropped', code: 'suppressed' }]);
      });

      it('keeps nothing of somebody who is suppressed', async () => {
        await admin.suppress('eve@example.com', NOON);
        const attempts = [identify('eve', { traits: { email: 'Eve@example.com' } }), identify(undefined, { anonymousId: 'v', traits: { email: 'eve@example.com' } })];
        expect(await append(NOON + 1, ...attempts)).toMatchObject([{ status: 'dropped' }, { status: 'dropped' }]);
        await admin.unsuppress('eve@example.com', NOON + 2);
        expect(await append(NOON + 3, ...attempts)).toMatchObject([{ status: 'stored' }, { status: 'stored' }]);
      });

      it('takes an id for an id first and for an email second, wherever somebody is named', async () => {
        await append(NOON, identify('bob@example.com', { traits: { plan: 'pro' } }), identify('ada', { traits: { email: 'bob@example.com' } }), identify('eve', { traits: { email: 'eve@example.com' } }));
        const found = ['bob@example.com', 'email:bob@example.com', 'EVE@example.com', 'email:Eve@Example.com', 'EMAIL:eve@example.com', 'cio_eve'].map(async (id) => (await ledger.person(id))?.id);
        expect(await Promise.all(found)).toEqual(['bob@example.com', 'ada', 'eve', 'eve', 'eve', 'eve']);
        const meant = ['bob@example.com', 'email:bob@example.com', 'Eve@example.com', 'cio_eve', 'eve'].map((id) => admin.nameMeantBy(id));
        expect(await Promise.all(meant)).toEqual(['bob@example.com', 'email:bob@example.com', 'email:eve@example.com', 'eve', 'eve']);
        expect(await admin.nameMeantBy('nobody@example.com')).toBeUndefined();
        await admin.deletePerson('bob@example.com', NOON + 1);
        expect((await ledger.person('bob@example.com'))?.id).toBe('ada');
        expect(await admin.mergePeople('email:Bob@example.com', 'Eve@example.com', NOON + 2)).toEqual({ done: true });
        expect((await ledger.person('eve'))?.id).toBe('ada');
      });

      it('forgets whoever has an email for their id by that email too, and drops what names them so and happened before', async () => {
        await append(NOON, identify('bob@example.com'));
        expect(await admin.deletePerson('email:bob@example.com', NOON + HOUR)).toEqual({ done: true });
        expect(await ledger.person('bob@example.com')).toBeUndefined();
        expect(await append(NOON + 2 * HOUR, track('queued', { userId: 'bob@example.com' }), track('queued', { userId: 'email:bob@example.com' }))).toMatchObject([{ code: 'erased' }, { code: 'erased' }]);
      });

      describe.each([
        ['before they are known', []],
        ['known by it as an id', [identify('eve@example.com')]],
        ['known by it as an email', [identify('eve', { traits: { email: 'eve@example.com' } })]],
      ])('ignores an email that is suppressed', (when, known) => {
        it.each([
          ['eve@example.com', 'email:Eve@example.com'],
          ['email:eve@example.com', 'eve@example.com'],
        ])(`as an id and as an email, ${when}: %s, until %s is unsuppressed`, async (suppressed, unsuppressed) => {
          await append(NOON, ...known);
          await admin.suppress(suppressed, NOON);
          const attempts = [track('one', { userId: 'eve@example.com' }), track('two', { userId: 'email:eve@example.com' }), identify('adam', { traits: { email: 'EVE@example.com' } })];
          expect(await append(NOON + 1, ...attempts)).toMatchObject(attempts.map(() => ({ code: 'suppressed' })));
          await admin.unsuppress(unsuppressed, NOON + 2);
          expect(await append(NOON + 3, ...attempts)).toMatchObject(attempts.map(() => ({ status: 'stored' })));
        });
      });

      it('leaves alone whoever else has an email that is the id of somebody suppressed', async () => {
        await append(NOON, identify('bob@example.com'), identify('ada', { traits: { email: 'bob@example.com' } }));
        await admin.suppress('bob@example.com', NOON + 1);
        const outcomes = await append(NOON + 2, track('one', { userId: 'bob@example.com' }), track('two', { userId: 'ada' }), track('three', { userId: 'email:bob@example.com' }));
        expect(outcomes.map(({ status }) => status)).toEqual(['dropped', 'stored', 'stored']);
      });

      it('knows nobody by what is too long for an id, and does nothing about them', async () => {
        const id = `${long(6000)}@example.com`;
        const nobody = { done: false, code: 'nobody' };
        expect(await Promise.all([admin.suppress(id, NOON), admin.unsuppress(`email:${id}`, NOON), admin.deletePerson(id, NOON), admin.mergePeople(id, id, NOON)])).toMatchObject([nobody, nobody, nobody, nobody]);
        expect(await admin.undoMerge(id, NOON)).toMatchObject({ code: 'no_merge' });
        expect([await admin.nameMeantBy(id), await ledger.person(id), await names({ person: id }), (await admin.preview(id, id, NOON)).claims]).toEqual([undefined, undefined, [], false]);
      });

      it('lets nothing join somebody who is suppressed, neither then nor later', async () => {
        await append(NOON, identify('ada', { anonymousId: 'v', traits: { email: 'ada@example.com' } }), identify(undefined, { anonymousId: 'w', traits: { email: 'ada@example.com' } }), identify('bob', { anonymousId: 'x' }));
        await append(NOON, track('in time', { anonymousId: 'v' }));
        await admin.suppress('ada', NOON);
        const late = track('suppressed', { anonymousId: 'v' });
        const [hint] = await append(NOON, late, track('suppressed', { anonymousId: 'w' }), track('bob’s', { anonymousId: 'x' }));
        expect(hint).toMatchObject({ status: 'stored', isLate: false });
        await admin.unsuppress('ada@example.com', NOON + MINUTE);
        const [again] = await append(NOON + MINUTE, track('behind', { anonymousId: 'v' }));
        expect(again).toMatchObject({ status: 'stored', isLate: true });
        expect((await ledger.person('ada'))?.events.map(({ name }) => name)).toEqual(['in time']);
        expect((await ledger.person('bob'))?.events.map(({ name }) => name)).toEqual(['bob’s']);
        expect(await admin.explain(late.messageId, undefined, NOON + HOUR)).toMatchObject({ reason: 'late_window_passed', detail: expect.stringContaining('suppressed') as string });
      });

      it('lets nothing reach somebody who is suppressed by who is merged into them', async () => {
        await append(NOON, identify('ada'), identify('bob', { anonymousId: 'v', traits: { email: 'bob@example.com' } }), track('in time', { anonymousId: 'v' }));
        await admin.suppress('ada', NOON + 1);
        await admin.mergePeople('ada', 'bob', NOON + 2);
        const late = track('late', { anonymousId: 'v' });
        const fromBob = [track('named', { userId: 'bob' }), identify(undefined, { traits: { email: 'bob@example.com', plan: 'pro' } }), identify('bob', { anonymousId: 'w' })];
        expect(await append(NOON + 3, late, ...fromBob)).toMatchObject([{ status: 'stored', isLate: false }, ...fromBob.map(() => ({ status: 'dropped', code: 'suppressed' }))]);
        expect(await admin.preview('bob', 'x', NOON + 4)).toMatchObject({ claims: false, reason: 'suppressed' });
        expect(await admin.explain(late.messageId, undefined, NOON + HOUR)).toMatchObject({ reason: 'late_window_passed', detail: expect.stringContaining('merged into somebody suppressed') as string });
        const { events, traits } = (await ledger.person('ada'))!;
        expect([events.map(({ name }) => name), traits]).toEqual([['in time'], { email: 'bob@example.com', anonymous_id: 'v' }]);

        await admin.unsuppress('ada', NOON + 5);
        expect(await append(NOON + 6, track('again', { userId: 'bob' }))).toMatchObject([{ status: 'stored' }]);
        expect((await ledger.person('ada'))!.events.map(({ name }) => name)).toEqual(['in time', 'again']);
      });

      it('asks for nothing to be sent again that would not join while merging is off', async () => {
        await append(NOON, identify('ada', { anonymousId: 'v' }));
        await admin.changeSettings({ anonymousEventMerge: false }, NOON + MINUTE);
        expect(await append(NOON + HOUR, track('late', { anonymousId: 'v' }))).toMatchObject([{ status: 'stored', isLate: false }]);
        await admin.changeSettings({ anonymousEventMerge: true }, NOON + HOUR);
        expect(await append(NOON + 2 * HOUR, track('later', { anonymousId: 'v' }))).toMatchObject([{ status: 'stored', isLate: true }]);
      });

      it('says why', async () => {
        const late = track('late', { anonymousId: 'v' });
        await append(NOON, identify('ada', { anonymousId: 'v' }));
        await append(NOON + 6 * MINUTE + 3 * SECOND, late);
        expect(await admin.explain(late.messageId, undefined, NOON + HOUR)).toEqual({
          reason: 'late_window_passed',
          detail: 'Its anonymous id was claimed 6 min 3 s before it arrived; the limit is 5 min.',
        });
        expect(await admin.explain(late.messageId, 'w', NOON)).toMatchObject({ reason: 'unknown' });
        expect(await admin.explain('never sent', undefined, NOON)).toMatchObject({ reason: 'unknown' });
      });

      it('gives a message back as it was received', async () => {
        const first = track('added', { messageId: 'm', anonymousId: 'v', properties: { product: 'shoes', sizes: [41, 42] } });
        const second = track('added', { messageId: 'm', anonymousId: 'w', properties: { product: 'socks' } });
        await append(NOON, first);
        await append(NOON + 1, second);
        expect(await admin.message('m', undefined)).toEqual(first);
        expect(await admin.message('m', 'w')).toEqual(second);
        expect(await admin.message('m', 'x')).toBeUndefined();
        expect(await admin.message('never sent', undefined)).toBeUndefined();
      });

      it('says what an identify would do, and does nothing', async () => {
        const early = track('early', { anonymousId: 'v' });
        await append(NOON, early, identify(undefined, { anonymousId: 'v', traits: { city: 'Rome' } }));
        const version = await ledger.version();
        expect(await admin.preview('ada', 'v', NOON + MINUTE)).toEqual({
          claims: true,
          count: 1,
          oldest: NOON / SECOND,
          messageIds: [early.messageId],
          triggers: [],
          traits: { city: 'Rome', anonymous_id: 'v' },
        });
        expect(await ledger.version()).toBe(version);
        expect(await admin.preview('ada', 'null', NOON)).toMatchObject({ claims: false, reason: 'bad_id' });
      });

      it('says that an identify would be dropped, where it would', async () => {
        await append(NOON, track('early', { anonymousId: 'v' }), identify('bob', { traits: { email: 'bob@example.com' } }));
        const nothing = { claims: false, count: 0, messageIds: [], triggers: [], traits: {} };
        expect(await admin.preview('cio_nobody', 'v', NOON + 1)).toEqual({ ...nothing, reason: 'unknown_person' });
        expect(await admin.preview('cio_bob', 'v', NOON + 1)).toMatchObject({ claims: true, count: 1 });
        await admin.suppress('ada', NOON + 2);
        await admin.suppress('bob', NOON + 3);
        for (const id of ['ada', 'cio_ada', 'bob', 'Bob@example.com', 'email:bob@example.com']) {
          expect([id, await admin.preview(id, 'v', NOON + 4)]).toEqual([id, { ...nothing, reason: 'suppressed' }]);
        }
        await admin.unsuppress('bob@example.com', NOON + 5);
        expect(await admin.preview('bob', 'v', NOON + 6)).toMatchObject({ claims: true, count: 1 });
      });

      it('deletes what stayed anonymous for more than 30 days, a step at a time, and nothing else', async () => {
        for (let i = 0; i < 10; i++) await append(NOON, track(`old ${i}`, { anonymousId: `v${i}` }));
        await append(NOON + 1, track('young', { anonymousId: 'v1' }), identify('ada', { anonymousId: 'v0' }), track('named', { userId: 'ada' }));
        let deleted = 0;
        for (let isDone = false; !isDone; ) {
          const step = await admin.purge(NOON + 30 * DAY + 1, 3);
          ({ isDone } = step);
          deleted += step.deleted;
        }
        expect(deleted).toBe(9);
        expect(await names()).toEqual(['named', 'anon_merge v0', 'identify', 'young', 'old 0']);
      });

      it('keeps what an undone merge gave back for 30 days from the undo', async () => {
        await append(NOON, track('early', { anonymousId: 'v' }));
        await append(NOON + 1, identify('ada', { anonymousId: 'v' }));
        await admin.undoMerge('v', NOON + 20 * DAY);
        await purgeAll(NOON + 50 * DAY);
        expect(await names({ tab: 'anonymous' })).toEqual(['early']);
        await purgeAll(NOON + 50 * DAY + 1);
        expect(await names({ tab: 'anonymous' })).toEqual([]);
        expect(await admin.undoMerge('v', NOON + 50 * DAY + 1)).toMatchObject({ done: false, code: 'expired' });
      });

      it('keeps it as long when its person was deleted since', async () => {
        await append(NOON, track('early', { anonymousId: 'v' }));
        await append(NOON + 1, identify('ada', { anonymousId: 'v' }));
        await admin.undoMerge('v', NOON + 20 * DAY);
        await admin.deletePerson('ada', NOON + 21 * DAY);
        await purgeAll(NOON + 50 * DAY);
        expect(await names({ tab: 'anonymous' })).toEqual(['early']);
        await purgeAll(NOON + 50 * DAY + 1);
        expect(await names({ tab: 'anonymous' })).toEqual([]);
      });

      it('deletes what an undone merge never had as if it had not been undone', async () => {
        await append(NOON, track('too old', { anonymousId: 'v', timestamp: iso(NOON - 31 * DAY) }), identify('ada', { anonymousId: 'v' }));
        await append(NOON + 10 * MINUTE, track('too late', { anonymousId: 'v' }));
        await admin.undoMerge('v', NOON + 29 * DAY);
        await purgeAll(NOON + 30 * DAY + 10 * MINUTE);
        expect(await names({ tab: 'anonymous' })).toEqual(['too late']);
        await purgeAll(NOON + 30 * DAY + 10 * MINUTE + 1);
        expect(await names({ tab: 'anonymous' })).toEqual([]);
      });

      it('restores a merge by the time of the log, whatever the clock of whoever asks', async () => {
        await append(NOON, track('early', { anonymousId: 'v' }), identify('ada', { anonymousId: 'v' }));
        await admin.undoMerge('v', NOON + 1);
        await append(NOON + 31 * DAY, track('one', { anonymousId: 'w' }));
        expect(await admin.undoMerge('v', NOON + 29 * DAY)).toMatchObject({ done: false, code: 'expired' });
      });

      it('deletes no more at a step than it may look at, also of what an undone merge gave back and where everybody has a name', async () => {
        await append(NOON, ...Array.from({ length: 10 }, (_, i) => track(`early ${i}`, { anonymousId: 'v' })));
        await append(NOON + 1, ...Array.from({ length: 10 }, (_, i) => track(`named ${i}`, { userId: 'ada' })), identify('ada', { anonymousId: 'v' }), track('other', { anonymousId: 'w' }));
        await admin.undoMerge('v', NOON + 2);
        const steps: number[] = [];
        for (let isDone = false; !isDone; ) {
          const step = await admin.purge(NOON + 31 * DAY, 3);
          ({ isDone } = step);
          steps.push(step.deleted);
        }
        // Memory has it all at hand, and deletes it at once.
        if (steps.length > 1) expect(Math.max(...steps)).toBeLessThanOrEqual(3);
        expect(steps.reduce((sum, deleted) => sum + deleted, 0)).toBe(11);
        expect((await names({ tab: 'anonymous' }))).toEqual([]);
        expect((await ledger.person('ada'))?.events).toHaveLength(10);
      });

      async function purgeAll(now: number): Promise<void> {
        while (!(await admin.purge(now, 100)).isDone);
      }
    });

    describe('version', () => {
      it('changes when something is stored, and stands still when nothing comes', async () => {
        const message = track('one', { anonymousId: 'v' });
        const empty = await ledger.version();
        await append(NOON, message);
        const full = await ledger.version();
        expect(full).not.toBe(empty);
        await append(NOON + MINUTE);
        expect(await ledger.version()).toBe(full);
        await append(NOON, track('two', { anonymousId: 'v' }));
        expect(await ledger.version()).not.toBe(full);
      });

      it('is never that of another ledger', async () => {
        const other = await make();
        expect(await other.version()).not.toBe(await ledger.version());
        await other.close();
      });
    });

    describe('live', () => {
      const live = (after: string | undefined, query: Partial<LiveQuery> = {}) => ledger.live!(after, { limit: 100, lookBackMs: 0, ...query });
      const namesOf = ({ lines }: LiveActivity): string[] => lines.map(({ line }) => nameOf(line));
      const end = async (): Promise<string> => (await live(undefined, { limit: 1 })).lines[0]!.cursor;

      it('gives what came in behind a line, oldest first, and nothing twice', async () => {
        await append(NOON, track('one', { anonymousId: 'v' }));
        const one = await end();
        await append(NOON, track('two', { anonymousId: 'v' }), identify('ada', { anonymousId: 'v' }));
        const behind = await live(one);
        expect(namesOf(behind)).toEqual(['two', 'identify', 'anon_merge v']);
        expect(namesOf(await live(behind.lines[1]!.cursor))).toEqual(['anon_merge v']);
        expect(await live(behind.lines[2]!.cursor)).toEqual({ lines: [], before: [], isGap: false });
      });

      it('begins with the newest lines for whoever has seen nothing, which is no gap', async () => {
        expect(await live(undefined)).toEqual({ lines: [], before: [], isGap: false });
        await append(NOON, track('one', { anonymousId: 'v' }), track('two', { anonymousId: 'v' }), track('three', { anonymousId: 'v' }));
        const newest = await live(undefined, { limit: 2 });
        expect([namesOf(newest), newest.isGap]).toEqual([['two', 'three'], false]);
      });

      it('says when there was more than the limit, and not when there was just as much', async () => {
        await append(NOON, track('seen', { anonymousId: 'v' }));
        const seen = await end();
        await append(NOON, track('one', { anonymousId: 'v' }), track('two', { anonymousId: 'v' }));
        const whole = await live(seen, { limit: 2 });
        expect([namesOf(whole), whole.isGap]).toEqual([['one', 'two'], false]);
        const part = await live(seen, { limit: 1 });
        expect([namesOf(part), part.isGap]).toEqual([['two'], true]);
      });

      it('looks back by the time of arrival, which is no gap however much there is', async () => {
        await append(NOON - 1001, track('long ago', { anonymousId: 'v' }));
        for (const name of ['one', 'two', 'three']) await append(NOON - SECOND, track(name, { anonymousId: 'v' }));
        await append(NOON, track('seen', { anonymousId: 'v' }));
        const seen = await end();
        await append(NOON + 1, track('new', { anonymousId: 'v' }));
        const found = await live(seen, { lookBackMs: SECOND });
        expect([found.before.map(nameOf), namesOf(found), found.isGap]).toEqual([['one', 'two', 'three', 'seen'], ['new'], false]);
        const some = await live(seen, { lookBackMs: SECOND, limit: 2 });
        expect([some.before.map(nameOf), namesOf(some), some.isGap]).toEqual([['three', 'seen'], ['new'], false]);
      });

      it('wants a cursor of its own', async () => {
        await expect(live('nonsense')).rejects.toMatchObject({ code: 'bad_cursor' });
      });
    });

    describe('messages', () => {
      async function exported(limit: number, between?: (page: number) => Promise<unknown>): Promise<StoredMessage[]> {
        const found: StoredMessage[] = [];
        let after: string | undefined;
        for (let page = 1; ; page++) {
          const { items, next } = await ledger.messages!({ limit, ...(after !== undefined && { after }) });
          expect(items.length).toBeLessThanOrEqual(limit);
          found.push(...items);
          if (next === null) return found;
          after = next;
          await between?.(page);
        }
      }

      it('gives every message once, oldest first, in pages of any size', async () => {
        expect(await exported(10)).toEqual([]);
        await fill(ledger);
        const stored = (await lines()).filter(({ type }) => type === 'event' || type === 'identify');
        const order = stored.map(({ messageId }) => messageId).reverse();
        expect(order.length).toBe(260);
        for (const limit of [1, 7, 130, 260, 1000]) expect((await exported(limit)).map(({ messageId }) => messageId)).toEqual(order);
      });

      it('gives a message as it came, with when it was received and when it happened', async () => {
        const message = track('one', { anonymousId: 'v', timestamp: iso(NOON - DAY), properties: { a: 1, deep: { b: [null, 'ü\u0000'] } }, context: { ip: '192.0.2.1' } });
        await append(NOON, message, message);
        await append(NOON + 1, identify('ada', { anonymousId: 'v', messageId: 'i', traits: { plan: 'pro' } }));
        const [first, second, ...more] = await exported(10);
        expect(first).toEqual({ ...message, receivedAt: iso(NOON), occurredAt: iso(NOON - DAY) });
        expect(second).toMatchObject({ type: 'identify', userId: 'ada', messageId: 'i', traits: { plan: 'pro' }, receivedAt: iso(NOON + 1) });
        expect(more).toEqual([]);
      });

      it('gives one from the future the time of its arrival, and keeps what was sent', async () => {
        const ahead = track('one', { anonymousId: 'v', timestamp: (NOON + 3 * DAY) / SECOND });
        const own = track('two', { anonymousId: 'v', timestamp: iso(NOON + 1), originalTimestamp: iso(NOON + DAY) });
        await append(NOON, ahead, own);
        await ledger.append([track('corrected', { anonymousId: 'v', timestamp: iso(NOON + HOUR) })], { receivedAt: NOON, sentAt: iso(NOON + 2 * HOUR) });
        const times = { timestamp: iso(NOON), receivedAt: iso(NOON), occurredAt: iso(NOON) };
        const [first, second, corrected] = await exported(10);
        expect([first, second]).toEqual([
          { ...ahead, ...times, originalTimestamp: ahead.timestamp },
          { ...own, ...times },
        ]);
        expect(corrected).toMatchObject({ timestamp: iso(NOON + HOUR), occurredAt: iso(NOON - HOUR) });
        expect(corrected).not.toHaveProperty('originalTimestamp');
      });

      it('takes in at its end what arrives meanwhile, and misses nothing', async () => {
        await append(NOON, ...['a', 'b', 'c'].map((messageId) => track('x', { messageId, anonymousId: 'v' })));
        const found = await exported(2, (page) => (page === 1 ? append(NOON + 1, track('x', { messageId: 'd', anonymousId: 'v' }), track('x', { messageId: 'e', anonymousId: 'w' })) : Promise.resolve()));
        expect(found.map(({ messageId }) => messageId)).toEqual(['a', 'b', 'c', 'd', 'e']);
      });

      it('gives nothing of a person who was erased', async () => {
        await append(NOON, track('theirs', { anonymousId: 'v', messageId: 'a' }), identify('ada', { anonymousId: 'v', messageId: 'b' }), track('another', { anonymousId: 'w', messageId: 'c' }));
        await ledger.administration!.deletePerson('ada', NOON + 1);
        expect((await exported(10)).map(({ messageId }) => messageId)).toEqual(['c']);
      });

      it('wants a cursor of its own', async () => {
        await expect(ledger.messages!({ after: 'nonsense', limit: 1 })).rejects.toMatchObject({ code: 'bad_cursor' });
      });
    });

    it('does nothing once it is closed, and may be closed twice', async () => {
      await ledger.close();
      await ledger.close();
      for (const attempt of [() => append(NOON, track('one', { anonymousId: 'v' })), () => lines(), () => ledger.person('ada'), () => ledger.version(), () => ledger.live!(undefined, { limit: 1, lookBackMs: 0 }), () => ledger.messages!({ limit: 1 })]) {
        await expect(attempt()).rejects.toMatchObject({ code: 'closed' });
      }
    });

    describe('filters of the log', () => {
      beforeEach(async () => {
        await append(NOON, track('productViewed', { anonymousId: 'v' }), track('addedToCart', { anonymousId: 'v' }), track('productViewed', { anonymousId: 'w' }));
        await append(NOON + MINUTE, identify('ada', { anonymousId: 'v' }));
        await append(NOON + HOUR, track('PRODUCT bought', { userId: 'ada', anonymousId: 'v' }), track('productViewed', { userId: 'bob' }));
      });

      it('by a part of the name, in whatever case', async () => {
        expect(await names({ name: 'Product' })).toEqual(['productViewed', 'PRODUCT bought', 'productViewed', 'productViewed']);
        expect(await names({ name: 'nothing like it' })).toEqual([]);
      });

      it('by an anonymous id, on either tab: what is of it, its merge included', async () => {
        expect(await names({ anonymousId: 'v' })).toEqual(['PRODUCT bought', 'anon_merge v', 'identify', 'addedToCart', 'productViewed']);
        expect(await names({ anonymousId: 'w', tab: 'anonymous' })).toEqual(['productViewed']);
        expect(await names({ anonymousId: 'v', tab: 'anonymous' })).toEqual([]);
        expect(await names({ anonymousId: 'v', tab: 'identified', name: 'cart' })).toEqual(['addedToCart']);
      });

      it('by time', async () => {
        expect(await names({ since: NOON + HOUR })).toEqual(['productViewed', 'PRODUCT bought']);
        expect(await names({ since: NOON + HOUR + 1 })).toEqual([]);
      });

      it('by time: what was received before it, of messages, merges and commands', async () => {
        await ledger.administration?.mergePeople('ada', 'bob', NOON + 2 * HOUR);
        await append(NOON + 3 * HOUR, track('later', { userId: 'ada' }));
        const early = ['anon_merge v', 'identify', 'productViewed', 'addedToCart', 'productViewed'];
        // The command names the person who is no longer one.
        const merged = ['bob', 'productViewed', 'PRODUCT bought', ...early];
        expect(await names({ until: NOON })).toEqual([]);
        expect(await names({ until: NOON + 1 })).toEqual(['productViewed', 'addedToCart', 'productViewed']);
        expect(await names({ until: NOON + HOUR })).toEqual(early);
        expect(await names({ until: NOON + HOUR, since: NOON + MINUTE })).toEqual(['anon_merge v', 'identify']);
        expect(await names({ until: NOON + HOUR, anonymousId: 'v', tab: 'identified' })).toEqual(['anon_merge v', 'identify', 'addedToCart', 'productViewed']);
        expect(await names({ until: NOON + HOUR, person: 'ada' })).toEqual(['anon_merge v', 'identify', 'addedToCart', 'productViewed']);
        expect(await names({ until: NOON + 2 * HOUR + 1 })).toEqual(merged);
        expect(await names({ until: NOON + 3 * HOUR })).toEqual(merged);
        expect((await walk(ledger, 1, { until: NOON + 3 * HOUR })).map(nameOf)).toEqual(merged);
        expect(await names({ until: NOON + DAY })).toEqual(['later', ...merged]);
      });

      it('by time, at once, however much was received since', async () => {
        await append(NOON + 2 * HOUR, ...Array.from({ length: 6000 }, (_, n) => track(`later ${n}`, { anonymousId: `w${n}` })));
        const page = await ledger.activity({ limit: 2, until: NOON + MINUTE });
        expect(page.items.map(nameOf)).toEqual(['productViewed', 'addedToCart']);
        expect((await ledger.activity({ limit: 2, until: NOON + MINUTE, before: page.next! })).items.map(nameOf)).toEqual(['productViewed']);
      });

      it('page by page, without a line twice or missing', async () => {
        const walked = await walk(ledger, 1, { name: 'product' });
        expect(walked.map(nameOf)).toEqual(['productViewed', 'PRODUCT bought', 'productViewed', 'productViewed']);
      });
    });

    describe('people', () => {
      const ids = async (query: { search?: string; before?: string; limit?: number } = {}) => {
        const { items, next } = await ledger.people!({ limit: 10, ...query });
        return [items.map(({ id }) => id), next];
      };
      beforeEach(async () => {
        await append(NOON, track('seen', { anonymousId: 'v' }), identify('carl', { anonymousId: 'v', traits: { email: 'carl@example.com' } }));
        await append(NOON + MINUTE, track('bought', { userId: 'ada' }), track('bought', { userId: 'adam' }), track('bought', { userId: 'ada' }), identify('bob', {}));
      });

      it('are in the order of their ids, with how many anonymous ids they have and when they were there last', async () => {
        expect((await ledger.people!({ limit: 10 })).items).toEqual([
          { id: 'ada', names: [], anonymousIds: 0, lastAt: NOON + MINUTE },
          { id: 'adam', names: [], anonymousIds: 0, lastAt: NOON + MINUTE },
          { id: 'bob', names: [], anonymousIds: 0, lastAt: NOON + MINUTE },
          { id: 'carl', names: ['email:carl@example.com'], anonymousIds: 1, lastAt: NOON },
        ]);
      });

      it('come page by page', async () => {
        expect(await ids({ limit: 3 })).toEqual([['ada', 'adam', 'bob'], 'bob']);
        expect(await ids({ limit: 3, before: 'bob' })).toEqual([['carl'], null]);
        expect(await ids({ limit: 4 })).toEqual([['ada', 'adam', 'bob', 'carl'], null]);
      });

      it('are in the same order however odd their ids are', async () => {
        const odd = ['z\u0001', 'z\u001f', 'z ', 'z~', 'zé', 'z\uff5e', 'z😀', 'z\ue000'];
        await append(NOON, ...odd.map((userId) => track('seen', { userId })));
        const all = ['z ', 'z~', 'zé', 'z\u0001', 'z\u001f', 'z\ue000', 'z\uff5e', 'z😀'];
        expect(await ids({ search: 'z' })).toEqual([all, null]);
        const pages = [await ids({ search: 'z', limit: 5 }), await ids({ search: 'z', limit: 5, before: 'z\u001f' })];
        expect(pages).toEqual([[all.slice(0, 5), 'z\u001f'], [all.slice(5), null]]);
      });

      it('are found by how their id begins, by the whole of their email, and by an anonymous id', async () => {
        expect(await ids({ search: 'ada' })).toEqual([['ada', 'adam'], null]);
        expect(await ids({ search: 'ada', limit: 1 })).toEqual([['ada'], 'ada']);
        expect(await ids({ search: 'ada', limit: 1, before: 'ada' })).toEqual([['adam'], null]);
        expect(await ids({ search: 'carl@example.com' })).toEqual([['carl'], null]);
        expect(await ids({ search: 'v' })).toEqual([['carl'], null]);
        expect(await ids({ search: 'nobody' })).toEqual([[], null]);
      });

      it('come page by page also where some were found by an anonymous id, wherever their ids stand', async () => {
        await append(NOON + HOUR, track('seen', { userId: 'b' }), track('seen', { userId: 'bo' }), identify('zoe', { anonymousId: 'b' }));
        await append(NOON + HOUR, track('seen', { userId: 'va' }), track('seen', { userId: 'vb' }));
        const paged = async (search: string, before?: string): Promise<string[]> => {
          const { items, next } = await ledger.people!({ search, limit: 1, ...(before !== undefined && { before }) });
          return [...items.map(({ id }) => id), ...(next === null ? [] : await paged(search, next))];
        };
        expect(await paged('v')).toEqual(['carl', 'va', 'vb']);
        expect(await paged('b')).toEqual(['b', 'zoe', 'bo', 'bob']);
        expect(await ids({ search: 'b', limit: 2 })).toEqual([['b', 'zoe'], 'zoe']);
      });

      it('stand once, however many they were before they were merged', async () => {
        await ledger.administration!.mergePeople('ada', 'carl', NOON + HOUR);
        expect((await ledger.people!({ limit: 1 })).items).toMatchObject([{ id: 'ada', anonymousIds: 1, lastAt: NOON + HOUR }]);
        expect(await ids({ search: 'carl' })).toEqual([['ada'], null]);
        expect(await ids()).toEqual([['ada', 'adam', 'bob'], null]);
      });

      it('stand in no segment and have started nothing, where there are none of those', async () => {
        expect(await ledger.standing!('ada', NOON)).toEqual({ segments: [], triggers: [] });
        expect(await ledger.standing!('nobody', NOON)).toBeUndefined();
      });
    });

    describe('counts', () => {
      it('are of what was received from one moment on until before another', async () => {
        await append(NOON, track('one', { anonymousId: 'v' }), track('two', { anonymousId: 'v' }));
        await append(NOON + MINUTE, identify('ada', { anonymousId: 'v' }));
        await append(NOON + HOUR, track('three', { userId: 'ada' }));
        expect(await ledger.counts!(NOON, NOON + MINUTE)).toEqual({ events: 2, merges: 0 });
        expect(await ledger.counts!(NOON + 1, NOON + HOUR)).toEqual({ events: 0, merges: 1 });
        expect(await ledger.counts!(NOON + HOUR, NOON + HOUR + 1)).toEqual({ events: 1, merges: 0 });
        expect(await ledger.counts!(0, NOON)).toEqual({ events: 0, merges: 0 });
        expect(await ledger.counts!(0, NOON + DAY)).toEqual({ events: 3, merges: 1 });
      });

      it('are of what the claims of that time have merged: before them and within their late windows, once, and only events', async () => {
        const old = track('old', { anonymousId: 'v', timestamp: iso(NOON - 31 * DAY) });
        const twice = track('twice', { anonymousId: 'v' });
        await append(NOON, twice, old, { type: 'group', groupId: 'g', anonymousId: 'v', messageId: 'g' }, track('others', { anonymousId: 'w' }), track('own', { userId: 'ada', anonymousId: 'v' }));
        await append(NOON + MINUTE, identify('ada', { anonymousId: 'v' }));
        expect(await ledger.merged!(NOON + MINUTE, NOON + MINUTE + 1)).toBe(1);
        await append(NOON + 6 * MINUTE, twice, track('in time', { anonymousId: 'v' }));
        await append(NOON + 6 * MINUTE + 1, track('late', { anonymousId: 'v' }), identify('ada', { anonymousId: 'v' }), identify('bob', { anonymousId: 'w' }));
        expect(await ledger.merged!(NOON + MINUTE, NOON + MINUTE + 1)).toBe(2);
        expect(await ledger.merged!(NOON, NOON + MINUTE)).toBe(0);
        expect(await ledger.merged!(NOON + MINUTE + 1, NOON + DAY)).toBe(1);
        expect(await ledger.merged!(0, NOON + DAY)).toBe(3);
        await ledger.administration!.undoMerge('w', NOON + HOUR);
        expect(await ledger.merged!(0, NOON + DAY)).toBe(2);
      });

      it('of what was merged are of more claims than fit into one question', async () => {
        const visitors = Array.from({ length: 1200 }, (_, i) => `v${i}`);
        await append(NOON, ...visitors.map((anonymousId) => track('one', { anonymousId })), ...visitors.map((anonymousId) => identify('ada', { anonymousId })));
        expect(await ledger.merged!(NOON, NOON + 1)).toBe(1200);
      });
    });
  });
}

/** What a line says, in a word. */
export function nameOf({ type, name, anonymousId }: Activity): string {
  return type === 'anon_merge' ? `anon_merge ${anonymousId}` : (name ?? type);
}

/** Reads the log page by page to its end. */
export async function walk(ledger: Ledger, limit: number, filter: Partial<ActivityQuery>, between?: () => Promise<unknown>): Promise<Activity[]> {
  const walked: Activity[] = [];
  let before: string | undefined;
  for (;;) {
    const { items, next } = await ledger.activity({ ...filter, limit, ...(before !== undefined && { before }) });
    expect(items.length).toBeLessThanOrEqual(limit);
    walked.push(...items);
    if (next === null) return walked;
    before = next;
    await between?.();
  }
}

/** Visitors who come, of whom some log in, some are refused an id, some come late: 260 messages and their merges. */
async function fill(ledger: Ledger): Promise<void> {
  for (let i = 0; i < 20; i++) {
    const at = NOON + i * MINUTE;
    await ledger.append(
      Array.from({ length: 10 }, (_, n) => track(`e${i}.${n}`, { anonymousId: `v${(i * 7 + n) % 12}` })),
      { receivedAt: at },
    );
    await ledger.append(
      [
        identify(`p${i % 3}`, { anonymousId: `v${i % 12}` }),
        track(`named ${i}`, { userId: `p${i % 3}`, anonymousId: `v${i % 12}` }),
        identify(`p${(i + 1) % 3}`, { anonymousId: `v${i % 5}` }),
      ],
      { receivedAt: at + SECOND },
    );
  }
}

/** Bytes that nothing makes shorter: what a database may write short, it may not for these. The same ones each time. */
function noise(length: number): Buffer {
  return createHash('shake256', { outputLength: length }).digest();
}

function long(length: number): string {
  return noise(length).toString('base64url').slice(0, length);
}

/** A byte each, and more in a column. */
function controls(length: number): string {
  return Array.from(noise(length), (byte) => String.fromCharCode(byte & 31)).join('');
}

/** Halves of surrogate pairs: what takes most in a column. */
function halves(length: number): string {
  return Array.from(noise(length), (byte) => String.fromCharCode(0xd800 + byte)).join('');
}
