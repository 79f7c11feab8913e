/**
 * The key of a row says when it was written, by which page and for whom: `{time}.{tab}/{scope}`. In the order of the
 * keys, rows are in the order of time, whoever wrote them.
 */
export interface RowKey {
  /** Milliseconds. Never runs backwards in a browser, whatever its clock does, and never repeats within a tab. */
  time: number;
  tab: string;
  /** Keeps the rows of two clients on one page apart: see {@link OutboxOptions}. */
  scope: string;
}

/** Wide enough for the year 33658, so that text order is time order. */
const TIME_DIGITS = 15;
/** Every row key begins with a digit, no other key does; ':' is the character after '9'. */
export const ROW_KEYS: readonly [from: string, to: string] = ['0', ':'];

export function formatKey({ time, tab, scope }: RowKey): string {
  return `${String(time).padStart(TIME_DIGITS, '0')}.${tab}/${scope}`;
}

/** @returns `undefined` when something else wrote this key */
export function parseKey(key: string | undefined): RowKey | undefined {
  const parts = /^(\d+)\.([^/~]+)[^/]*\/(.*)$/s.exec(key ?? '');
  return parts ? { time: Number(parts[1]), tab: parts[2]!, scope: parts[3]! } : undefined;
}

/** The key of a part of a row: right behind the whole, before whatever follows it, and by the same tab. */
export function partKey(key: string, part: number): string {
  return key.replace('/', `~${part}/`);
}
