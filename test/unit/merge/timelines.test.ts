import { beforeEach, describe, expect, it } from 'vitest';
import { at } from '../../simulation/moments.js';
import { seconds, tell, type Story } from './story.js';

let story: Story;
beforeEach(() => {
  story = tell({ campaigns: ['e', "e'", 'e1', 'e2'].map((event) => ({ name: `on ${event}`, event })) });
});

describe('E1: two events before the identify', () => {
  beforeEach(() => {
    story.track('-20 d', 'e1', { anonymousId: 'a' });
    story.track('-2 h', 'e2', { anonymousId: 'a' });
    story.identify('0:00', 'p', { anonymousId: 'a' });
  });

  it('gives both to the person', () => {
    expect(story.eventsOf('p')).toEqual(['e1', 'e2']);
  });

  it('marks both as previously anonymous', () => {
    expect(story.person('p')!.events.map(({ previouslyAnonymous }) => previouslyAnonymous)).toEqual([true, true]);
  });

  it('marks both in the log, and not the identify', () => {
    const marked = story.activity().filter(({ previouslyAnonymous }) => previouslyAnonymous);
    expect(marked.map(({ name }) => name)).toEqual(['e2', 'e1']);
  });

  it('logs one merge, with their number and the oldest', () => {
    expect(story.merges()).toEqual([{ anonymousId: 'a', person: 'p', count: 2, oldest: seconds('-20 d') }]);
  });

  it('lets only the one of the last 72 hours trigger', () => {
    expect(story.triggering()).toEqual(['e2']);
  });

  it('starts the campaign of that one, and not of the other', () => {
    expect(story.engine.triggers()).toEqual([{ campaign: 'on e2', person: 'p', messageId: story.event('e2').messageId }]);
  });

  it('shows both in the identified tab, and leaves the anonymous one empty', () => {
    expect(story.activity({ tab: 'identified', person: 'p' }).map(({ type, name }) => name ?? type)).toEqual([
      'anon_merge',
      'identify',
      'e2',
      'e1',
    ]);
    expect(story.activity({ tab: 'anonymous' })).toEqual([]);
  });
});

describe('E2: 30 days before the identify', () => {
  it('an event exactly that old merges, one a millisecond older does not', () => {
    story.track('-30 d -1 ms', 'e0', { anonymousId: 'a' });
    story.track('-30 d', 'e1', { anonymousId: 'a' });
    story.identify('0:00', 'p', { anonymousId: 'a' });
    expect(story.eventsOf('p')).toEqual(['e1']);
  });
});

describe('E3: 5 minutes after the identify', () => {
  beforeEach(() => {
    story.track('-1 h', 'e1', { anonymousId: 'a' });
    story.identify('0:00', 'p', { anonymousId: 'a' });
  });

  it('an event that arrives exactly then is attached and counted', () => {
    story.track('0:05:00.000', 'e3', { anonymousId: 'a' });
    expect(story.merges()).toEqual([{ anonymousId: 'a', person: 'p', count: 2, oldest: seconds('-1 h') }]);
  });

  it('an event that arrives a millisecond later stays anonymous', () => {
    story.track('0:05:00.001', 'e4', { anonymousId: 'a' });
    expect(story.event('e4').person).toBeUndefined();
  });

  it('says which event was late, so that it can be sent again', () => {
    const onTime = story.track('0:05:00.000', 'e3', { anonymousId: 'a' });
    const late = story.track('0:05:00.001', 'e4', { anonymousId: 'a' });
    expect([onTime, late]).toMatchObject([{ isLate: false }, { isLate: true }]);
  });

  it('does not ask again for an event that is too old to merge by any claim', () => {
    const late = story.track('0:06', 'e0', { anonymousId: 'a', timestamp: '-31 d' });
    expect(late).toMatchObject({ isLate: false });
  });
});

describe('E4: the same identify again, ten minutes later', () => {
  let again: ReturnType<Story['identify']>;
  beforeEach(() => {
    story.identify('0:00', 'p', { anonymousId: 'a' });
    story.track('0:05:00.001', 'e4', { anonymousId: 'a' });
    again = story.identify('0:10', 'p', { anonymousId: 'a' });
    story.track('0:11', 'e5', { anonymousId: 'a' });
  });

  it('neither fetches what was late nor opens the window again', () => {
    expect(story.eventsOf('p')).toEqual([]);
  });

  it('gives no warning', () => {
    expect(again).toMatchObject({ status: 'stored', warnings: [] });
  });

  it('is no failure', () => {
    expect(story.activity().map(({ type }) => type)).toEqual(['event', 'identify', 'event', 'identify']);
  });
});

