// Two collectors on one Postgres, and one address in front of them. In earnest, systemd or an orchestrator starts the collectors,
// on several machines, and nginx, Caddy or a cloud's load balancer stands in front: docs/self-hosting.md.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { Agent, createServer, request } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const { DATABASE_URL, PORT = '4321', WRITE_KEY = 'demo', ADMIN_TOKEN = randomBytes(24).toString('hex') } = process.env;
if (!DATABASE_URL) {
  console.error('DATABASE_URL is missing; it looks like postgres://user:password@127.0.0.1:5432/hitherto.');
  process.exit(1);
}

const CLI = fileURLToPath(import.meta.resolve('hitherto/dist/cli.js'));
const agent = new Agent({ keepAlive: true });
const collectors = await Promise.all([startCollector(), startCollector()]);
const server = createServer(forward).listen(Number(PORT), '127.0.0.1', () => {
  const home = `http://127.0.0.1:${server.address().port}/`;
  console.log(`Both are ready.  Activity log: ${home}#token=${ADMIN_TOKEN}  Demo shop: ${home}demo/  Collectors: ${collectors.map(({ child }) => child.pid).join(' ')}`);
});
const asking = setInterval(() => collectors.forEach(askReady), 500);
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, stop);

/** Secrets go through the environment: a command line can be read by everybody on the machine. */
async function startCollector() {
  const env = { ...process.env, HITHERTO_DATABASE: DATABASE_URL, HITHERTO_WRITE_KEY: WRITE_KEY, HITHERTO_ADMIN_TOKEN: ADMIN_TOKEN };
  const child = spawn(process.execPath, [CLI, 'serve', '--port', '0', '--trust-proxy'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const collector = { child, port: 0, isReady: true };
  child.once('exit', () => (collector.isReady = false));
  for await (const line of createInterface(child.stdout)) {
    collector.port = Number(/:(\d+)\//.exec(line)[1]);
    return collector;
  }
  // It has said why.
  return process.exit(1);
}

/** Takes the next one that is ready. What goes wrong on the way is a 502, and whoever sent it sends it again. */
function forward(incoming, outgoing) {
  const collector = nextReady();
  if (!collector) return outgoing.writeHead(503, { 'Retry-After': '1' }).end('No collector is ready.\n');
  const headers = { ...incoming.headers, 'x-forwarded-for': [incoming.headers['x-forwarded-for'], incoming.socket.remoteAddress].filter(Boolean).join(', ') };
  const asked = request({ agent, host: '127.0.0.1', port: collector.port, method: incoming.method, path: incoming.url, headers }, (answer) => {
    // Whether the connection stays is between each two.
    outgoing.writeHead(answer.statusCode, { ...answer.headers, connection: 'keep-alive' });
    answer.pipe(outgoing);
  });
  asked.once('error', () => (outgoing.headersSent ? outgoing.destroy() : outgoing.writeHead(502).end('The collector did not answer.\n')));
  outgoing.once('close', () => asked.destroy());
  return incoming.pipe(asked);
}

function nextReady() {
  collectors.push(collectors.shift());
  return collectors.find(({ isReady }) => isReady);
}

function askReady(collector) {
  if (collector.child.exitCode !== null || collector.child.signalCode !== null) return;
  const asked = request({ host: '127.0.0.1', port: collector.port, path: '/readyz', timeout: 2000 }, (answer) => {
    collector.isReady = answer.statusCode === 200;
    answer.resume();
  });
  asked.once('timeout', () => asked.destroy()).once('error', () => (collector.isReady = false)).end();
}

async function stop() {
  clearInterval(asking);
  server.close();
  server.closeIdleConnections();
  await Promise.all(
    collectors.map(({ child }) => {
      if (child.exitCode !== null || child.signalCode !== null) return undefined;
      child.kill('SIGTERM');
      return new Promise((resolve) => child.once('exit', resolve));
    }),
  );
  server.closeAllConnections();
  agent.destroy();
}
