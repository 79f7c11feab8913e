import { asJson, type JsonObject } from '../wire/index.js';
import { createCopies, NO_COPIES, type Copies, type CookieOptions, type Persistence } from './copies.js';
import { createEntity, type Entity, type EntityOptions } from './entity.js';
import { legacyIds } from './legacy.js';
import { isMinted, newId } from './new-id.js';

// The names that Customer.io's and Segment's clients use, so that visitors keep their ids when the client changes.
const ANONYMOUS_ID = 'ajs_anonymous_id';
/** The anonymous id that a page gave its visitor, in every copy, so that the other subdomains know. */
const GIVEN_ID = 'hitherto_given_id';
/** The id that pages of this origin go on with until it is known whether the visitor is new. */
const CANDIDATE = 'hitherto.candidate';
/** Fired on the window for the other clients of the page, which may be of another build. */
const SPOKEN = 'hitherto.identity';
/** A page that decides who the visitor is, and does not get on with it, is not waited for longer, milliseconds. */
const TURN_MS = 1_000;

export interface IdentityOptions {
  cookie?: CookieOptions | null | undefined;
  persistence?: Persistence | undefined;
  user?: EntityOptions | null | undefined;
  group?: EntityOptions | null | undefined;
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
  group: Entity;
  /**
   * Names the person. Another userId than before is another person: they get an anonymous id of their own, before
   * their first message leaves, and none of the traits (RULES R17). The same one adds to the traits.
   */
  identify(userId: string | undefined, traits: JsonObject): void;
  /** Says who the person is, `null` for nobody, all traits included. Somebody else is another visitor too. */
  setPerson(userId: string | null | undefined, traits: JsonObject): void;
  setAnonymousId(anonymousId: string): void;
  /** The visitor is somebody new, whoever the person is. */
  renew(): void;
  /** Forgets the person and the visitor; the next one is somebody new. */
  logout(): void;
  /** Forgets the group too. */
  reset(): void;
  /**
   * Settles the id before the database is open, where that can be: the visitor is known, or nothing remembers one.
   *
   * @param mayExist whether there may be a database, which alone may remember another visitor
   * @returns whether the id stands
   */
  settle(mayExist: Promise<boolean>): Promise<boolean>;
  /**
   * Settles the id of a visitor whom neither cookie nor localStorage remembers.
   *
   * @param remembered what IndexedDB remembers
   * @returns the id that stands
   */
  recover(remembered: string | undefined): string;
  /** The collector remembers a visitor whom nothing in this browser does: what was written of a newcomer is theirs. */
  adopt(anonymousId: string): void;
  /** Puts the id that stands where a message was written with the candidate. */
  correct(text: string): string;
  /** From now on the copies may be read and written; before, they are not. */
  begin(): void;
  /** Neither reads nor writes the copies until {@link Identity.begin}. */
  pause(): void;
  /** Removes every copy, and writes no other until {@link Identity.begin}. @returns whether a visitor was remembered */
  erase(): boolean;
  /** The same after another page has removed them: what that one remembers by now is of somebody who has agreed since, and stays. */
  forget(): void;
}

