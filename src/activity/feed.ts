import type { Activity, ActivityPage } from '../wire/index.js';
import type { Query, Source } from './source.js';

/** Lines of the head, which is read at each change, and of a page further down. */
const HEAD_LINES = 200;
const PAGE_LINES = 1000;
/** So much is read again when what is older has changed; the rest comes as one scrolls. */
const KEPT_LINES = 2000;
/** What moves lines that are older than itself, from one tab to the other or away. */
const REWRITING = new Set<Activity['type']>(['anon_merge', 'merge_undone', 'merge_restored', 'people_merged', 'person_deleted']);

/** What is loaded of one tab. */
export interface Feed {
  /** Newest first. Another array whenever anything has changed. */
  lines: Activity[];
  hasOlder: boolean;
  /** Whether it has been read at all. */
  isRead: boolean;
}

export const NO_FEED: Feed = { lines: [], hasOlder: false, isRead: false };

/** Keeps the lines of a tab, as far as anybody has scrolled. */
export interface FeedReader {
  feed(): Feed;
  /**
   * Reads what is new.
   *
   * @param isStale older lines may have changed as well
   * @returns whether something that came in has changed older lines
   */
  refresh(isStale: boolean): Promise<boolean>;
  older(): Promise<void>;
}

export function createFeed(source: Source, question: () => Omit<Query, 'limit' | 'before'>): FeedReader {
  let lines: Activity[] = [];
  let next: string | null = null;
  let head: ActivityPage | undefined;
  let loadingOlder: Promise<void> | undefined;

  async function refresh(isStale: boolean): Promise<boolean> {
    const page = await source.read({ ...question(), limit: HEAD_LINES });
    if (head && !isStale && isSame(page, head)) return false;
    const [first] = lines;
    const known = first === undefined ? -1 : page.items.findIndex((line) => keyOf(line) === keyOf(first));
    const news = page.items.slice(0, Math.max(0, known));
    const isRewritten = news.some(({ type }) => REWRITING.has(type));
    const isContinuous = known >= 0 && !isRewritten && !isStale;
    const isFirst = head === undefined;
    head = page;
    if (isContinuous) {
      // What the head shows anew is taken from it, the count of a merge for instance.
      const last = page.items.at(-1)!;
      const end = lines.findIndex((line) => keyOf(line) === keyOf(last));
      const isDeeper = end >= 0 && end < lines.length - 1;
      lines = [...append([], page.items), ...(end < 0 ? [] : lines.slice(end + 1))];
      if (!isDeeper) next = page.next;
    } else {
      const wanted = Math.min(lines.length, KEPT_LINES);
      lines = append([], page.items);
      next = page.next;
      while (next !== null && lines.length < wanted) await readOn();
    }
    return !isFirst && (isRewritten || known < 0);
  }

  async function readOn(): Promise<void> {
    const page = await source.read({ ...question(), before: next!, limit: PAGE_LINES });
    lines = append(lines, page.items);
    next = page.next;
  }

  return {
    feed: () => ({ lines, hasOlder: next !== null, isRead: head !== undefined }),
    refresh,
    older() {
      if (next === null) return Promise.resolve();
      loadingOlder ??= readOn().finally(() => (loadingOlder = undefined));
      return loadingOlder;
    },
  };
}

/** Each line once: where pages are counted from the top, what has come in since has moved the seam. */
function append(lines: Activity[], items: Activity[]): Activity[] {
  const known = new Set(lines.slice(-PAGE_LINES).map(keyOf));
  return [...lines, ...items.filter((line) => !known.has(keyOf(line)) && known.add(keyOf(line)))];
}

/** A source that cannot tell whether anything has changed gives the same lines again. */
function isSame(page: ActivityPage, head: ActivityPage): boolean {
  return page === head || JSON.stringify(page) === JSON.stringify(head);
}

const KEYS = new WeakMap<Activity, string>();

/** What makes a line the same line the next time: a merge is still that merge when its count has grown. */
export function keyOf(line: Activity): string {
  const known = KEYS.get(line);
  if (known !== undefined) return known;
  const { type, messageId, at, anonymousId, person } = line;
  const key = JSON.stringify([type, messageId ?? at, anonymousId, person]);
  KEYS.set(line, key);
  return key;
}
