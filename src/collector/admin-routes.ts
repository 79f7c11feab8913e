import { Hono } from 'hono';
import type { Ledger } from '../ledger/index.js';
import { createAdministrationApi } from './administration.js';
import { unlessKnown, wrongMethod } from './answers.js';
import { answerActivity, answerPeople, answerPerson, answerStanding, createAdminGate } from './api.js';
import { exportFrom } from './export.js';
import type { Live } from './live.js';
import type { Rates } from './rate.js';
import { createStats } from './stats.js';

export interface AdminOptions {
  ledger: Ledger;
  adminToken: string | undefined;
  now: () => number;
  live: Live;
  rates: Rates;
  /** Who asks, where the server says so. */
  addressOf(request: Request): string | undefined;
}

/** `/api/…`: what whoever has the admin token may read and do. No page of another origin may: there are no CORS headers here. */
export function createAdminRoutes({ ledger, adminToken, now, live, rates, addressOf }: AdminOptions): Hono {
  const gate = createAdminGate(adminToken, rates, addressOf);
  const administration = createAdministrationApi(ledger, now);
  const stats = createStats(ledger, now);
  const app = new Hono();

  app.use('*', async (c, next) => (await gate(c.req.raw)) ?? next());

  app.get('/activity', async (c) => unlessKnown(c.req.raw, await answerActivity(c.req.raw, ledger))).all(() => wrongMethod('GET'));
  app.get('/stream', (c) => live.stream(c.req.raw)).all(() => wrongMethod('GET'));
  app.get('/export', () => exportFrom(ledger)).all(() => wrongMethod('GET'));
  app.get('/people', (c) => answerPeople(c.req.raw, ledger)).all(() => wrongMethod('GET'));
  app.get('/people/:id/standing', (c) => answerStanding(c.req.param('id'), ledger, now())).all(() => wrongMethod('GET'));
  app.get('/stats', (c) => stats(c.req.raw)).all(() => wrongMethod('GET'));
  app.get('/people/:id', (c) => answerPerson(c.req.param('id'), ledger)).all(() => wrongMethod('GET'));
  app.post('/people/:id/erase', (c) => administration.erase(c.req.param('id'))).all(() => wrongMethod('POST'));
  app.post('/people/:id/merge', (c) => administration.mergePeople(c.req.raw, c.req.param('id'))).all(() => wrongMethod('POST'));
  app.post('/people/:id/suppress', (c) => administration.suppress(c.req.param('id'))).all(() => wrongMethod('POST'));
  app.post('/people/:id/unsuppress', (c) => administration.unsuppress(c.req.param('id'))).all(() => wrongMethod('POST'));
  app.post('/claims/:anonymousId/undo', (c) => administration.undo(c.req.param('anonymousId'))).all(() => wrongMethod('POST'));
  app.get('/explain/:messageId', (c) => administration.explain(c.req.raw, c.req.param('messageId'))).all(() => wrongMethod('GET'));
  app.get('/messages/:messageId', (c) => administration.message(c.req.raw, c.req.param('messageId'))).all(() => wrongMethod('GET'));
  app.get('/segments/:name', (c) => administration.segment(c.req.param('name'))).all(() => wrongMethod('GET'));
  app.get('/preview', (c) => administration.preview(c.req.raw)).all(() => wrongMethod('GET'));
  app
    .get('/settings', () => administration.readSettings())
    .put((c) => administration.changeSettings(c.req.raw))
    .all(() => wrongMethod('GET, PUT'));
  return app;
}
