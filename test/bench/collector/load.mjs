import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { messageTexts } from '../messages.mjs';

/** So many texts of ids are made at a time. */
const POOL_BYTES = 1 << 20;

/**
 * Requests of one size, each with new ids: what differs is written over the same bytes, since the machine that is measured makes
 * them too.
 */
export function createRequests(size) {
  const messages = messageTexts(size).map((text) => JSON.parse(text));
  const body = Buffer.from(JSON.stringify({ writeKey: 'demo', batch: messages, sentAt: new Date().toISOString() }));
  const messageIds = messages.map(({ messageId }) => body.indexOf(`"${messageId}"`) + 1);
  const visitors = messages.map(({ anonymousId }) => body.indexOf(`"${anonymousId}"`));
  const visitorIds = messages.map(({ anonymousId, messageId }) => body.indexOf(`"${anonymousId}"`, body.indexOf(`"${messageId}"`)) + 1);
  const takeId = createIds();

  /** The body of the next request; it is good until the one after it. */
  function nextBody() {
    let visitorId;
    messages.forEach((_, index) => {
      if (index === 0 || visitors[index] !== visitors[index - 1]) visitorId = takeId(36);
      visitorId.copy(body, visitorIds[index]);
      takeId(messages[index].messageId.length).copy(body, messageIds[index]);
    });
    return body;
  }

  const head = Buffer.from(`POST /v1/b HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n`);
  return { size, nextBody, next: () => Buffer.concat([head, nextBody()]) };
}

/** Texts of hex as long as an id, none of them twice. */
function createIds() {
  let pool = Buffer.alloc(0);
  let taken = 0;
  return (length) => {
    if (taken + length > pool.length) {
      pool = Buffer.from(randomBytes(POOL_BYTES).toString('hex'), 'latin1');
      taken = 0;
    }
    taken += length;
    return pool.subarray(taken - length, taken);
  };
}

/**
 * Sends as fast as the answers come, over so many connections.
 *
 * @returns how many events were acknowledged, in how many seconds
 */
export async function sendFlatOut(homes, requests, { connections, seconds }) {
  const sockets = await openAll(homes, connections);
  const begun = performance.now();
  const end = begun + seconds * 1_000;
  let acknowledged = 0;
  await Promise.all(
    sockets.map(async (socket) => {
      while (performance.now() < end) {
        await socket.ask(requests.next());
        acknowledged += requests.size;
      }
    }),
  );
  for (const socket of sockets) socket.close();
  return { acknowledged, seconds: (performance.now() - begun) / 1_000 };
}

/**
 * Sends at a fixed rate, whether or not the answers come, as people do. The time counts from when a request was due: who waits for
 * a slow answer before asking again would not notice how slow it is.
 *
 * @returns milliseconds, sorted
 */
export async function sendAtRate(homes, requests, { connections, seconds, eventsPerSecond }) {
  const sockets = await openAll(homes, connections);
  const free = [...sockets];
  const waiting = [];
  const latencies = [];
  const intervalMs = (1_000 * requests.size) / eventsPerSecond;
  const begun = performance.now();
  const count = Math.floor((seconds * 1_000) / intervalMs);
  let sent = 0;
  let answered = 0;
  await new Promise((resolve) => {
    const serve = async (socket, due) => {
      await socket.ask(requests.next());
      latencies.push(performance.now() - due);
      if (++answered === count) return void resolve();
      const next = waiting.shift();
      if (next === undefined) free.push(socket);
      else void serve(socket, next);
    };
    const tick = () => {
      for (; sent < count && begun + sent * intervalMs <= performance.now(); sent++) {
        const due = begun + sent * intervalMs;
        // In turns: one that was used long ago would be hung up by the server just now.
        const socket = free.shift();
        if (socket) void serve(socket, due);
        else waiting.push(due);
      }
      // Node's timers are a millisecond apart, and so would the requests be.
      if (sent < count) setImmediate(tick);
    };
    tick();
  });
  for (const socket of sockets) socket.close();
  return latencies.sort((a, b) => a - b);
}

function openAll(homes, connections) {
  return Promise.all(Array.from({ length: connections }, (_, index) => open(homes[index % homes.length])));
}

/** A connection that sends one request after the other, and looks at no more of the answer than it must. */
async function open(home) {
  const { port } = new URL(home);
  const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  let text = '';
  let answered;
  socket.on('data', (data) => {
    text += data.toString('latin1');
    if (!isWhole(text)) return;
    const { resolve, reject } = answered;
    if (text.startsWith('HTTP/1.1 200') && text.includes('"success":true')) resolve();
    else reject(new Error(`The collector answered: ${text}`));
    text = '';
  });
  socket.on('close', () => answered?.reject(new Error('The collector hung up.')));
  return {
    ask(request) {
      return new Promise((resolve, reject) => {
        answered = { resolve, reject };
        socket.write(request);
      });
    },
    close() {
      answered = undefined;
      socket.destroy();
    },
  };
}

function isWhole(text) {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /^content-length: (\d+)/im.exec(text);
  return length ? text.length >= end + 4 + Number(length[1]) : text.endsWith('0\r\n\r\n');
}
