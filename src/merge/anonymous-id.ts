import { ANONYMOUS_ID_CHARACTERS } from '../wire/index.js';

/** Why an anonymous id can never be claimed: it names nobody, or it names everybody. */
export type UnusableId = 'blank_id' | 'bad_id';

/**
 * Whether an anonymous id can name one visitor (RULES R3). Placeholders come out of broken templates and half-ported
 * code; a claim on one of them would fold thousands of strangers into one person.
 *
 * @returns the reason why not, or `undefined` for a usable id
 */
export function unusableId(anonymousId: string | undefined): UnusableId | undefined {
  const id = anonymousId?.trim();
  if (!id) return 'blank_id';
  if (anonymousId!.length > ANONYMOUS_ID_CHARACTERS) return 'bad_id';
  // Real ids are longer than every placeholder but a row of zeros, and most messages have a real one.
  if (id.length > LONGEST_PLACEHOLDER && !QUOTE_OR_ZERO.includes(id[0]!)) return undefined;
  const bare = QUOTED.test(id) ? id.slice(1, -1) : id;
  return PLACEHOLDERS.has(bare) || ANY_CASE_PLACEHOLDERS.has(bare.toLowerCase()) || ZEROS.test(bare) ? 'bad_id' : undefined;
}

const QUOTED = /^(["']).*\1$/s;
const ZEROS = /^[0-]*$/;
const PLACEHOLDERS = new Set(['[object Object]', 'NaN', 'None', 'none', 'null', '0', '-1']);
const ANY_CASE_PLACEHOLDERS = new Set(
  'anonymous guest distinctid distinct_id id not_authenticated email undefined true false anonymousid'.split(' '),
);
const QUOTE_OR_ZERO = `"'-0`;
const LONGEST_PLACEHOLDER = 'not_authenticated'.length;
