import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import type { JsonObject } from '../../../src/wire/index.js';

const TYPES: Record<string, string> = { '.js': 'text/javascript', '.mjs': 'text/javascript' };
/** What a bundler would do for a page that imports the package. */
const IMPORTS = {
  'hitherto': '/dist/index.js',
  'idb-keyval': '/node_modules/idb-keyval/dist/index.js',
  'js-cookie': '/node_modules/js-cookie/dist/js.cookie.mjs',
  'nanoid': '/node_modules/nanoid/index.browser.js',
};

/** A site, and what is sent to it: every page is the same one, every POST is written down and acknowledged. */
export interface Recorder {
  port: number;
  url: string;
  /** The messages, one by one, whether they came alone or in a batch, oldest first. */
  messages(): JsonObject[];
  /** The requests, as `POST /v1/b`. */
  requests: string[];
  /** The body of the page at a path, in place of none. */
  put(path: string, html: string): void;
  /** Answers a path with what this gives. */
  answer(path: string, body: () => string | Promise<string>): void;
  close(): Promise<void>;
}

export async function startRecorder(): Promise<Recorder> {
  const bodies: JsonObject[] = [];
  const requests: string[] = [];
  const pages = new Map<string, string>();
  const answers = new Map<string, () => string | Promise<string>>();
  const server = createServer(async (request, response) => {
    const path = new URL(request.url!, 'http://localhost').pathname;
    if (path.startsWith('/v1/')) requests.push(`${request.method} ${path}`);
    response.setHeader('Access-Control-Allow-Origin', '*');
    if (request.method === 'POST') {
      let text = '';
      for await (const chunk of request) text += String(chunk);
      bodies.push(JSON.parse(text) as JsonObject);
      return response.end('{"success":true}');
    }
    const own = answers.get(path);
    if (own) return response.setHeader('Content-Type', path.endsWith('.js') ? 'text/javascript' : 'application/json').end(await own());
    const type = TYPES[extname(path)];
    if (!type) {
      const html = `<!doctype html><title>Test page</title><script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>`;
      return response.setHeader('Content-Type', 'text/html').end(html + (pages.get(path) ?? ''));
    }
    return readFile(`.${path}`).then(
      (content) => response.setHeader('Content-Type', type).end(content),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    messages: () => bodies.flatMap((body) => (Array.isArray(body['batch']) ? (body['batch'] as JsonObject[]) : [body])),
    requests,
    put: (path, html) => void pages.set(path, html),
    answer: (path, body) => void answers.set(path, body),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
