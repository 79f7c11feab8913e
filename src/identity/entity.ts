import { isObject, type JsonObject } from '../wire/index.js';
import { NO_COPIES, type Copies } from './copies.js';

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
  id(): string | undefined;
  traits(): JsonObject;
  /** Both at once; an id of `undefined` forgets it. */
  set(id: string | undefined, traits: JsonObject): void;
  /**
   * Reads the copies again: they may be read only now, or another page has written one.
   *
   * @param written the name of that one, so that others are left alone
   */
  refresh(written?: string): void;
}

/** @param copies where they are kept at this moment */
export function createEntity(copies: () => Copies, idKey: string, traitsKey: string, options: EntityOptions = {}): Entity {
  const idName = options.cookie?.key ?? idKey;
  const traitsName = options.localStorage?.key ?? traitsKey;
  const kept = (): Copies => (options.persist === false || options.disable ? NO_COPIES : copies());
  let id: string | undefined;
  let traits: JsonObject = {};
  refresh();

  function refresh(written?: string): void {
    if (written !== undefined && written !== idName && written !== traitsName) return;
    id = kept().read(idName);
    const value = kept().readObject(traitsName);
    traits = isObject(value) ? value : {};
  }

  return {
    id: () => id,
    traits: () => traits,
    set(newId, newTraits) {
      if (options.disable) return;
      if (newId === undefined) kept().remove(idName);
      else if (newId !== id) kept().write(idName, newId);
      if (newId === undefined && Object.keys(newTraits).length === 0) kept().remove(traitsName);
      else kept().writeObject(traitsName, newTraits);
      id = newId;
      traits = newTraits;
    },
    refresh,
  };
}
