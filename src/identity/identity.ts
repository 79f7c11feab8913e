import { nanoid } from 'nanoid';
import { isObject, type JsonObject } from '../wire/index.js';
import { createCopies, type CookieOptions } from './copies.js';

// The names that Customer.io's and Segment's clients use, so that visitors keep their ids when the client changes.
const ANONYMOUS_ID = 'ajs_anonymous_id';
const USER_ID = 'ajs_user_id';
const TRAITS = 'ajs_user_traits';
/** The anonymous id that a page gave its visitor, in every copy, so that the other subdomains know. */
const GIVEN_ID = 'hitherto_given_id';

export interface IdentityOptions {
  cookie?: CookieOptions | undefined;
  /** The anonymous id has changed: every copy elsewhere is out of date. */
  onChange(anonymousId: string): void;
  /** Neither cookies nor localStorage can be written. */
  onUnwritable(): void;
}

/** Who is calling. The only writer of the id cookies. */
export interface Identity {
  /** The visitor's id. Until {@link Identity.recover} was called it may be a candidate that an older one replaces. */
  anonymousId(): string;
  /** Whether the anonymous id is one of ours: not given by the page, nor kept from another client. */
  isMinted(): boolean;
  userId(): string | undefined;
  traits(): JsonObject;
  /**
   * Names the person. Another userId than before is another person: they get an anonymous id of their own, before
   * their first message leaves, and none of the traits (RULES R17). The same one adds to the traits.
   */
  identify(userId: string | undefined, traits: JsonObject): void;
  setAnonymousId(anonymousId: string): void;
  /** Forgets the person and the visitor; the next one is somebody new. */
  reset(): void;
  /**
   * Settles the id of a visitor whom neither cookie nor localStorage remembers.
   *
   * @param remembered what IndexedDB remembers
   * @returns the id that stands
   */
  recover(remembered: string | undefined): string;
  /** Puts the id that stands where a message was written with the candidate. */
  correct(text: string): string;
}

export function createIdentity({ cookie, onChange, onUnwritable }: IdentityOptions): Identity {
  const copies = createCopies(cookie);
  const known = copies.read(ANONYMOUS_ID);
  // Minted at once, so that no call has to wait for the database; 126 random bits occur in no message by accident.
  const candidate = known ?? newId();
  let recovered = known;
  let anonymousId = candidate;
  let userId = copies.read(USER_ID);
  let traits = readTraits();
  // Kept at once: a page that only sends its visitor on is gone before the database has answered.
  if (known === undefined) keepId(candidate);

  // Another page of this origin has spoken: it has written localStorage, and the cookie before that.
  globalThis.addEventListener?.('storage', ({ key }) => {
    if (key === ANONYMOUS_ID) anonymousId = copies.read(ANONYMOUS_ID) ?? anonymousId;
    if (key === USER_ID) userId = copies.read(USER_ID);
    if (key === TRAITS) traits = readTraits();
  });

  function readTraits(): JsonObject {
    const value = copies.readObject(TRAITS);
    return isObject(value) ? value : {};
  }

  function keepId(id: string): void {
    anonymousId = id;
    if (!copies.write(ANONYMOUS_ID, id)) onUnwritable();
  }

  function setAnonymousId(id: string): void {
    keepId(id);
    onChange(id);
  }

  return {
    anonymousId: () => anonymousId,
    isMinted: () => MINTED.test(anonymousId) && copies.read(GIVEN_ID) !== anonymousId,
    userId: () => userId,
    traits: () => traits,
    identify(id, added) {
      const isOther = id !== undefined && userId !== undefined && id !== userId;
      if (isOther) setAnonymousId(newId());
      traits = isOther ? added : { ...traits, ...added };
      userId = id ?? userId;
      if (id !== undefined) copies.write(USER_ID, id);
      copies.writeObject(TRAITS, traits);
    },
    setAnonymousId(id) {
      if (id !== anonymousId) copies.write(GIVEN_ID, id);
      setAnonymousId(id);
    },
    reset() {
      userId = undefined;
      traits = {};
      copies.remove(USER_ID);
      copies.remove(TRAITS);
      setAnonymousId(newId());
    },
    recover(remembered) {
      recovered ??= remembered ?? candidate;
      if (anonymousId === candidate) keepId(recovered);
      return anonymousId;
    },
    // An id of the page's own may hold what JSON escapes, and what replaceAll reads as a pattern.
    correct: (text) => (recovered === candidate ? text : text.replaceAll(candidate, () => JSON.stringify(recovered ?? candidate).slice(1, -1))),
  };
}

const MINTED = /^[\w-]{21}$/;

/** 126 random bits in 21 characters that need no escaping anywhere. Serves as messageId too. */
export function newId(): string {
  return nanoid();
}
