import type { Activity, ActivityPage, ActivityTab } from '../wire/index.js';
import { readLines, SourceError, type Query, type Source } from './source.js';

/** Lines in one request. A collector may give fewer; the pages are then more. */
const PAGE_LINES = 50;
/** A collector that has not answered by then is taken for unreachable. */
const TIMEOUT_MS = 10_000;

export interface CollectorAddress {
  /** Where the collector is: `http://127.0.0.1:4321`, or `.` beside this page. */
  src: string;
  /** Its admin token. */
  token: string | null;
}

/** The log of a collector: `GET {src}/api/activity`. What has not changed comes as a 304 and is not read again. */
export function collectorSource({ src, token }: CollectorAddress): Source {
  const known = new Map<ActivityTab, Known>();

  async function read({ tab, person, limit }: Query): Promise<ActivityPage> {
    const question = `${person ?? ''}\n${limit}`;
    const before = known.get(tab);
    const isSame = before?.question === question;
    const head = await ask({ tab, person }, isSame && !before.isStale ? before.etag : null);
    if (!head) return before!.page;
    const page = await addOlder(head.page, { tab, person, limit });
    // An identify moves lines from one tab into the other, perhaps far below the head of it, where no ETag of the head tells.
    for (const other of known.values()) if (isSame && !before.isStale) other.isStale = true;
    known.set(tab, { question, page, etag: head.etag, isStale: false });
    return page;
  }

  async function addOlder(head: ActivityPage, { tab, person, limit }: Query): Promise<ActivityPage> {
    const items = [...head.items];
    let { next } = head;
    while (next !== null && items.length < limit) {
      const older = await ask({ tab, person, before: next }, null);
      items.push(...older!.page.items);
      // A cursor that leads nowhere must not lead round in circles.
      next = older!.page.items.length > 0 ? older!.page.next : null;
    }
    return { items, next };
  }

  /** @returns nothing when the collector says that nothing has changed */
  async function ask(query: Record<string, string | undefined>, etag: string | null): Promise<Answer | undefined> {
    const response = await request(addressOf(src, query), { ...(token && { authorization: `Bearer ${token}` }), ...(etag && { 'if-none-match': etag }) });
    if (response.status === 304) return undefined;
    if (response.status === 401 || response.status === 403) throw new SourceError('refused', refusedText(token));
    if (!response.ok) throw new SourceError('failed', `The collector answered ${response.status}. Its own log says why.`);
    return { page: await readPage(response, src), etag: response.headers.get('etag') };
  }

  async function request(url: string, headers: Record<string, string>): Promise<Response> {
    try {
      return await fetch(url, { headers, cache: 'no-store', credentials: 'omit', signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (cause) {
      throw new SourceError('unreachable', `The collector at ${whereIs(src)} does not answer. Is it running? npm start starts it.`, { cause });
    }
  }

  return { read };
}

interface Answer {
  page: ActivityPage;
  etag: string | null;
}

interface Known extends Answer {
  question: string;
  isStale: boolean;
}

function addressOf(src: string, query: Record<string, string | undefined>): string {
  const url = new URL(`${src.replace(/\/+$/, '')}/api/activity`, document.baseURI);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
  url.searchParams.set('limit', String(PAGE_LINES));
  return url.href;
}

async function readPage(response: Response, src: string): Promise<ActivityPage> {
  try {
    const answer = (await response.json()) as { items?: unknown; next?: unknown };
    const items: Activity[] | undefined = readLines(answer.items);
    if (items) return { items, next: typeof answer.next === 'string' ? answer.next : null };
  } catch {
    // Not JSON at all is the same mistake as JSON of another kind, and is told below.
  }
  throw new SourceError('malformed', `What answers at ${whereIs(src)} is no collector. Check the address in src.`);
}

function refusedText(token: string | null): string {
  return token
    ? 'The collector does not accept this token. Open the address that it printed when it started: the token is part of it.'
    : 'The collector asks for its admin token. Open the address that it printed when it started: the token is part of it.';
}

function whereIs(src: string): string {
  return new URL(src, document.baseURI).host;
}
