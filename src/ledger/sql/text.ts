/**
 * A control character such as NUL ends a text when libsql reads it back, and half a surrogate pair is no UTF-8. Both are
 * written as the code unit in hex behind a character of private use, which is escaped likewise.
 */
const UNFIT = /[\p{Cc}\p{Cs}\ue000]/gu;
/** Nearly every id, and quickly found out. */
const PLAIN = /^[ -~]*$/;
const ESCAPED = /\ue000([0-9a-f]{4})/g;

/** An id as it is stored: two different ids never become the same text. Bodies need none of this, JSON escapes what is unfit. */
export function toColumn(id: string): string;
export function toColumn(id: string | undefined): string | null;
export function toColumn(id: string | undefined): string | null {
  if (id === undefined) return null;
  return PLAIN.test(id) ? id : id.replace(UNFIT, (unit) => `\ue000${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The id that {@link toColumn} stored. */
export function fromColumn(text: string): string {
  return text.replace(ESCAPED, (_, unit: string) => String.fromCharCode(parseInt(unit, 16)));
}

/** The order of ids as they are stored: by their bytes, as both databases have it. */
export function compareColumns(a: string, b: string): number {
  const encoder = new TextEncoder();
  const [left, right] = [encoder.encode(a), encoder.encode(b)];
  for (let i = 0; i < left.length && i < right.length; i++) if (left[i] !== right[i]) return left[i]! - right[i]!;
  return left.length - right.length;
}
