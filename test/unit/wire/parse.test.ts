import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMessage, utf8Bytes, type AcceptedMessage, type ParsedMessage } from '../../../src/wire/index.js';
import { MESSAGE_TYPES } from '../../../src/wire/message.js';

const TRACK = { type: 'track', messageId: 'm', anonymousId: 'a', event: 'addedToCart' };

describe('parseMessage accepts', () => {
  it.each([
    ['a track', TRACK],
    ['a page', { type: 'page', messageId: 'm', anonymousId: 'a' }],
    ['a screen', { type: 'screen', messageId: 'm', userId: 'p' }],
    ['an identify', { type: 'identify', messageId: 'm', userId: 'p', anonymousId: 'a', traits: {} }],
    ['an identify that names its person by email', { type: 'identify', messageId: 'm', traits: { email: 'ada@example.com' } }],
    ['a group', { type: 'group', messageId: 'm', userId: 'p', groupId: 'g' }],
    ['an alias', { type: 'alias', messageId: 'm', userId: 'p', previousId: 'a' }],
    ['null for every object', { ...TRACK, properties: null, traits: null, context: null }],
    ['fields it does not know', { ...TRACK, _metadata: { bundled: [] } }],
  ])('%s, as it is', (_, message) => {
    expect(parse(message).message).toBe(message);
  });

  it('a blank anonymousId, as it came', () => {
    expect(parse({ ...TRACK, anonymousId: ' ' }).message).toMatchObject({ anonymousId: ' ' });
  });

  it('null for an anonymousId, as a blank one', () => {
    expect(parse({ ...TRACK, anonymousId: null }).message).toMatchObject({ anonymousId: '' });
  });
});

describe('parseMessage tidies', () => {
  it.each([undefined, null, '', ' \t'])('gives a message an id when its own is %j', (messageId) => {
    expect(parse({ ...TRACK, messageId }).message).toMatchObject({ messageId: 'spare' });
  });

  it.each([null, '', '  '])('a userId that is %j away', (userId) => {
    expect(parse({ ...TRACK, userId }).message).toEqual(TRACK);
  });

  it.each([
    ['messageId', TRACK],
    ['userId', TRACK],
    ['anonymousId', TRACK],
    ['groupId', { type: 'group', messageId: 'm', userId: 'p' }],
    ['previousId', { type: 'alias', messageId: 'm', userId: 'p' }],
  ])('a %s that is a number into text', (field, message) => {
    expect([0, -2.5].map((id) => parse({ ...message, [field]: id }).message)).toEqual([
      { ...message, [field]: '0' },
      { ...message, [field]: '-2.5' },
    ]);
  });

  it('a copy, never the message itself', () => {
    const message = Object.freeze({ ...TRACK, userId: null });
    expect(parse(message).message).not.toBe(message);
  });
});

describe('parseMessage refuses', () => {
  it.each([
    ['nothing', undefined, 'not_an_object'],
    ['null', null, 'not_an_object'],
    ['text', 'track', 'not_an_object'],
    ['an array', [TRACK], 'not_an_object'],
    ['a function', () => TRACK, 'not_an_object'],
    ['a message without a type', { ...TRACK, type: undefined }, 'unknown_type'],
    ['a type in capitals', { ...TRACK, type: 'Track' }, 'unknown_type'],
    ['a type that every object has', { ...TRACK, type: 'toString' }, 'unknown_type'],
    ['a type that is an object', { ...TRACK, type: {} }, 'unknown_type'],
    ['a messageId that is an object', { ...TRACK, messageId: {} }, 'bad_message_id'],
    ['a messageId that is true', { ...TRACK, messageId: true }, 'bad_message_id'],
    ['a userId that is an object', { ...TRACK, userId: {} }, 'bad_user_id'],
    ['a userId that is NaN', { ...TRACK, userId: NaN }, 'bad_user_id'],
    ['a userId that is false', { ...TRACK, userId: false }, 'bad_user_id'],
    ['an anonymousId that is an array', { ...TRACK, anonymousId: [] }, 'bad_anonymous_id'],
    ['an anonymousId that is a symbol', { ...TRACK, anonymousId: Symbol('a') }, 'bad_anonymous_id'],
    ['properties that are text', { ...TRACK, properties: 'shoes' }, 'bad_properties'],
    ['properties that are an array', { ...TRACK, properties: [] }, 'bad_properties'],
    ['traits that are a number', { ...TRACK, traits: 1 }, 'bad_traits'],
    ['a context that is true', { ...TRACK, context: true }, 'bad_context'],
    ['a message of nobody', { type: 'track', messageId: 'm', event: 'e' }, 'no_identity'],
    ['a message whose userId is blank and its only id', { type: 'page', messageId: 'm', userId: ' ' }, 'no_identity'],
    ['a track that names its person by email only', { type: 'track', messageId: 'm', event: 'e', traits: { email: 'ada@example.com' } }, 'no_identity'],
    ['an identify with a blank email', { type: 'identify', messageId: 'm', traits: { email: ' ' } }, 'no_identity'],
    ['a track without an event', { ...TRACK, event: undefined }, 'no_event'],
    ['a track with a blank event', { ...TRACK, event: ' ' }, 'no_event'],
    ['a track whose event is a number', { ...TRACK, event: 1 }, 'no_event'],
    ['a group without a groupId', { type: 'group', messageId: 'm', userId: 'p' }, 'no_group_id'],
    ['a group with a blank groupId', { type: 'group', messageId: 'm', userId: 'p', groupId: '' }, 'no_group_id'],
    ['a group whose groupId is an object', { type: 'group', messageId: 'm', userId: 'p', groupId: {} }, 'no_group_id'],
    ['an alias whose previousId is an object', { type: 'alias', messageId: 'm', userId: 'p', previousId: {} }, 'bad_previous_id'],
  ])('%s', (_, value, code) => {
    expect(parse(value).fault).toMatchObject({ code, message: expect.stringMatching(/^[A-Za-z].*\S.*\.$|.*".*"/s) });
  });

  it('with the wrong type in its sentence, cut to a readable length', () => {
    expect(parse({ ...TRACK, type: 'x'.repeat(10_000) }).fault!.message).toHaveLength(
      parse({ ...TRACK, type: 'x'.repeat(40) }).fault!.message.length,
    );
  });
});

