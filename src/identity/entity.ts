import type { JsonObject } from '../wire/index.js';
import { NO_COPIES, type Copies } from './copies.js';
import { idIn } from './legacy.js';

/** How a person or a group is remembered. */
export interface EntityOptions {
  /** Never known: no id, no traits. @defaultValue false */
  disable?: boolean;
  /** `false`: remembered by this page only. @defaultValue true */
  persist?: boolean;
  cookie?: {
    /** The name of the id, in the cookie and in localStorage. @defaultValue `ajs_user_id`, `ajs_group_id` */
    key?: string;
  };
  localStorage?: {
    /** The name of the traits. @defaultValue `ajs_user_traits`, `ajs_group_properties` */
    key?: string;
  };
}

/** A person or a group: an id, and what is known about it. */
export interface Entity {
  /** What its copies are called. */
  names: string[];
  id(): string | undefined;
  traits(): JsonObject;
  /** Both at once. An id of `null` forgets it; of `undefined`, it stays. */
  set(id: string | null | undefined, traits: JsonObject): void;
  /**
   * The copies may be read from now on: what was said before that goes over what they remember.
   *
   * @param isOther whether the visitor is another than whom this origin remembers
   * @param older whom an older client knew
   * @returns whether it was said of somebody else
   */
  begin(isOther: boolean, older?: string): boolean;
  /** Reads the copies again: another page has written them. */
  refresh(isOther: boolean): void;
  /** Writes the id again where it is remembered, so that its copies agree and last as long as the visitor's. */
  keep(): void;
}

/**
 * @param copies where they are kept at this moment
 * @param onSet they have been written
 */
export function createEntity(copies: () => Copies, onSet: () => void, idKey: string, traitsKey: string, options: EntityOptions): Entity {
  const idName = options.cookie?.key ?? idKey;
  const traitsName = options.localStorage?.key ?? traitsKey;
  const kept = (): Copies => (options.persist === false || options.disable ? NO_COPIES : copies());
  /** `null` when it was forgotten, which is more than not known. */
  let id: string | null | undefined;
  let traits: JsonObject = {};

  function set(newId: string | null | undefined, newTraits: JsonObject): void {
    if (options.disable) return;
    const now = newId === undefined ? id : newId;
    if (now && (now !== id || now !== kept().readOwn(idName))) kept().write(idName, now);
    if (newId === null) kept().remove(idName);
    kept().writeOwn(traitsName, now || !isEmpty(newTraits) ? newTraits : undefined);
    id = now;
    traits = newTraits;
    onSet();
  }

  function refresh(isOther: boolean): void {
    // Nothing was ever written there: what this page was told stands.
    if (kept() === NO_COPIES) return;
    const shared = idIn(kept().readCookie(idName));
    // A logout, on another subdomain: what is left here is the former visitor's.
    if (isOther && shared === undefined) return set(null, {});
    const own = kept().readOwn(idName);
    const now = shared ?? own;
    // The traits here are those of the id here; a cookie may have been written on another subdomain, of somebody else.
    if (now === own) traits = kept().readObject(traitsName);
    else if (now !== id) traits = {};
    id = now;
  }

  return {
    names: [idName, traitsName],
    id: () => id ?? undefined,
    traits: () => traits,
    set,
    begin(isOther, older) {
      const [said, added] = [id, traits];
      if (said === null) {
        set(null, added);
        return false;
      }
      refresh(isOther);
      const known = id ?? older;
      const isSomebodyElse = said !== undefined && known !== undefined && said !== known;
      // Most pages have said nothing yet, and write nothing.
      if ((said ?? known) !== id || !isEmpty(added)) set(said ?? known, isSomebodyElse ? added : { ...traits, ...added });
      return isSomebodyElse;
    },
    refresh,
    keep() {
      if (!id || kept().read(idName) !== id) return;
      // What lies there is of the id that lies there.
      if (kept().readOwn(idName) !== id) kept().writeOwn(traitsName, isEmpty(traits) ? undefined : traits);
      kept().write(idName, id);
    },
  };
}

function isEmpty(traits: JsonObject): boolean {
  return Object.keys(traits).length === 0;
}