export function createIdentity(options: IdentityOptions): Identity {
  const { onChange, onUnwritable } = options;
  const stored = createCopies(options.cookie ?? {}, options.persistence);
  let copies = NO_COPIES;
  const user = createEntity(() => copies, speak, 'ajs_user_id', 'ajs_user_traits', options.user ?? {});
  const group = createEntity(() => copies, speak, 'ajs_group_id', 'ajs_group_properties', options.group ?? {});
  // Minted at once, so that no call has to wait for the database; 126 random bits occur in no message by accident.
  /** What messages are written with while nobody knows the visitor: the candidate, and that of the page before this one. */
  let candidates = [newId()];
  let recovered: string | undefined;
  /** The id stands in a cookie or in localStorage. */
  let isKept = false;
  let anonymousId = candidates[0]!;
  let isSpeaking = false;

  globalThis.addEventListener?.('storage', ({ key }) => {
    if ([ANONYMOUS_ID, ...user.names, ...group.names].includes(key!)) hear(false);
  });
  globalThis.addEventListener?.('pageshow', ({ persisted }) => persisted && hear(true));
  globalThis.addEventListener?.('visibilitychange', () => document.visibilityState === 'visible' && hear(true));

  globalThis.addEventListener?.(SPOKEN, () => {
    if (isSpeaking) return;
    hear(false);
    // Said of whoever comes from now on; whose the calls so far are is still to be found out.
    anonymousId = copies.read(ANONYMOUS_ID) ?? anonymousId;
  });

  // A page that only sends its visitor on is gone before the database has answered. Written any sooner, the candidate would be
  // believed by other pages though the database remembers another visitor.
  globalThis.addEventListener?.('pagehide', () => isOpen() && copies.write(ANONYMOUS_ID, anonymousId));

  /** Tells the other clients of this page, all of whom share what is kept. */
  function speak(): void {
    if (copies === NO_COPIES) return;
    isSpeaking = true;
    globalThis.dispatchEvent?.(new globalThis.Event(SPOKEN));
    isSpeaking = false;
  }

  /**
   * Another page has spoken, or another client of this one.
   *
   * @param isFromElsewhere whether it may be one of another subdomain, which has written the cookies and nothing else
   */
  function hear(isFromElsewhere: boolean): void {
    const visitor = copies.read(ANONYMOUS_ID);
    // What could not be kept, nobody has removed.
    if (visitor === undefined && !isKept) return;
    const isOther = isFromElsewhere && isAnother(visitor);
    for (const entity of [user, group]) entity.refresh(isOther);
    if (isOther) keepId(visitor!);
    else if (!isOpen()) anonymousId = visitor ?? anonymousId;
  }

  /** Whether the cookies have come to another visitor than the one whom this origin remembers. */
  function isAnother(visitor: string | undefined): boolean {
    return visitor !== (copies.readOwn(ANONYMOUS_ID) ?? visitor);
  }

  function begin(): void {
    if (copies === stored) return;
    copies = stored;
    const written = copies.read(ANONYMOUS_ID);
    const isOther = isAnother(written);
    const candidate = copies.readOwn(CANDIDATE);
    const known = written === candidate ? undefined : written;
    // Only for somebody new to us: after a logout, an older client's cookie must not bring the person back.
    const legacy = known === undefined ? legacyIds(copies.readCookie) : {};
    const wasOpen = isOpen();
    // Somebody else than whom this browser remembers has said who they are meanwhile: they bring their own visitor.
    const bringsOwn = user.begin(isOther, legacy.userId) && wasOpen;
    group.begin(isOther);
    recovered = bringsOwn ? anonymousId : (known ?? legacy.anonymousId);
    if (wasOpen) anonymousId = recovered ?? candidate ?? anonymousId;
    if (wasOpen && recovered === undefined) {
      candidates.push(anonymousId);
      copies.writeOwn(CANDIDATE, anonymousId);
    } else if (anonymousId !== written) keepId(anonymousId);
  }

  /** Whether nobody knows yet who the visitor is. */
  function isOpen(): boolean {
    return recovered === undefined && candidates.includes(anonymousId);
  }

  function keepId(id: string): void {
    anonymousId = id;
    isKept = copies.write(ANONYMOUS_ID, id);
    if (!isKept) onUnwritable();
  }

  function recover(remembered: string | undefined): string {
    // Another page of a new visitor may have begun at the same time, and come first.
    recovered ??= remembered ?? (isOpen() ? copies.read(ANONYMOUS_ID) : undefined) ?? candidates.at(-1)!;
    const id = candidates.includes(anonymousId) ? recovered : anonymousId;
    // Once a page: the copies agree again, and last another year.
    if (id !== anonymousId || !isKept) {
      keepId(id);
      for (const entity of [user, group]) entity.keep();
    }
    copies.writeOwn(CANDIDATE, undefined);
    return id;
  }

  function setAnonymousId(id: string): void {
    keepId(id);
    onChange(id);
    speak();
  }

  function renew(): void {
    copies.remove(GIVEN_ID);
    setAnonymousId(newId());
  }

  function isSomebodyElse(id: string | null | undefined): boolean {
    return id != null && id !== (user.id() ?? id);
  }

  function setPerson(id: string | null | undefined, traits: JsonObject): void {
    if (isSomebodyElse(id)) renew();
    user.set(id, traits);
  }

  function eraseFrom(kept: Copies): boolean {
    copies = kept;
    const wasKnown = copies.read(ANONYMOUS_ID) !== undefined;
    for (const entity of [user, group]) entity.set(null, {});
    for (const name of [ANONYMOUS_ID, GIVEN_ID]) copies.remove(name);
    copies = NO_COPIES;
    anonymousId = newId();
    candidates = [anonymousId];
    recovered = undefined;
    isKept = false;
    return wasKnown;
  }

  function logout(): void {
    user.set(null, {});
    renew();
  }

  return {
    anonymousId: () => anonymousId,
    isMinted: () => isMinted(anonymousId) && copies.read(GIVEN_ID) !== anonymousId,
    userId: user.id,
    traits: user.traits,
    group,
    identify: (id, added) => setPerson(id, isSomebodyElse(id) ? added : { ...user.traits(), ...added }),
    setPerson,
    setAnonymousId(id) {
      if (id !== anonymousId) copies.write(GIVEN_ID, id);
      setAnonymousId(id);
    },
    renew,
    logout,
    reset() {
      group.set(null, {});
      logout();
    },
    async settle(mayExist) {
      if (recovered === undefined) {
        await inTurn(async () => {
          if ((await mayExist) || copies === NO_COPIES) return;
          recover(undefined);
          // Another page would mint one of its own: the database decides.
          if (!isKept) recovered = undefined;
        });
      }
      return recovered !== undefined;
    },
    adopt(id) {
      if (!candidates.includes(anonymousId)) return;
      recovered = id;
      keepId(id);
      onChange(id);
    },
    recover,
    // An id of the page's own may hold what JSON escapes, and what replaceAll reads as a pattern.
    correct: (text) => candidates.filter((id) => id !== (recovered ?? id)).reduce((result, id) => result.replaceAll(id, () => asJson(recovered!).slice(1, -1)), text),
    begin,
    pause: () => void (copies = NO_COPIES),
    erase: () => eraseFrom(stored),
    forget: () => void eraseFrom((stored.read(ANONYMOUS_ID) ?? stored.readOwn(CANDIDATE)) === undefined ? stored : NO_COPIES),
  };
}

/**
 * Does work while no other page of this origin does the same, where the browser can see to that. Whoever waits for the work does not
 * wait for the lock to be free again, which takes the browser as long as to give it.
 */
function inTurn(work: () => Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const turn = (): Promise<void> => work().then(resolve);
    const ask = async (): Promise<void> => navigator.locks.request('hitherto.visitor', { signal: AbortSignal.timeout(TURN_MS) }, turn);
    // Missing, refused in a sandboxed frame, or held by a page that hangs.
    void ask().catch(turn);
  });
}
