import { once } from 'node:events';
import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';

/** What an event is known by, whoever sends it and however: ids look like `ev_7_42_`. */
const ID = /ev_\d+_\d+_/;

/**
 * A collector that counts, and fails in the way it is told.
 *
 * `mode`: `ok`; `down` (it hangs up on everybody); `hang` (it never answers); `lost` (it takes, and hangs up before it
 * has answered); a status, such as 503, or `{ status, headers, body }`.
 */
export async function startCollector() {
  const received = new Map();
  const collector = { mode: 'ok', requests: 0, bytes: 0, refused: 0, firstAt: undefined, received };
  const server = createServer(async (request, response) => {
    const cors = corsFor(request);
    if (collector.mode === 'down') {
      collector.refused++;
      return request.socket.destroy();
    }
    if (request.method === 'OPTIONS') return response.writeHead(204, cors).end();
    const chunks = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      // The page went away in the midst of it: nothing was received.
      return undefined;
    }
    const { mode } = collector;
    if (mode === 'hang') return undefined;
    const answer = typeof mode === 'number' ? { status: mode } : mode;
    if (typeof answer === 'object') {
      collector.refused++;
      return response.writeHead(answer.status, { ...cors, ...answer.headers }).end(answer.body);
    }
    const body = Buffer.concat(chunks);
    const messages = messagesIn(textOf(body));
    for (const [id, messageId] of messages) received.set(id, [...(received.get(id) ?? []), messageId]);
    if (messages.length > 0) {
      collector.firstAt ??= performance.now();
      collector.requests++;
      collector.bytes += body.length;
    }
    if (mode === 'lost') return request.socket.destroy();
    return response.writeHead(200, { ...cors, 'Content-Type': 'application/json' }).end('{"success":true}');
  });
  collector.url = await listen(server);
  collector.stop = () => stop(server);
  return collector;
}

/** Pages of one origin, each a function of its address. */
export async function startPages(pageAt) {
  const server = createServer((request, response) => {
    const { type = 'text/html; charset=utf-8', body } = pageAt(new URL(request.url, 'http://localhost'));
    response.writeHead(200, { 'Content-Type': type }).end(body);
  });
  const url = await listen(server);
  return { url, stop: () => stop(server) };
}

/** Each event's id, and the id that its sender gave the message: who sends it twice under one id lets a collector know. */
function messagesIn(text) {
  const found = [];
  try {
    visit(JSON.parse(text));
  } catch {
    // Not JSON, or not events.
  }
  return found;

  function visit(value) {
    if (typeof value !== 'object' || value === null) return;
    const messageId = value.messageId ?? value.eid ?? value.uuid ?? value.properties?.$insert_id;
    const [id] = messageId === undefined ? [] : (JSON.stringify(value).match(ID) ?? []);
    if (id) found.push([id, messageId]);
    else for (const part of Object.values(value)) visit(part);
  }
}

/** Whoever asks may, also with credentials: some clients send them. */
function corsFor({ headers }) {
  return {
    'Access-Control-Allow-Origin': headers.origin ?? '*',
    'Access-Control-Allow-Credentials': 'true',
    'Access-Control-Allow-Headers': headers['access-control-request-headers'] ?? '*',
    'Access-Control-Allow-Methods': 'GET, POST, OPTIONS',
  };
}

/** Plain, gzip, or a form with base64 in it: clients differ. */
function textOf(body) {
  const plain = body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body).toString() : body.toString();
  const form = /^data=([^&]*)/.exec(plain)?.[1];
  return form === undefined ? plain : Buffer.from(decodeURIComponent(form), 'base64').toString();
}

async function listen(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${server.address().port}`;
}

async function stop(server) {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}
