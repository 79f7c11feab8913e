// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { outcomeOf, type Outcome } from '../../../src/outbox/outcome.js';

const HTML = '<!doctype html><title>Sign in to the network</title>';

/** The table, a row a test: status, body, what follows. */
const ROWS: [status: number, body: string, kind: Outcome['kind']][] = [
  [200, '', 'delivered'],
  [200, ' \n', 'delivered'],
  [200, '{}', 'delivered'],
  [200, '{"success":true}', 'delivered'],
  [204, '', 'delivered'],
  [200, '{"success":false}', 'retry'],
  [200, HTML, 'retry'],
  [200, 'ok', 'retry'],
  [0, '', 'retry'],
  [408, '', 'retry'],
  [425, '', 'retry'],
  [429, '', 'retry'],
  [500, '', 'retry'],
  [502, HTML, 'retry'],
  [503, '', 'retry'],
  [504, '', 'retry'],
  [599, '', 'retry'],
  [400, '', 'halve'],
  [413, HTML, 'halve'],
  [422, '', 'halve'],
  [401, '', 'park'],
  [403, '', 'park'],
  [301, '', 'park'],
  [404, HTML, 'park'],
  [405, '', 'park'],
  [501, '', 'park'],
  [505, '', 'park'],
];

describe('outcomeOf', () => {
  it.each(ROWS)('%i with body %j: %s', (status, body, kind) => {
    expect(outcomeOf({ status, body }).kind).toBe(kind);
  });

  it.each([200, 404])('says where an answer of %i comes from another server than a collector', (status) => {
    expect(outcomeOf({ status, body: HTML })).toMatchObject({ reason: `it answers ${status}, so this is not a collector's address` });
  });

  it('hands on the messages that the collector will never take', () => {
    const refused = [{ messageId: 'm1', index: 0, code: 'bad_user_id', message: 'userId is text' }];
    const body = JSON.stringify({ success: true, accepted: 1, refused, late: [] });
    expect(outcomeOf({ status: 200, body })).toMatchObject({ kind: 'delivered', refused });
  });

  it('believes no refusals but a list of objects', () => {
    expect(outcomeOf({ status: 200, body: '{"refused":"all"}' })).toMatchObject({ kind: 'delivered', refused: [] });
    expect(outcomeOf({ status: 200, body: '{"refused":[null,3]}' })).toMatchObject({ kind: 'delivered', refused: [] });
  });

  it('hands on the ids of those that came too late to merge, and whether the collector reads gzip', () => {
    const outcome = (body: unknown): Outcome => outcomeOf({ status: 200, body: JSON.stringify(body) });
    expect(outcome({ late: ['a', 'b'], gzip: true })).toEqual({ kind: 'delivered', refused: [], late: ['a', 'b'], gzip: true });
    expect(outcome({ late: ['a', 1, null], gzip: 'yes' })).toEqual({ kind: 'delivered', refused: [], late: ['a'], gzip: false });
    expect(outcome({ late: 'a' })).toMatchObject({ late: [] });
  });

  it('hands on how long the server wants to be left alone', () => {
    expect(outcomeOf({ status: 429, body: '', retryAfterMs: 7_000 })).toMatchObject({ kind: 'retry', retryAfterMs: 7_000 });
  });

  it.each([400, 401, 503])('says what is wrong with %i in the words of the collector', (status) => {
    expect(outcomeOf({ status, body: '{"message":"Unknown write key."}' })).toMatchObject({ reason: 'Unknown write key.' });
  });

  it.each([400, 403, 404, 503])('says the status %i where the collector gives no words', (status) => {
    expect(outcomeOf({ status, body: HTML })).toMatchObject({ reason: expect.stringContaining(String(status)) as string });
  });
});