describe('E5: a late event sent again under a new anonymous id, and identified', () => {
  beforeEach(() => {
    story.identify('0:00', 'p', { anonymousId: 'a' });
    story.track('0:05:00.001', 'e4', { anonymousId: 'a', messageId: 'm4' });
    story.track('0:20', 'e4 again', { anonymousId: 'a2', messageId: 'm4', timestamp: '0:05:00.001' });
    story.identify('0:21', 'p', { anonymousId: 'a2' });
  });

  it('joins the person', () => {
    expect(story.eventsOf('p')).toEqual(['e4 again']);
  });

  it('is a merge of its own, which counts it from when it happened', () => {
    expect(story.merges()).toEqual([{ anonymousId: 'a2', person: 'p', count: 1, oldest: seconds('0:05') }]);
  });

  it('leaves the old copy anonymous, until it expires', () => {
    expect(story.event('e4').person).toBeUndefined();
    story.purge(at('30 d 0:06'));
    expect(story.engine.events().map(({ name }) => name)).toEqual(['e4 again']);
  });

  it('leaves the person with both anonymous ids', () => {
    expect(story.person('p')!.anonymousIds).toEqual(['a', 'a2']);
  });
});

describe('E6: two people identify with one anonymous id', () => {
  let second: ReturnType<Story['identify']>;
  beforeEach(() => {
    story.identify('0:00', 'p', { anonymousId: 'a' });
    second = story.identify('0:01', 'q', { anonymousId: 'a', traits: { plan: 'pro' } });
    story.track('0:02', 'e', { anonymousId: 'a' });
  });

  it('leaves it with the first', () => {
    expect(story.event('e').person).toBe('p');
  });

  it("updates the second's other traits", () => {
    expect(story.person('q')!.traits).toEqual({ plan: 'pro' });
  });

  it('logs the failure with the second, without a word about the first', () => {
    const [failure] = story.activity({ person: 'q' });
    expect(failure).toMatchObject({ type: 'failed_attribute_change', attribute: 'anonymous_id', reason: 'claimed' });
    expect(Object.values(failure!)).not.toContain('p');
  });

  it('accepts the second with a warning', () => {
    expect(second).toMatchObject({ status: 'stored', warnings: ['anonymous_id_in_use'] });
  });
});

describe('E7: events on both sides of 72 hours', () => {
  beforeEach(() => {
    story.track('-73 h', 'e', { anonymousId: 'a' });
    story.track('-72 h', "e'", { anonymousId: 'a' });
    story.identify('0:00', 'p', { anonymousId: 'a' });
  });

  it('merge alike', () => {
    expect(story.eventsOf('p')).toEqual(['e', "e'"]);
  });

  it('trigger only up to exactly 72 hours', () => {
    expect(story.triggering()).toEqual(["e'"]);
    expect(story.engine.triggers().map(({ campaign }) => campaign)).toEqual(["on e'"]);
  });
});

describe('E8: an event of ten days ago that arrives within the late window', () => {
  beforeEach(() => {
    story.identify('0:00', 'p', { anonymousId: 'a' });
    story.track('0:03', 'e', { anonymousId: 'a', timestamp: '-10 d' });
  });

  it('merges', () => {
    expect(story.eventsOf('p')).toEqual(['e']);
  });

  it('does not trigger', () => {
    expect(story.triggering()).toEqual([]);
    expect(story.engine.triggers()).toEqual([]);
  });
});

describe('E9: an event of sixty days ago that arrived yesterday', () => {
  it('stays anonymous', () => {
    story.track('-1 d', 'e', { anonymousId: 'a', timestamp: '-60 d' });
    story.identify('0:00', 'p', { anonymousId: 'a' });
    expect(story.event('e').person).toBeUndefined();
  });
});

describe('E10: an event from three days in the future', () => {
  beforeEach(() => {
    story.track('-1 h', 'e', { anonymousId: 'a', timestamp: '3 d' });
    story.identify('0:00', 'p', { anonymousId: 'a' });
  });

  it('counts as happening when it was received', () => {
    expect(story.merges()).toEqual([{ anonymousId: 'a', person: 'p', count: 1, oldest: seconds('-1 h') }]);
  });

  it('triggers', () => {
    expect(story.triggering()).toEqual(['e']);
    expect(story.started('on e')).toEqual(['e']);
  });
});

