// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { sortArguments, splitOptions } from '../../../src/client/arguments.js';
import type { JsonObject } from '../../../src/wire/index.js';

const PROPERTIES = { product: 'cool-shoes' };
const OPTIONS = { timestamp: 0 };
const callback = (): void => {};

describe('sortArguments', () => {
  describe('of a call that takes one text', () => {
    it.each([
      ['event', ['event'], ['event'], []],
      ['event, properties', ['event', PROPERTIES], ['event'], [PROPERTIES]],
      ['event, properties, options', ['event', PROPERTIES, OPTIONS], ['event'], [PROPERTIES, OPTIONS]],
      ['event, null, options', ['event', null, OPTIONS], ['event'], [null, OPTIONS]],
      ['event, undefined, options', ['event', undefined, OPTIONS], ['event'], [null, OPTIONS]],
      ['one object, options', [{ event: 'event' }, OPTIONS], [], [{ event: 'event' }, OPTIONS]],
      ['a number as id', [7, PROPERTIES], ['7'], [PROPERTIES]],
      ['0 as id', [0], ['0'], []],
      ['null, traits', [null, PROPERTIES], [], [PROPERTIES]],
      ['null, no traits, options', [null, null, OPTIONS], [], [null, OPTIONS]],
      ['nothing', [], [], []],
      ['text where properties belong', ['event', 'text'], ['event'], [null]],
      ['an array where properties belong', ['event', [1]], ['event'], [null]],
    ])('%s', (_, values, texts, objects) => {
      expect(sortArguments(values, 1)).toEqual({ texts, objects });
    });
  });

  describe('of a call that takes two texts', () => {
    it.each([
      ['category, name', ['Category', 'Name'], ['Category', 'Name'], []],
      ['category, name, properties, options', ['Category', 'Name', PROPERTIES, OPTIONS], ['Category', 'Name'], [PROPERTIES, OPTIONS]],
      ['name, properties', ['Name', PROPERTIES], ['Name'], [PROPERTIES]],
      ['name, no properties, options', ['Name', null, OPTIONS], ['Name'], [null, OPTIONS]],
      ['name, undefined, properties', ['Name', undefined, PROPERTIES], ['Name'], [PROPERTIES]],
      ['name, undefined, properties, options', ['Name', undefined, PROPERTIES, OPTIONS], ['Name'], [PROPERTIES, OPTIONS]],
      ['category, name, no properties, options', ['Category', 'Name', undefined, OPTIONS], ['Category', 'Name'], [null, OPTIONS]],
      ['null, name, properties', [null, 'Name', PROPERTIES], [null, 'Name'], [PROPERTIES]],
      ['null, properties', [null, PROPERTIES], [], [PROPERTIES]],
      ['properties, options', [PROPERTIES, OPTIONS], [], [PROPERTIES, OPTIONS]],
      ['nothing', [], [], []],
    ])('%s', (_, values, texts, objects) => {
      expect(sortArguments(values, 2)).toEqual({ texts, objects });
    });
  });

  it.each([
    [['event', callback]],
    [['event', PROPERTIES, callback]],
    [['event', PROPERTIES, OPTIONS, callback]],
    [[callback, 'event']],
    [['event', callback, PROPERTIES]],
  ])('finds a callback in any slot: %j', (values) => {
    const { callback: found, texts, objects } = sortArguments(values, 1);
    expect(found).toBe(callback);
    expect(texts).toEqual(['event']);
    expect(objects).toEqual(values.includes(PROPERTIES) ? [PROPERTIES, ...(values.includes(OPTIONS) ? [OPTIONS] : [])] : []);
  });
});

describe('splitOptions', () => {
  it('keeps what is about the message apart from what is about its circumstances', () => {
    const options = { integrations: { All: true }, anonymousId: 'a', userId: 'u', timestamp: 0, context: { ip: '1.2.3.4' } };
    expect(splitOptions(options)).toEqual({
      top: { integrations: { All: true }, anonymousId: 'a', userId: 'u', timestamp: 0 },
      context: { ip: '1.2.3.4' },
    });
  });

  it('moves every other key into the context, beside what is there', () => {
    expect(splitOptions({ context: { ip: '1.2.3.4' }, custom: 'x' }).context).toEqual({ ip: '1.2.3.4', custom: 'x' });
  });

  it('nests dotted keys', () => {
    expect(splitOptions({ 'device.os.name': 'Linux', 'device.os.version': 6 }).context).toEqual({ device: { os: { name: 'Linux', version: 6 } } });
  });

  it('reaches nobody\'s prototype', () => {
    splitOptions(JSON.parse('{"__proto__.polluted":1,"constructor.prototype.polluted":1,"a.__proto__.polluted":1}') as JsonObject);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect((Object as { polluted?: number }).polluted).toBeUndefined();
  });

  it.each([null, undefined, {}])('says nothing for %j', (options) => {
    expect(splitOptions(options)).toEqual({ top: {}, context: {} });
  });

  it.each(['text', 7, null, ['a']])('ignores a context that is %j', (context) => {
    expect(splitOptions({ context } as never)).toEqual({ top: {}, context: {} });
  });
});
