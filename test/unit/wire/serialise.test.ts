import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plain, serialise } from '../../../src/wire/serialise.js';
import { MESSAGE_BYTES, type JsonObject } from '../../../src/wire/index.js';

const WHO = { type: 'track', messageId: 'm-1', timestamp: '2026-01-01T00:00:00.000Z', anonymousId: 'visitor', userId: 'ada', integrations: {}, event: 'addedToCart' };
const CONTEXT = { page: { path: '/', url: 'https://shop.example/' }, library: { name: 'hitherto', version: '0' } };

/** What becomes of a message with these properties: how many bytes, and what a collector reads. */
function sent(properties: unknown, about: JsonObject = {}): { bytes: number; message: JsonObject } {
  const text = serialise({ ...WHO, ...about, properties, context: CONTEXT });
  return { bytes: new TextEncoder().encode(text).length, message: JSON.parse(text) as JsonObject };
}

/** How many bytes a message with these properties takes, once it says who and what, whatever they are. */
function bytesOf(properties: unknown, about: JsonObject = {}): number {
  const { bytes, message } = sent(properties, about);
  expect(message).toMatchObject({ ...WHO, ...about });
  return bytes;
}

const propertiesOf = (properties: unknown): JsonObject => sent(properties).message['properties'] as JsonObject;

