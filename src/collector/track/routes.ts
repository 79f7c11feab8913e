import { Hono } from 'hono';
import type { JsonObject } from '../../wire/index.js';
import { json } from '../answers.js';
import { readBody } from '../body.js';
import { basicHalves, type Keys } from '../keys.js';
import type { SizeLimits } from '../limits.js';
import type { Meter } from '../meter.js';
import type { Rates } from '../rate.js';
import { NOT_STORED, RETRY_LATER, type Store } from '../store.js';
import { message, type TrackFault, type Translated } from './call.js';
import { deliveryCall, deviceCall, deviceDeletedCall, eventCall, NOBODY } from './calls.js';
import { entityCalls } from './entity.js';
import { perform } from './perform.js';
import { emailInPath, identifyOf, personInPath, textOf } from './who.js';

export interface TrackOptions {
  keys: Keys;
  store: Store;
  meter: Meter;
  rates: Rates;
  sizes: Required<SizeLimits>;
  /** Who asks, where the server says so. */
  addressOf(request: Request): string | undefined;
}

/**
 * The Track API, v1 and v2, as servers speak it: `/api/v1/…` and `/api/v2/…`, with a secret key in either half of Basic
 * authorization. A write key may only post events of visitors, since it is public.
 */
export function createTrackRoutes({ keys, store, meter, rates, sizes, addressOf }: TrackOptions): Hono {
  const app = new Hono().basePath('/api');

  app.use('/v1/*', async (c, next) => (await refuse(c.req.raw, c.req.path === '/api/v1/events', V1)) ?? next());
  app.use('/v2/*', async (c, next) => (await refuse(c.req.raw, false, V2)) ?? next());

  const customer = '/v1/customers/:id';
  app
    .put(customer, (c) => one(c.req.raw, (body) => about(c.req.param('id'), (userId) => ({ calls: [message(identifyOf({ userId }, body))] }))))
    .delete((c) => answer(commandOn(c.req.param('id'), 'delete')))
    .all(only('PUT, DELETE'));
  app.post(`${customer}/events`, (c) => one(c.req.raw, (body) => about(c.req.param('id'), (userId) => eventCall({ userId }, body)))).all(only('POST'));
  app.put(`${customer}/devices`, (c) => one(c.req.raw, (body) => about(c.req.param('id'), (userId) => deviceCall({ userId }, body)))).all(only('PUT'));
  app
    .delete(`${customer}/devices/:token`, async (c) => answer(await about(c.req.param('id'), (userId) => deviceDeletedCall({ userId }, c.req.param('token')))))
    .all(only('DELETE'));
  for (const kind of ['suppress', 'unsuppress'] as const) {
    app.post(`${customer}/${kind}`, (c) => answer(commandOn(c.req.param('id'), kind))).all(only('POST'));
  }
  app
    .post('/v1/events', (c) =>
      one(c.req.raw, (body) => {
        const anonymousId = textOf(body['anonymous_id']);
        return eventCall(anonymousId === undefined ? NOBODY : { anonymousId }, body);
      }),
    )
    .all(only('POST'));
  app.post('/v1/merge_customers', (c) => one(c.req.raw, (body) => entityCalls({ ...body, type: 'person', action: 'merge' }))).all(only('POST'));
  for (const path of ['/v1/metrics', '/v1/push/events']) {
    app.post(path, (c) => one(c.req.raw, deliveryCall)).all(only('POST'));
  }
  app.get('/v1/accounts/region', (c) => json(200, { url: new URL(c.req.url).host, data_center: 'us', environment_id: 1 })).all(only('GET'));

  app.post('/v2/entity', (c) => entity(c.req.raw)).all(only('POST', V2));
  app.post('/v2/batch', (c) => batch(c.req.raw)).all(only('POST', V2));
  app.all('/v1/*', () => json(404, V1(nowhere('The Track API has no such address here; people are at /api/v1/customers/ID.'))));
  app.all('/v2/*', () => json(404, V2(nowhere('Track v2 has two addresses: /api/v2/entity and /api/v2/batch.'))));
  return app;

  /** @returns the answer to whoever may not do this */
  async function refuse(request: Request, mayBeWriteKey: boolean, shape: Shape): Promise<Response | undefined> {
    const address = addressOf(request);
    const guesser = await rates.guesser(address);
    if (guesser) return guesser;
    let isPublic = false;
    for (const half of basicHalves(request)) {
      if (keys.isSecretKey(half)) return rates.key(half);
      if (keys.isWriteKey(half)) {
        if (mayBeWriteKey && request.method === 'POST') return rates.key(half);
        isPublic = true;
      }
    }
    meter.refused('unauthorized', 1);
    await rates.mistake(address);
    const sentence = isPublic
      ? 'This is the public write key; the Track API takes a secret key, except for POST /api/v1/events.'
      : 'Send a secret key as either half of Basic authorization, as in "site:SECRET".';
    return json(401, shape({ reason: 'invalid', field: 'authorization', code: 'unauthorized', message: sentence }), { 'WWW-Authenticate': 'Basic realm="hitherto"' });
  }

  async function one(request: Request, translate: (body: JsonObject) => Translated | Promise<Translated | undefined>): Promise<Response> {
    const { body, fault } = await readBody(request, sizes.messageBytes);
    if (fault) return refused({ ...fault, reason: 'invalid', field: 'body' }, V1, fault.status);
    return answer(await translate(body));
  }

  /**
   * A call about whoever is named in a path. An email there is an id, where somebody has it for one (RULES R21).
   *
   * @returns `undefined` when nobody can be looked for now
   */
  async function about(id: string, translate: (userId: string) => Translated): Promise<Translated | undefined> {
    const { person, fault } = personInPath(id);
    if (fault) return { fault };
    const email = emailInPath(person);
    const userId = email === undefined ? person : await store.nameMeantBy(person, email);
    return userId === undefined ? undefined : translate(userId);
  }

  async function answer(translated: Translated | undefined, shape: Shape = V1): Promise<Response> {
    if (!translated) return json(503, shape(LATER), RETRY_LATER);
    if (translated.fault) return refused(translated.fault, shape);
    const performed = await perform([translated.calls], store, sizes.messageBytes);
    if (!performed) return json(503, shape(LATER), RETRY_LATER);
    const [{ fault } = {}] = performed;
    return fault ? refused(fault, shape) : json(200, {});
  }

  function refused(fault: TrackFault, shape: Shape, status = 400): Response {
    meter.refused(fault.code, 1);
    return json(status, shape(fault));
  }

  async function entity(request: Request): Promise<Response> {
    const { body, fault } = await readBody(request, sizes.messageBytes);
    if (fault) return refused({ ...fault, reason: 'invalid', field: 'body' }, V2, fault.status);
    return answer(entityCalls(body), V2);
  }

  /** 200 when all of it is stored, 207 when some of it is refused, by its place in the batch. */
  async function batch(request: Request): Promise<Response> {
    const { body, fault } = await readBody(request, sizes.batchBytes);
    if (fault) return refused({ ...fault, reason: 'invalid', field: 'body' }, V2, fault.status);
    const items = body['batch'];
    if (!Array.isArray(items)) return refused({ reason: 'required', field: 'batch', code: 'no_batch', message: 'A batch is { "batch": [ … ] }, with the items in it.' }, V2);
    if (items.length > sizes.batchMessages) return refused({ reason: 'invalid', field: 'batch', code: 'too_many', message: `A batch has at most ${sizes.batchMessages} items; this one has ${items.length}.` }, V2);
    const translated = items.map(entityCalls);
    const performed = await perform(translated.map(({ calls }) => calls ?? []), store, sizes.messageBytes);
    if (!performed) return json(503, V2(LATER), RETRY_LATER);
    const errors = translated.flatMap(({ fault: own }, index) => {
      const found = own ?? performed[index]!.fault;
      return found ? { batch_index: index, ...found } : [];
    });
    for (const { code } of errors) meter.refused(code, 1);
    return errors.length > 0 ? json(207, { errors: errors.map(({ batch_index, reason, field, message }) => ({ batch_index, reason, field, message })) }) : json(200, {});
  }
}

/** How a fault is told. */
type Shape = (fault: TrackFault) => JsonObject;
const V1: Shape = ({ message }) => ({ meta: { errors: [message] } });
const V2: Shape = ({ reason, field, message }) => ({ errors: [{ reason, field, message }] });

const LATER: TrackFault = { ...NOT_STORED, reason: 'invalid', field: 'body' };

/** Something to do to whoever is named in a path: whom it means, the ledger finds out when it does it. */
function commandOn(id: string, kind: 'delete' | 'suppress' | 'unsuppress'): Translated {
  const { person, fault } = personInPath(id);
  return fault ? { fault } : { calls: [{ kind, person }] };
}

function only(allow: string, shape: Shape = V1): () => Response {
  return () => json(405, shape({ reason: 'invalid', field: 'method', code: 'wrong_method', message: `This address answers ${allow}.` }), { Allow: allow });
}

function nowhere(message: string): TrackFault {
  return { reason: 'invalid', field: 'path', code: 'not_found', message };
}
