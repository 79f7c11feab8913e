import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEngine, type Message } from '../../../src/engine.js';
import { unusableId } from '../../../src/merge/anonymous-id.js';

const ANY_CASE = 'anonymous guest distinctid distinct_id id not_authenticated email undefined true false anonymousid'.split(' ');
const EXACT = ['[object Object]', 'NaN', 'None', 'none', 'null', '0', '-1'];
const ZEROS = ['-', '00', '0-0', '00000000-0000-0000-0000-000000000000'];
const PLACEHOLDERS = [...ANY_CASE, ...ANY_CASE.map((id) => id.toUpperCase()), ...ANY_CASE.map(capitalised), ...EXACT, ...ZEROS];

describe('an anonymous id is a placeholder', () => {
  it.each(PLACEHOLDERS)('when it is %s', (id) => {
    expect(unusableId(id)).toBe('bad_id');
  });

  it.each(PLACEHOLDERS)('when it is %s in double quotes', (id) => {
    expect(unusableId(`"${id}"`)).toBe('bad_id');
  });

  it.each(PLACEHOLDERS)('when it is %s in single quotes', (id) => {
    expect(unusableId(`'${id}'`)).toBe('bad_id');
  });

  it.each(PLACEHOLDERS)('when it is %s with white space around it', (id) => {
    expect(unusableId(`\t ${id}\n`)).toBe('bad_id');
  });

  it.each(['""', "''"])('when it is %s: quotes with nothing in them', (id) => {
    expect(unusableId(id)).toBe('bad_id');
  });
});

describe('an anonymous id is blank', () => {
  it.each([undefined, '', ' ', '\t\n', '\u00a0\ufeff'])('when it is %j', (id) => {
    expect(unusableId(id)).toBe('blank_id');
  });
});

describe('an anonymous id is usable', () => {
  it.each([
    'a',
    '1',
    '-2',
    '00000000-0000-0000-0000-000000000001',
    'NULL',
    'nan',
    'NONE',
    '[object object]',
    'guests',
    'my guest',
    '"guest\'',
    '"guest',
    'guest\nguest',
    '48d213bb-95c3-4f8d-af97-86b2b404dcfe',
  ])('when it is %j', (id) => {
    expect(unusableId(id)).toBeUndefined();
  });

  it('when it is any UUID but the one of zeros', () => {
    fc.assert(
      fc.property(fc.uuid(), (id) => {
        expect(unusableId(id)).toBeUndefined();
      }),
    );
  });

  it('up to 255 characters', () => {
    expect([unusableId('x'.repeat(255)), unusableId('x'.repeat(256))]).toEqual([undefined, 'bad_id']);
  });
});

describe('an anonymous id among the traits of an identify', () => {
  it('is claimed', () => {
    expect(claimedBy({ type: 'identify', userId: 'p', traits: { anonymous_id: 'a' } })).toEqual(['a']);
  });

  it('is claimed as text when it is a number', () => {
    expect(claimedBy({ type: 'identify', userId: 'p', traits: { anonymous_id: 7 } })).toEqual(['7']);
  });

  it("gives way to the message's own", () => {
    expect(claimedBy({ type: 'identify', userId: 'p', anonymousId: 'b', traits: { anonymous_id: 'a' } })).toEqual(['b']);
  });

  it("stands in for the message's own when that is blank", () => {
    expect(claimedBy({ type: 'identify', userId: 'p', anonymousId: ' ', traits: { anonymous_id: 'a' } })).toEqual(['a']);
  });

  it('is not claimed by a track', () => {
    expect(claimedBy({ type: 'track', event: 'e', userId: 'p', traits: { anonymous_id: 'a' } })).toEqual([]);
  });

  it.each(['null', 'x'.repeat(256)])('is not claimed, with a warning, when it is no usable id', (anonymous_id) => {
    const engine = createEngine();
    const [outcome] = engine.receive({ type: 'identify', userId: 'p', traits: { anonymous_id }, timestamp: 0 }, { receivedAt: 0 });
    expect([outcome, engine.person('p')]).toMatchObject([{ status: 'stored', warnings: ['bad_anonymous_id'] }, { anonymousIds: [] }]);
  });
});

describe('an alias', () => {
  it('claims its anonymous id when that is also its previous id', () => {
    expect(claimedBy({ type: 'alias', userId: 'p', anonymousId: 'a', previousId: 'a' })).toEqual(['a']);
  });

  it('claims it when both are the same number', () => {
    expect(claimedBy({ type: 'alias', userId: 'p', anonymousId: 7, previousId: 7 } as unknown as Message)).toEqual(['7']);
  });

  it('claims nothing when it joins two known people', () => {
    expect(claimedBy({ type: 'alias', userId: 'p', anonymousId: 'a', previousId: 'q' })).toEqual([]);
  });

  it('claims nothing without a previous id', () => {
    expect(claimedBy({ type: 'alias', userId: 'p', anonymousId: 'a' })).toEqual([]);
  });
});

function claimedBy(message: Message): string[] {
  const engine = createEngine();
  engine.receive(message, { receivedAt: 0 });
  return engine.person('p')!.anonymousIds;
}

function capitalised(id: string): string {
  return id.slice(0, 1).toUpperCase() + id.slice(1);
}
