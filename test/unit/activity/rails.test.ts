import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LANES, layRails, railsAt, type Rail } from '../../../src/activity/rails.js';
import type { Activity } from '../../../src/wire/index.js';

function railsOf(lines: Activity[], hasOlder: boolean): Rail[][] {
  const spans = layRails(lines, hasOlder);
  return lines.map((_, at) => railsAt(spans, at));
}

function event(anonymousId: string, previouslyAnonymous = true): Activity {
  return { type: 'event', at: 0, anonymousId, previouslyAnonymous };
}

function merge(anonymousId: string, count: number): Activity {
  return { type: 'anon_merge', at: 0, anonymousId, count };
}

describe('the rails of the log', () => {
  it('tie a merge to every event that joined through it, and to no other', () => {
    const lines = [merge('a', 2), event('b', false), event('a'), event('a')];
    expect(railsOf(lines, false)).toEqual([
      [{ lane: 0, part: 'open' }],
      [{ lane: 0, part: 'pass' }],
      [{ lane: 0, part: 'join' }],
      [{ lane: 0, part: 'end' }],
    ]);
  });

  it('begin above the merge at an event that joined late', () => {
    expect(railsOf([event('a'), merge('a', 2), event('a')], false).map(([rail]) => rail?.part)).toEqual(['open', 'join', 'end']);
  });

  it('run on to the bottom while some of the events are not loaded', () => {
    const lines = [merge('a', 5), event('a'), event('b', false)];
    expect(railsOf(lines, true).at(-1)).toEqual([{ lane: 0, part: 'pass' }]);
    expect(railsOf(lines, false).at(-1)).toEqual([]);
  });

  it('never share a lane, and are never more than fit', () => {
    const kinds = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const logs = fc.array(fc.tuple(kinds, fc.boolean()), { maxLength: 30 }).map((list) =>
      list.map(([id, isMerge]) => (isMerge ? merge(id, 3) : event(id))),
    );
    const isTidy = fc.property(logs, fc.boolean(), (lines, hasOlder) => {
      for (const rails of railsOf(lines, hasOlder)) {
        const lanes = rails.map(({ lane }) => lane);
        expect(new Set(lanes).size).toBe(lanes.length);
        for (const lane of lanes) expect(lane).toBeLessThan(LANES);
      }
    });
    fc.assert(isTidy);
  });
});
