import { type as ark } from 'arktype';
import * as v from 'valibot';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { isDevelopment } from '../../../src/client/development.js';
import { validate, type EventSchemas, type StandardSchema } from '../../../src/client/events.js';
import { createReport, type ClientError } from '../../../src/client/report.js';
import type { JsonObject } from '../../../src/wire/index.js';

let told: ClientError[];

beforeEach(() => {
  told = [];
  vi.spyOn(console, 'error').mockImplementation(() => {});
});

async function check(schemas: EventSchemas, event: string, properties: JsonObject): Promise<ClientError | undefined> {
  await validate(schemas, event, properties, createReport((error) => told.push(error)));
  expect(told.length).toBeLessThan(2);
  return told[0];
}

function handMade(answer: () => unknown): StandardSchema {
  return { '~standard': { version: 1, vendor: 'hand', validate: answer as StandardSchema['~standard']['validate'] } };
}

describe('an event that has a schema', () => {
  it.each<[string, StandardSchema]>([
    ['zod', z.object({ product: z.string() })],
    ['valibot', v.object({ product: v.string() })],
    ['arktype', ark({ product: 'string' })],
  ])('is as %s says, or one line tells what is wrong, and where', async (_, schema) => {
    expect(await check({ added: schema }, 'added', { product: 'cool-shoes' })).toBeUndefined();
    const error = await check({ added: schema }, 'added', { product: 7 });
    expect(error).toMatchObject({ code: 'invalid_event' });
    expect(error!.message).toMatch(/track\("added"\): product: .*sent as it is/);
  });

  it('may be checked in a while', async () => {
    const error = await check({ added: handMade(async () => ({ issues: [{ message: 'too dear', path: ['items', { key: 0 }, 'price'] }] })) }, 'added', {});
    expect(error!.message).toContain('items.0.price: too dear');
  });

  it.each<[string, () => unknown]>([
    ['throws', () => { throw new Error('of the schema'); }],
    ['rejects', () => Promise.reject(new Error('of the schema'))],
  ])('is sent though the schema %s', async (_, answer) => {
    expect(await check({ added: handMade(answer) }, 'added', {})).toMatchObject({ code: 'schema_failed' });
  });
});

describe('an event that has none', () => {
  it.each(['aded', 'toString', '__proto__'])('is told with the names of those that have: %s', async (event) => {
    const error = await check({ added: handMade(() => ({ value: 1 })) }, event, {});
    expect(error).toMatchObject({ code: 'unknown_event' });
    expect(error!.message).toContain('(added)');
  });
});

describe('a page in development', () => {
  it.each([
    ['http://localhost:5173/', true],
    ['http://127.0.0.1/', true],
    ['http://[::1]:8080/', true],
    ['http://shop.localhost/', true],
    ['https://shop.example/', false],
    ['https://localhost.example/', false],
  ])('%s: %s', (url, expected) => {
    vi.stubGlobal('location', new URL(url));
    expect(isDevelopment()).toBe(expected);
    vi.unstubAllGlobals();
  });
});
