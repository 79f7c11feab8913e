import { isObject, USER_ID_BYTES, utf8Bytes, type AcceptedMessage } from '../wire/index.js';

/** What a condition compares with. */
export type Scalar = string | number | boolean | null;

/**
 * What a value has to be: this very one, or all that is said of it.
 * Numbers compare with numbers only, and nothing is converted: `'5'` is not `5`, and not above `4`.
 */
export type Condition =
  | Scalar
  | {
      is?: Scalar;
      /** Anything else, also nothing at all. */
      not?: Scalar;
      in?: Scalar[];
      gt?: number;
      gte?: number;
      lt?: number;
      lte?: number;
      /** A text with this in it, or a list with this among its items. */
      contains?: string;
      /** Whether there is a value, be it `null`. */
      exists?: boolean;
    };

/** Conditions by the name of the value. A dot leads into an object, `'cart.total'`, unless a name has the dot itself. */
export type Conditions = { [path: string]: Condition };

/** Some track calls: those with this name that meet the conditions. */
export interface EventFilter {
  /** The name of a track call. */
  event: string;
  /** About its properties. */
  where?: Conditions;
}

/** How many campaigns, or segments, there may be: each is held against every event. */
const DEFINITION_LIMIT = 1000;

/** Whether all conditions hold for these values. Never throws: a value that cannot be read meets nothing. */
export function meets(values: unknown, conditions: Conditions | undefined): boolean {
  try {
    return Object.entries(conditions ?? {}).every(([path, condition]) => {
      const value = valueAt(values, path);
      if (!isObject(condition)) return value === condition;
      return Object.entries(condition).every(([name, wanted]) => OPERATORS[name]!.holds(value, wanted));
    });
  } catch {
    // A getter or a proxy of the page threw; whoever tracks must not notice.
    return false;
  }
}

/** Whether a message is one of these track calls. */
export function isAmong({ event, where }: EventFilter, message: AcceptedMessage): boolean {
  return message.type === 'track' && message.event === event && meets(message.properties, where);
}

/** What is there under a path, of own properties only: a page may have extended the prototypes. */
function valueAt(values: unknown, path: string): unknown {
  if (typeof values !== 'object' || values === null) return undefined;
  if (Object.hasOwn(values, path)) return (values as Record<string, unknown>)[path];
  const dot = path.indexOf('.');
  const name = path.slice(0, dot);
  if (dot < 0 || !Object.hasOwn(values, name)) return undefined;
  return valueAt((values as Record<string, unknown>)[name], path.slice(dot + 1));
}

interface Operator {
  /** What it is to be given, in words. */
  takes: string;
  isUsable(wanted: unknown): boolean;
  holds(value: unknown, wanted: unknown): boolean;
}

const SCALAR = 'text, a number, true, false or null';

const OPERATORS: Record<string, Operator> = {
  is: { takes: SCALAR, isUsable: isScalar, holds: (value, wanted) => value === wanted },
  not: { takes: SCALAR, isUsable: isScalar, holds: (value, wanted) => value !== wanted },
  in: {
    takes: `a list whose items are ${SCALAR}`,
    isUsable: (wanted) => Array.isArray(wanted) && wanted.every(isScalar),
    holds: (value, wanted) => (wanted as unknown[]).includes(value),
  },
  gt: comparison((value, bound) => value > bound),
  gte: comparison((value, bound) => value >= bound),
  lt: comparison((value, bound) => value < bound),
  lte: comparison((value, bound) => value <= bound),
  contains: {
    takes: 'text',
    isUsable: (wanted) => typeof wanted === 'string',
    holds: (value, wanted) => (typeof value === 'string' || Array.isArray(value)) && value.includes(wanted as string),
  },
  exists: {
    takes: 'true or false',
    isUsable: (wanted) => typeof wanted === 'boolean',
    holds: (value, wanted) => (value !== undefined) === wanted,
  },
};

function comparison(compare: (value: number, bound: number) => boolean): Operator {
  return {
    takes: 'a number',
    isUsable: Number.isFinite,
    holds: (value, bound) => typeof value === 'number' && compare(value, bound as number),
  };
}

function isScalar(value: unknown): value is Scalar {
  return value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

/**
 * Reads a list of named things, campaigns or segments.
 *
 * @param place what the list is called, for the sentence about what is wrong
 * @param checkItem throws when an item is not as it should be; its name is looked at here
 * @throws TypeError that names the place and the remedy
 */
export function parseDefinitions<Definition>(
  value: unknown,
  place: string,
  checkItem: (item: { [key: string]: unknown }, place: string) => void,
): Definition[] {
  check(Array.isArray(value), place, 'a list', value);
  if (value.length > DEFINITION_LIMIT) {
    throw new TypeError(`${place} has at most ${DEFINITION_LIMIT} items; this has ${value.length}.`);
  }
  const names = new Set<unknown>();
  // Array.from, since a list may have holes, which forEach steps over.
  Array.from(value).forEach((item: unknown, index) => {
    const itemPlace = `${place}[${index}]`;
    check(isObject(item), itemPlace, 'an object', item);
    checkText(item['name'], `${itemPlace}.name`);
    // As long as an id: it is part of the key under which a database keeps what was started.
    const nameBytes = utf8Bytes(item['name']);
    if (nameBytes > USER_ID_BYTES) throw new TypeError(`${itemPlace}.name has at most ${USER_ID_BYTES} bytes; this has ${nameBytes}.`);
    if (names.has(item['name'])) throw new TypeError(`${itemPlace}.name is taken by an earlier one; give each its own.`);
    names.add(item['name']);
    checkItem(item, itemPlace);
  });
  return value as Definition[];
}

/** Checks that nothing but these is said, so that a misspelt key is not one that does nothing. */
export function checkKeys(value: object, place: string, known: string[]): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new TypeError(`${place}.${unknown} is not known here; use ${known.join(', ')}.`);
}

export function checkEventFilter({ event, where }: { [key: string]: unknown }, place: string): void {
  checkText(event, `${place}.event`);
  if (where !== undefined) checkConditions(where, `${place}.where`);
}

export function checkConditions(value: unknown, place: string): void {
  check(isObject(value), place, 'an object, as in { "plan": "pro" }', value);
  for (const [path, condition] of Object.entries(value)) {
    const conditionPlace = `${place}.${path}`;
    if (isScalar(condition)) continue;
    check(isObject(condition), conditionPlace, `${SCALAR}, or an object, as in { "gte": 5 }`, condition);
    checkKeys(condition, conditionPlace, Object.keys(OPERATORS));
    const operators = Object.entries(condition);
    if (operators.length === 0) throw new TypeError(`${conditionPlace} says nothing; use ${Object.keys(OPERATORS).join(', ')}.`);
    for (const [name, wanted] of operators) {
      const { takes, isUsable } = OPERATORS[name]!;
      check(isUsable(wanted), `${conditionPlace}.${name}`, takes, wanted);
    }
  }
}

function checkText(value: unknown, place: string): asserts value is string {
  check(typeof value === 'string' && value.trim() !== '', place, 'text that is not blank', value);
}

/** Throws the sentence that says what belongs in a place, and what is there. */
export function check(isRight: boolean, place: string, takes: string, found: unknown): asserts isRight {
  if (!isRight) throw new TypeError(`${place} is ${takes}; this is ${kindOf(found)}.`);
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return value.trim() === '' ? 'blank' : 'text';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : typeof value === 'function' ? 'a function' : String(value);
}
