import type { Activity, ActivityPage, ActivityTab, Explanation, JsonObject, PeoplePage, Person, Standing } from '../wire/index.js';
import { readLines, SourceError, type Preview, type Profile, type Query, type Source } from './source.js';
import { openStream, type Stream } from './stream.js';

/** A collector that has not answered by then is taken for unreachable. */
const TIMEOUT_MS = 10_000;

export interface CollectorAddress {
  /** Where the collector is: `http://127.0.0.1:4321`, or `.` beside this page. */
  src: string;
  /** Its admin token. */
  token: string | null;
}

/** The log of a collector, through its API. The head of a tab that has not changed comes as a 304 and is not read again. */
export function collectorSource({ src, token }: CollectorAddress): Source {
  const heads = new Map<ActivityTab, { url: string; page: ActivityPage; etag: string }>();
  const authorization: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
  let stream: Stream | undefined;

  async function read({ tab, before, ...query }: Query): Promise<ActivityPage> {
    const url = addressOf(src, 'activity', { tab, before, ...query });
    const known = before === undefined ? heads.get(tab) : undefined;
    const isKnown = known?.url === url;
    const response = await request(url, isKnown ? { headers: { 'if-none-match': known.etag } } : {});
    if (response.status === 304 && isKnown) return known.page;
    const page = readPage(await answerOf<Partial<ActivityPage>>(response));
    const etag = response.headers.get('etag');
    if (before === undefined && etag) heads.set(tab, { url, page, etag });
    return page;
  }

  function readPage({ items, next }: Partial<ActivityPage>): ActivityPage {
    const lines: Activity[] | undefined = readLines(items);
    if (!lines) throw malformed();
    return { items: lines, next: typeof next === 'string' ? next : null };
  }

  async function ask<Answer>(path: string, query: Parameters<typeof addressOf>[2] = {}): Promise<Answer | undefined> {
    const response = await request(addressOf(src, path, query));
    return response.status === 404 ? undefined : answerOf<Answer>(response);
  }

  async function answerOf<Answer>(response: Response): Promise<Answer> {
    if (response.status === 401 || response.status === 403) throw new SourceError('refused', refusedText(token));
    if (!response.ok) {
      const message = await messageOf(response);
      // A collector says what it has not got.
      if (response.status === 404 && message === undefined) throw malformed();
      throw new SourceError('failed', message ?? `The collector answered ${response.status}. Its own log says why.`);
    }
    try {
      const answer: unknown = await response.json();
      if (typeof answer === 'object' && answer !== null) return answer as Answer;
    } catch {
      // Not JSON at all is the same mistake as JSON of another kind.
    }
    throw malformed();
  }

  async function request(url: string, init: RequestInit = {}): Promise<Response> {
    try {
      return await fetch(url, { ...init, headers: { ...authorization, ...init.headers }, cache: 'no-store', credentials: 'omit', signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (cause) {
      throw new SourceError('unreachable', unreachableText(src), { cause });
    }
  }

  function malformed(): SourceError {
    return new SourceError('malformed', `What answers at ${whereIs(src)} is no collector. Check the address in src.`);
  }

  return {
    read,
    explain: (messageId, anonymousId) => ask<Explanation>(`explain/${encodeURIComponent(messageId)}`, { anonymousId }),
    message: (messageId, anonymousId) => ask<JsonObject>(`messages/${encodeURIComponent(messageId)}`, { anonymousId }),
    people: async (query) => (await ask<PeoplePage>('people', query)) ?? { items: [], next: null },
    async profile(id): Promise<Profile | undefined> {
      const path = `people/${encodeURIComponent(id)}`;
      const [person, standing] = await Promise.all([ask<Person>(path), ask<Standing>(`${path}/standing`).catch(() => undefined)]);
      return person && { ...person, ...standing };
    },
    async preview(person, anonymousId) {
      const preview = await ask<Preview>('preview', { person, anonymousId });
      if (!preview) throw malformed();
      return preview;
    },
    async erase(id) {
      await answerOf(await request(addressOf(src, `people/${encodeURIComponent(id)}/erase`), { method: 'POST' }));
    },
    onChange(changed) {
      stream = openStream(addressOf(src, 'stream'), authorization, changed);
      return stream.close;
    },
    isLive: () => stream?.isOpen() === true,
  };
}

function addressOf(src: string, path: string, query: Record<string, string | number | undefined> = {}): string {
  const url = new URL(`${src.replace(/\/+$/, '')}/api/${path}`, document.baseURI);
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== '') url.searchParams.set(name, String(value));
  return url.href;
}

/** What the collector itself says is wrong. */
async function messageOf(response: Response): Promise<string | undefined> {
  try {
    const { message } = (await response.json()) as { message?: unknown };
    return typeof message === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}

function refusedText(token: string | null): string {
  return token
    ? 'The collector does not accept this token. Open the address that it printed when it started: the token is part of it.'
    : 'The collector asks for its admin token. Open the address that it printed when it started: the token is part of it.';
}

/** A browser does not say whether nobody answered, or whether this page may not hear the answer. */
function unreachableText(src: string): string {
  const { origin } = new URL(src, document.baseURI);
  const remedy = origin === location.origin ? 'Is it running? npx hitherto serve starts it.' : `It shows its log to pages of its own origin only: serve this page from ${origin} too, or both behind one proxy.`;
  return `The collector at ${whereIs(src)} does not answer. ${remedy}`;
}

function whereIs(src: string): string {
  return new URL(src, document.baseURI).host;
}
