import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, type Dirent } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';

export interface SiteOptions {
  /** The folder that was built: the scripts, and `site/` with the pages. */
  dist: string;
  /** The source that the demo shop sends as. */
  writeKey: string;
  /** Of the package, as in `0.1.0`: it is part of the addresses that never change. */
  version: string;
}

/** Nothing may run but our own files. */
const OWN_FILES = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
];
/** What the log shows is text that strangers sent: none of it can become markup. */
const NO_MARKUP = ["require-trusted-types-for 'script'", "trusted-types 'none'"];
/** The demo shop is a page like any customer's: its snippet makes a script tag, which Trusted Types would forbid. */
const SHOP = '/demo/';
/** The scripts are for other people's pages. */
const SCRIPT_HEADERS = { 'Access-Control-Allow-Origin': '*', 'Cross-Origin-Resource-Policy': 'cross-origin' };
/** What stands at an address with a version never changes: a browser need not ask for it again, within a year. */
const FOR_EVER = { 'Cache-Control': 'public, max-age=31536000, immutable' };

const TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};

/**
 * The pages of the collector: the activity log, the demo shop, and the scripts for a tag.
 *
 * The files are read once, at start: a request looks a path up among those that are known, so that none can name another.
 */
export function createSite({ dist, writeKey, version }: SiteOptions): (path: string) => Response | undefined {
  const answers = new Map<string, () => Response>();
  const hashes: Record<string, string> = {};
  for (const file of filesIn(join(dist, 'site'))) {
    const path = `/${relative(join(dist, 'site'), file).split(sep).join('/')}`;
    answers.set(path, answerFile(file, path.endsWith('.html') ? pageHeaders(path) : {}));
    if (!path.endsWith('/index.html')) continue;
    const folder = path.slice(0, -'index.html'.length);
    answers.set(folder, answers.get(path)!);
    if (folder !== '/') answers.set(folder.slice(0, -1), () => new Response(null, { status: 308, headers: { Location: folder } }));
  }
  for (const file of filesIn(dist, (name) => name.endsWith('.min.js'))) {
    const name = relative(dist, file);
    answers.set(`/${name}`, answerFile(file, SCRIPT_HEADERS));
    answers.set(`/v${version}/${name}`, answerFile(file, { ...SCRIPT_HEADERS, ...FOR_EVER }));
    hashes[name] = integrityOf(readFileSync(file));
  }
  answers.set(`/v${version}/integrity.json`, () => Response.json(hashes, { headers: { ...SCRIPT_HEADERS, ...FOR_EVER } }));
  answers.set('/demo/config.json', () => Response.json({ writeKey }, { headers: { 'Cache-Control': 'no-store' } }));
  return (path) => answers.get(path)?.() ?? toThisVersion(path, version);
}

/** What a browser compares a script with before it runs it, as in `integrity="sha384-…"`. */
export function integrityOf(file: Uint8Array): string {
  return `sha384-${createHash('sha384').update(file).digest('base64')}`;
}

/**
 * A collector has the scripts of its own version only. A page that names another one is shown to them: it goes on, unless
 * it asked for the very bytes by their hash, and then its browser says so.
 */
function toThisVersion(path: string, version: string): Response | undefined {
  const [, asked, name] = /^\/v(\d+\.\d+\.\d+[\w.-]*)\/([\w.-]+\.min\.js|integrity\.json)$/.exec(path) ?? [];
  if (asked === undefined || asked === version) return undefined;
  return new Response(null, { status: 307, headers: { ...SCRIPT_HEADERS, Location: `../v${version}/${name}`, 'Cache-Control': 'no-store' } });
}

function pageHeaders(path: string): Record<string, string> {
  return {
    'Content-Security-Policy': [...OWN_FILES, ...(path.startsWith(SHOP) ? [] : NO_MARKUP)].join('; '),
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
  };
}

function answerFile(file: string, extra: Record<string, string>): () => Response {
  const body = readFileSync(file);
  const type = TYPES[extname(file)] ?? 'application/octet-stream';
  const headers = {
    'Content-Type': type,
    // Asked for anew each time, answered with a 304: whoever updates the collector has the new page at the next load.
    'Cache-Control': 'no-cache',
    ETag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    ...extra,
  };
  return () => new Response(body, { headers });
}

/** Every file below a folder; with a filter, those of the folder itself that pass it. */
function filesIn(folder: string, isWanted?: (name: string) => boolean): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: isWanted === undefined })
    .filter((entry) => entry.isFile() && (isWanted?.(entry.name) ?? true))
    .map((entry: Dirent) => join(entry.parentPath, entry.name));
}
