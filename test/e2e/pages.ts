import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';

const TYPES: Record<string, string> = { '.js': 'text/javascript', '.html': 'text/html; charset=utf-8', '.css': 'text/css', '.svg': 'image/svg+xml' };

/** A plain file server over this repository, and pages that a test writes itself. */
export interface Pages {
  url: string;
  /** Serves this HTML at this path. */
  put(path: string, html: string): void;
  close(): Promise<void>;
}

export async function servePages(): Promise<Pages> {
  const written = new Map<string, string>();
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const html = written.get(path);
    const file = path.endsWith('/') ? `${path}index.html` : path;
    const body = html === undefined ? readFile(`.${file}`) : Promise.resolve(html);
    body.then(
      (content) => response.setHeader('content-type', html === undefined ? (TYPES[extname(file)] ?? 'text/plain') : TYPES['.html']!).end(content),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    put: (path, html) => void written.set(path, html),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** The array stub that a page pastes: calls are kept, in their order, until the script is there. */
export const STUB = `
  (function (queue) {
    for (const method of ['track', 'identify', 'page', 'reset', 'ready', 'on'])
      queue[method] ??= (...values) => { queue.push([method, ...values]); };
  })(window.cioanalytics ??= []);`;
