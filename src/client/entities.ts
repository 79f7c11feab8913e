import type { Identity } from '../identity/index.js';
import { plain, type JsonObject } from '../wire/index.js';
import { toText } from './arguments.js';
import type { Entity, User } from './types.js';

/** What `user()` gives: reads, and sets without sending anything, as the original client's does. */
export function userOf(identity: Identity): User {
  const { logout } = identity;
  return {
    ...entityOf({ id: identity.userId, traits: identity.traits, set: identity.setPerson }),
    anonymousId(anonymousId) {
      const text = toText(anonymousId);
      if (text) identity.setAnonymousId(text);
      else if (anonymousId === null) identity.renew();
      return identity.anonymousId();
    },
    logout,
    reset: logout,
  };
}

/** What `group()` gives when it is asked for nothing else. */
export function groupOf({ group }: Identity): Entity {
  return entityOf(group);
}

function entityOf({ id, traits, set }: { id(): string | undefined; traits(): JsonObject; set(id: string | null | undefined, traits: JsonObject): void }): Entity {
  const forget = (): void => set(null, {});
  return {
    id(value) {
      const text = toText(value);
      // Of somebody else nothing is known. What is neither a text nor a number is no id.
      if (text !== null || value === null) set(text, text !== null && text !== (id() ?? text) ? {} : traits());
      return id() ?? null;
    },
    traits(value) {
      if (value !== undefined) set(undefined, plain(value ?? {}));
      return traits();
    },
    logout: forget,
    reset: forget,
  };
}