describe('E11: an event that was overtaken by the identify', () => {
  it('is attached', () => {
    story.identify('0:00', 'p', { anonymousId: 'a' });
    story.track('0:02', 'e', { anonymousId: 'a', timestamp: '-1 min' });
    expect(story.eventsOf('p')).toEqual(['e']);
  });
});

describe('E12: an event that is delivered again after the identify', () => {
  let again: ReturnType<Story['track']>;
  beforeEach(() => {
    story.track('-1 h', 'e', { anonymousId: 'a', messageId: 'm1' });
    story.identify('0:00', 'p', { anonymousId: 'a' });
    again = story.track('0:01', 'e', { anonymousId: 'a', messageId: 'm1', timestamp: '-1 h' });
  });

  it('is there once', () => {
    expect(story.eventsOf('p')).toEqual(['e']);
  });

  it('counts once', () => {
    expect(story.merges()).toMatchObject([{ count: 1 }]);
  });

  it('is answered as a duplicate', () => {
    expect(again).toEqual({ messageId: 'm1', status: 'duplicate', isLate: false, warnings: [] });
  });
});

describe('E13: an identify while merging is off, and another when it is on', () => {
  beforeEach(() => {
    story = tell({ anonymousEventMerge: false });
    story.track('-1 d', 'e', { anonymousId: 'a' });
    story.identify('0:00', 'p', { anonymousId: 'a' });
  });

  it('the first updates the person and merges nothing', () => {
    expect(story.person('p')).toMatchObject({ anonymousIds: [], events: [] });
  });

  it('switching on merges nothing by itself', () => {
    story.settings({ anonymousEventMerge: true }, at('1:00'));
    expect(story.eventsOf('p')).toEqual([]);
  });

  it('the second merges', () => {
    story.settings({ anonymousEventMerge: true }, at('1:00'));
    story.identify('2:00', 'p', { anonymousId: 'a' });
    expect(story.merges()).toEqual([{ anonymousId: 'a', person: 'p', count: 1, oldest: seconds('-1 d') }]);
  });
});

describe('E14: a person who is merged into another while their late window is open', () => {
  beforeEach(() => {
    story.identify('-2 h', 'p', {});
    story.track('-1 h', 'old', { userId: 'q' });
    story.identify('0:00', 'q', { anonymousId: 'a' });
    story.mergePeople('p', 'q', at('0:01'));
    story.track('0:02', 'e', { anonymousId: 'a' });
  });

  it('gives everything to the primary', () => {
    expect(story.people().map(({ id }) => id)).toEqual(['p']);
    expect(story.eventsOf('p')).toEqual(['old', 'e']);
  });

  it('lets what came after it trigger, and not what was inherited', () => {
    expect(story.triggering()).toEqual(['e']);
    expect(story.engine.triggers()).toEqual([{ campaign: 'on e', person: 'p', messageId: story.event('e').messageId }]);
  });
});

describe('E15: a thousand visitors whose anonymous id is "null"', () => {
  let identified: ReturnType<Story['identify']>;
  beforeEach(() => {
    for (let visitor = 0; visitor < 1000; visitor++) story.track('-1 h', `e${visitor}`, { anonymousId: 'null' });
    identified = story.identify('0:00', 'p', { anonymousId: 'null' });
  });

  it('are not folded into one person', () => {
    expect(story.eventsOf('p')).toEqual([]);
  });

  it('are all kept', () => {
    expect(story.activity({ tab: 'anonymous' })).toHaveLength(1000);
  });

  it('leave the identify with one warning', () => {
    expect(identified).toMatchObject({ status: 'stored', warnings: ['bad_anonymous_id'] });
  });
});

describe("E16: a known person's event with an anonymous id, and another person's identify with the same", () => {
  beforeEach(() => {
    story.track('-1 h', 'e', { userId: 'p', anonymousId: 'a' });
    story.identify('0:00', 'q', { anonymousId: 'a' });
  });

  it('leaves the event with its person, as it always was', () => {
    expect(story.event('e')).toMatchObject({ person: 'p', previouslyAnonymous: false });
  });

  it('counts no merge', () => {
    expect(story.merges()).toEqual([]);
  });

  it('leaves the anonymous id to the one who identified', () => {
    expect(story.people()).toMatchObject([
      { id: 'p', anonymousIds: [] },
      { id: 'q', anonymousIds: ['a'] },
    ]);
  });
});