describe('parseMessage, at its limits', () => {
  it('takes a messageId of 100 characters and refuses one of 101', () => {
    expect([code({ ...TRACK, messageId: 'é'.repeat(100) }), code({ ...TRACK, messageId: 'é'.repeat(101) })]).toEqual([undefined, 'bad_message_id']);
  });

  it('takes an anonymousId of 255 characters and refuses one of 256', () => {
    expect([code({ ...TRACK, anonymousId: 'é'.repeat(255) }), code({ ...TRACK, anonymousId: 'é'.repeat(256) })]).toEqual([
      undefined,
      'bad_anonymous_id',
    ]);
  });

  it.each([
    ['of one byte a character', 'x'],
    ['of two', 'é'],
    ['of three', '語'],
  ])('takes a userId of 150 bytes and refuses one of 151: letters %s', (_, letter) => {
    const longest = letter.repeat(150 / utf8Bytes(letter));
    expect([code({ ...TRACK, userId: longest }), code({ ...TRACK, userId: `${longest}x` })]).toEqual([undefined, 'bad_user_id']);
  });
});

describe('parseMessage, before a hostile sender', () => {
  it('takes no field from a prototype that came over the wire', () => {
    const message = JSON.parse('{ "type": "track", "event": "e", "anonymousId": "a", "__proto__": { "userId": "admin", "messageId": "m" } }') as unknown;
    expect(parse(message).message).toMatchObject({ messageId: 'spare', anonymousId: 'a' });
    expect(parse(message).message!.userId).toBeUndefined();
  });

  it('does not change what all objects inherit', () => {
    parse(JSON.parse('{ "type": "track", "event": "e", "userId": null, "anonymousId": "a", "__proto__": { "polluted": true } }'));
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each(['type', 'messageId', 'userId', 'anonymousId', 'event', 'properties', 'traits', 'context'])('refuses a message whose %s throws when it is read', (field) => {
    const message = Object.defineProperty({ ...TRACK }, field, {
      get() {
        throw new Error('no');
      },
    });
    expect(code(message)).toBe('unreadable');
  });

  it('refuses a proxy that was revoked', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(code(proxy)).toBe('unreadable');
  });

  const scraps = fc.oneof(fc.constantFrom(...MESSAGE_TYPES, 'a', '', ' ', 0, NaN, null, undefined), fc.anything(), fc.string({ maxLength: 300, size: 'max' }));
  const anything = fc.oneof(
    fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withObjectString: true, withSparseArray: true }),
    fc.record(
      {
        type: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...MESSAGE_TYPES) }, scraps),
        messageId: scraps,
        userId: scraps,
        anonymousId: scraps,
        groupId: scraps,
        previousId: scraps,
        event: scraps,
        properties: fc.oneof(fc.constant({}), scraps),
        traits: fc.oneof(fc.constant({}), scraps),
      },
      { requiredKeys: ['type'] },
    ),
  );

  it('accepts or refuses, and never throws, whatever arrives', () => {
    fc.assert(
      fc.property(anything, (value) => {
        const { message, fault } = parse(value);
        expect(message === undefined).toBe(fault !== undefined);
      }),
      { numRuns: 2000 },
    );
  });

  it('lets nothing past that its type does not allow, whatever arrives', () => {
    fc.assert(
      fc.property(anything, (value) => {
        const { message } = parse(value);
        if (message) expect(misfits(message)).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });
});

function parse(value: unknown): ParsedMessage {
  return parseMessage(value, () => 'spare');
}

function code(value: unknown): string | undefined {
  return parse(value).fault?.code;
}

/** The fields of an accepted message that are not what everything behind the door takes them for. */
function misfits(message: AcceptedMessage): string[] {
  const { type, messageId, userId, anonymousId, groupId, event } = message;
  const isText = (value: unknown): value is string => typeof value === 'string';
  const isFilled = (value: unknown): boolean => isText(value) && value.trim() !== '';
  const facts: Record<string, boolean> = {
    type: MESSAGE_TYPES.includes(type),
    messageId: isFilled(messageId) && messageId.length <= 100,
    userId: userId === undefined || (isFilled(userId) && new TextEncoder().encode(userId).length <= 150),
    anonymousId: anonymousId === undefined || (isText(anonymousId) && anonymousId.length <= 255),
    groupId: type !== 'group' || isFilled(groupId),
    event: type !== 'track' || isFilled(event),
  };
  return Object.keys(facts).filter((fact) => !facts[fact]);
}
