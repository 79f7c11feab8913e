// The requests of Segment's cloud destination for Customer.io ("Customer.io (Actions)"), as it documents them: it runs at
// Segment, and the package it is in cannot be installed.
import { describe, expect, it } from 'vitest';
import { DAY, MINUTE, NOON } from '../messages.js';
import { SECRET_KEY, servedCollectors, type ServedCollector } from './collector.js';

const serve = servedCollectors();

async function send(collector: ServedCollector, method: string, path: string, json?: object): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${collector.url}/api${path}`, {
    method,
    headers: { 'Authorization': `Basic ${btoa(`site:${SECRET_KEY}`)}`, 'Content-Type': 'application/json' },
    ...(json && { body: JSON.stringify(json) }),
  });
  return { status: response.status, body: await response.json() };
}

describe('the cloud destination of Segment', () => {
  it('sends what a visitor does, and who they turn out to be', async () => {
    const collector = await serve();
    const visitor = { anonymous_id: 'segment-anonymous-id' };
    const fine = { status: 200, body: {} };
    const timestamp = Math.floor((NOON - 2 * DAY) / 1000);
    expect(await send(collector, 'POST', '/v2/entity', { type: 'person', action: 'page', name: '/pricing', attributes: {}, identifiers: visitor, timestamp })).toEqual(fine);
    expect(
      await send(collector, 'POST', '/v2/batch', {
        batch: [
          // Times that were unix seconds before stay what they were: text.
          { type: 'person', action: 'event', name: 'added_to_cart', id: 'segment-message-id', attributes: { product: 'shoes' }, identifiers: visitor, timestamp: `${timestamp}.5` },
          { type: 'person', action: 'screen', name: 'Cart', attributes: {}, identifiers: visitor },
          { type: 'person', action: 'identify', attributes: { email: 'ada@example.com', created_at: 1_700_000_000, ...visitor }, identifiers: { id: 'ada' } },
          { type: 'object', action: 'identify', attributes: { name: 'Acme' }, identifiers: { object_type_id: '1', object_id: 'acme' }, cio_relationships: [{ identifiers: { id: 'ada' } }] },
          { type: 'person', action: 'add_device', device: { token: 't', platform: 'ios', last_used: 1_700_000_000, attributes: {} }, identifiers: { id: 'ada' } },
        ],
      }),
    ).toEqual(fine);
    const { traits, events, anonymousIds } = await collector.person('ada');
    expect([traits, anonymousIds]).toEqual([{ email: 'ada@example.com', created_at: 1_700_000_000, ...visitor }, ['segment-anonymous-id']]);
    expect(events.map(({ name, occurredAt, previouslyAnonymous }) => [name, occurredAt, previouslyAnonymous])).toEqual([
      ['/pricing', NOON - 2 * DAY, true],
      ['added_to_cart', NOON - 2 * DAY + 500, true],
      ['Cart', NOON, true],
      ['Device Created or Updated', NOON, false],
    ]);
    expect(await collector.activity('&person=ada')).toContainEqual(expect.objectContaining({ type: 'group', name: 'acme' }));
  });

  it('goes by the place of what was refused, and by nothing else', async () => {
    const collector = await serve();
    const { status, body } = await send(collector, 'POST', '/v2/batch', {
      batch: [
        { type: 'person', action: 'event', name: 'First', identifiers: { id: 'ada' } },
        { type: 'person', action: 'event', name: 'Second' },
      ],
    });
    expect([status, body]).toEqual([207, { errors: [{ batch_index: 1, reason: 'required', field: 'identifiers', message: expect.any(String) }] }]);
    expect(await collector.activity()).toMatchObject([{ name: 'First' }]);
  });

  it('merges, suppresses and deletes people, and reports what became of deliveries', async () => {
    const collector = await serve();
    const about = (action: string, id: string) => send(collector, 'POST', '/v2/entity', { type: 'person', action, attributes: {}, identifiers: { id } });
    await about('identify', 'ada');
    await about('identify', 'old');
    await send(collector, 'POST', '/v2/entity', { type: 'person', action: 'merge', primary: { id: 'ada' }, secondary: { id: 'old' } });
    expect(await collector.person('old')).toMatchObject({ id: 'ada' });
    expect(await send(collector, 'POST', '/v1/metrics', { delivery_id: 'd', metric: 'clicked', timestamp: NOON / 1000, href: 'https://shop.example', metadata: { action_name: 'buy' } })).toMatchObject({ status: 200 });
    collector.time += MINUTE;
    await about('suppress', 'grace');
    expect(await send(collector, 'DELETE', '/v1/customers/ada')).toMatchObject({ status: 200 });
    await about('identify', 'grace');
    for (const id of ['ada', 'grace']) await expect(collector.person(id)).rejects.toThrow('404');
    expect((await collector.activity()).map(({ type, name }) => name ?? type)).toContain('Report Delivery Event');
  });
});