describe('serialise', () => {
  it('is JSON, as JSON.stringify has it, for everything that JSON can say', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const message = { ...WHO, properties: { value } };
        expect(serialise(message)).toBe(JSON.stringify(message));
      }),
    );
  });

  it('writes dates as ISO text, and drops what is undefined, a function or a symbol', () => {
    expect(propertiesOf({ at: new Date(0), no: undefined, fn() {}, symbol: Symbol('x'), null: null, nan: NaN, endless: Infinity })).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      null: null,
      nan: null,
      endless: null,
    });
  });

  it('writes a Map and a Set as JSON does: as nothing', () => {
    expect(propertiesOf({ map: new Map([['a', 1]]), set: new Set([1]) })).toEqual({ map: {}, set: {} });
  });

  it('leaves out a circle, and keeps what stands beside it', () => {
    const circle: JsonObject = { product: 'cool-shoes' };
    circle['self'] = circle;
    expect(bytesOf(circle)).toBeLessThanOrEqual(MESSAGE_BYTES);
    expect(propertiesOf({ circle })).toEqual({ circle: { product: 'cool-shoes', self: '[circular]' } });
    const list: unknown[] = [1];
    list.push({ list });
    expect(propertiesOf({ list })).toEqual({ list: [1, { list: '[circular]' }] });
  });

  it('writes what is there twice twice, though it is no tree', () => {
    const shared = { product: 'cool-shoes' };
    expect(propertiesOf({ shared, again: [shared], big: 1n })).toEqual({ shared, again: [shared], big: '1' });
  });

  it('writes a BigInt as text', () => {
    expect(propertiesOf({ price: 12_345_678_901_234_567_890n, product: 'cool-shoes' })).toEqual({ price: '12345678901234567890', product: 'cool-shoes' });
  });

  it('marks a getter that throws, and keeps what stands beside it', () => {
    const properties = {
      product: 'cool-shoes',
      get price(): number {
        throw new Error('of the page');
      },
    };
    expect(propertiesOf(properties)).toEqual({ product: 'cool-shoes', price: '[unreadable]' });
  });

  it('marks an object whose toJSON throws', () => {
    expect(propertiesOf({ broken: { toJSON: refuse }, product: 'cool-shoes' })).toEqual({ broken: '[unreadable]', product: 'cool-shoes' });
  });

  it.each([
    ['a toJSON that throws', { toJSON: refuse }],
    ['a revoked Proxy', revoked()],
  ])('keeps an event whose properties are %s, without them', (_, properties) => {
    expect(propertiesOf(properties)).toEqual({});
  });

  it('asks a toJSON once, as JSON does, also one that gives itself', () => {
    const itself: JsonObject = { big: 1n };
    itself['toJSON'] = () => itself;
    expect(propertiesOf({ itself })).toEqual({ itself: { big: '1' } });
    expect(propertiesOf({ nested: { toJSON: () => ({ toJSON: () => 1, big: 1n }) } })).toEqual({ nested: { big: '1' } });
  });

  it('is not led on by a toJSON that gives more and more', () => {
    const more = (): JsonObject => ({ big: 1n, more: { toJSON: more } });
    expect(JSON.stringify(propertiesOf(more()))).toContain('[cut]');
  });

  it.each([
    ['that refuses everything', new Proxy({}, { get: refuse, ownKeys: refuse, has: refuse, getOwnPropertyDescriptor: refuse })],
    ['that was revoked', revoked()],
  ])('marks a Proxy %s', (_, proxy) => {
    expect(propertiesOf({ proxy, product: 'cool-shoes' })).toEqual({ proxy: '[unreadable]', product: 'cool-shoes' });
  });

  it('takes an element of the page', () => {
    const element = document.createElement('button') as HTMLElement & { self?: unknown };
    element.self = element;
    expect(bytesOf({ element })).toBeLessThanOrEqual(MESSAGE_BYTES);
    expect(bytesOf({ window })).toBeLessThanOrEqual(MESSAGE_BYTES);
  });

  it('keeps the beginning of a 10 MB text, and marks the cut', () => {
    expect(bytesOf({ text: 'x'.repeat(10_000_000) })).toBeLessThanOrEqual(MESSAGE_BYTES);
    const { text } = propertiesOf({ text: 'x'.repeat(10_000_000) }) as { text: string };
    expect(text).toMatch(/^x{16000,}\[cut\]$/);
  });

  it.each([
    ['a text', { text: 'x'.repeat(40_000) }],
    ['a text that begins with what takes six times the room', { text: '\u0000'.repeat(1_000) + 'x'.repeat(40_000) }],
    ['numbers', { list: Array.from({ length: 20_000 }, (_, i) => i % 10) }],
    ['booleans', { list: Array.from({ length: 20_000 }, () => true) }],
    ['short texts', { list: Array.from({ length: 20_000 }, () => 'x') }],
    ['short keys', Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, 1]))],
  ])('uses the room that there is for %s', (_, properties) => {
    expect(JSON.stringify(propertiesOf(properties)).length).toBeGreaterThan(0.9 * (MESSAGE_BYTES / 2));
  });

  it('stays within its bytes for texts that grow when they are written', () => {
    expect(bytesOf({ text: '\u0000'.repeat(10_000_000) })).toBeLessThanOrEqual(MESSAGE_BYTES);
    expect(bytesOf({ text: '€'.repeat(11_000) })).toBeLessThanOrEqual(MESSAGE_BYTES);
    expect(bytesOf({ text: '👍'.repeat(100_000) })).toBeLessThanOrEqual(MESSAGE_BYTES);
    expect(bytesOf({ text: '\ud800'.repeat(100_000) })).toBeLessThanOrEqual(MESSAGE_BYTES);
  });

  it('cuts what is 100,000 levels deep', () => {
    let deep: unknown = 'bottom';
    for (let i = 0; i < 100_000; i++) deep = i % 2 ? [deep] : { deep };
    expect(bytesOf({ deep, product: 'cool-shoes' })).toBeLessThanOrEqual(MESSAGE_BYTES);
    expect(JSON.stringify(propertiesOf({ deep, product: 'cool-shoes' }))).toContain('[cut]');
  });

  it.each([
    ['numbers', () => -1.234_567_890_123_456_7e-100],
    ['booleans', () => false],
    ['nulls', () => null],
    ['texts', () => ''],
    ['empty objects', () => ({})],
    ['empty arrays', () => []],
    ['unreadable things', () => revoked()],
    ['undefined', () => undefined],
  ])('cuts a list of a million %s', (_, make) => {
    const item = make();
    expect(bytesOf({ list: Array.from({ length: 1_000_000 }, () => item), big: 1n })).toBeLessThanOrEqual(MESSAGE_BYTES);
  });

  it('stays within its bytes though everything in it is too much', () => {
    const numbers = Array.from({ length: 10_000 }, () => -1.234_567_890_123_456_7e-100);
    const text = serialise({ ...WHO, integrations: { numbers }, properties: { numbers }, context: { numbers } });
    expect(new TextEncoder().encode(text).length).toBeLessThanOrEqual(MESSAGE_BYTES);
  });

  it('cuts a list with a million holes', () => {
    // oxlint-disable-next-line unicorn/no-new-array -- holes are what this is about
    expect(bytesOf({ list: new Array(1_000_000), big: 1n })).toBeLessThanOrEqual(MESSAGE_BYTES);
  });

  it('cuts an object of a hundred thousand keys, and marks it', () => {
    const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`key${i}`, i]));
    expect(bytesOf(wide)).toBeLessThanOrEqual(MESSAGE_BYTES);
    expect(propertiesOf(wide)).toMatchObject({ key0: 0, key1: 1, '[cut]': true });
  });

  it('cuts keys as long as a book', () => {
    expect(bytesOf({ product: 'cool-shoes', ['k'.repeat(10_000_000)]: 1 })).toBeLessThanOrEqual(MESSAGE_BYTES);
    expect(bytesOf({ ['\u0001'.repeat(6_000)]: 1, big: 1n })).toBeLessThanOrEqual(MESSAGE_BYTES);
    expect(bytesOf({ ['\u0001'.repeat(6_000)]: 1, text: 'x'.repeat(40_000) })).toBeLessThanOrEqual(MESSAGE_BYTES);
  });

  it('keeps who and what beside integrations and names that are out of bounds', () => {
    const integrations = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`integration ${i}`, true]));
    const text = serialise({ ...WHO, integrations, groupId: 'acme', previousId: 'before', properties: {}, context: CONTEXT });
    expect(JSON.parse(text)).toMatchObject({ ...WHO, integrations: { 'integration 0': true }, groupId: 'acme', previousId: 'before' });
    expect(new TextEncoder().encode(text).length).toBeLessThanOrEqual(MESSAGE_BYTES);
  });

  it('keeps the longest ids that a collector takes', () => {
    expect(bytesOf({ text: 'x'.repeat(100_000) }, { anonymousId: 'a'.repeat(255), userId: 'u'.repeat(150), messageId: 'm'.repeat(100) })).toBeLessThanOrEqual(MESSAGE_BYTES);
  });

  it('keeps a key that names the prototype as a key like any other', () => {
    const text = serialise({ ...WHO, properties: JSON.parse('{"__proto__":{"polluted":true},"big":0}') as JsonObject, context: { long: 'x'.repeat(40_000) } });
    expect(text).toContain('"__proto__":{"polluted":true}');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('never throws, and never says more than 32 KB, whatever a page makes up', () => {
    const scalars = fc.oneof(fc.string({ unit: 'binary', maxLength: 3_000 }), fc.bigInt(), fc.double(), fc.constant(undefined), fc.constant(Symbol('s')), fc.date());
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        scalars,
        fc.array(tie('tree'), { maxLength: 30 }),
        fc.dictionary(fc.string({ maxLength: 300 }), tie('tree'), { maxKeys: 30 }),
        tie('tree').map((value) => ({ toJSON: () => value })),
        fc.constantFrom({ toJSON: refuse }, document.createElement('a'), new Map(), () => {}),
      ),
    }));
    fc.assert(
      fc.property(tree, fc.nat({ max: 40_000 }), (value, padding) => {
        expect(bytesOf({ value, padding: '€'.repeat(padding) })).toBeLessThanOrEqual(MESSAGE_BYTES);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a page that has changed what it runs on', () => {
  const spoiled = (prototype: object, work: () => void): void => {
    Object.defineProperty(prototype, 'toJSON', { value: () => 'spoiled', configurable: true, writable: true });
    try {
      work();
    } finally {
      delete (prototype as { toJSON?: unknown }).toJSON;
    }
  };
  const message = { type: 'track', event: 'a', properties: { list: [1, { deep: [2] }], at: new Date(0) }, context: { page: { path: '/' } }, integrations: {} };

  it.each([['arrays', Array.prototype], ['all objects', Object.prototype]])('is read as it is, though %s have a toJSON', (_, prototype) => {
    const expected = JSON.parse(serialise(message)) as unknown;
    spoiled(prototype, () => expect(JSON.parse(serialise(message))).toEqual(expected));
  });

  it('and has put something else in the place of JSON.stringify, is not asked', () => {
    const { stringify } = JSON;
    JSON.stringify = () => 'spoiled';
    try {
      expect(serialise({ event: 'a' })).toBe('{"event":"a"}');
    } finally {
      JSON.stringify = stringify;
    }
  });
});

describe('plain', () => {
  it('is a copy that nobody else holds', () => {
    const address = { city: 'London' };
    const copy = plain({ address, since: new Date(0), no: undefined });
    expect(copy).toEqual({ address: { city: 'London' }, since: '1970-01-01T00:00:00.000Z' });
    expect(copy['address']).not.toBe(address);
  });

  it('says what can be said of what JSON cannot', () => {
    const circle: JsonObject = { plan: 'pro' };
    circle['self'] = circle;
    expect(plain(circle)).toMatchObject({ plan: 'pro' });
  });

  it.each([
    ['a Date', new Date(0)],
    ['a toJSON that gives nothing', { toJSON() {} }],
    ['a toJSON that gives text', { toJSON: () => 'text' }],
    ['a toJSON that gives a list', { toJSON: () => [1] }],
    ['a revoked Proxy', revoked()],
  ])('is empty for %s', (_, value) => {
    expect(plain(value as unknown as JsonObject)).toEqual({});
  });
});

function refuse(): never {
  throw new Error('of the page');
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
