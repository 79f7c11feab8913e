import { isObject, USER_ID_BYTES, utf8Bytes, type JsonObject } from '../../wire/index.js';
import { invalid, required, type TrackFault } from './call.js';

/** An address with one @ and no space: what the Track API takes for an email in a path. */
const EMAIL = /^[^\s@]+@[^\s@]+$/;
const EMAIL_PREFIX = 'email:';
const SYSTEM_PREFIX = 'cio_';

/** Whom a call is about, in the fields of a message: a person, a visitor, or nobody that anybody could ever be. */
export type Who = { userId: string } | { anonymousId: string | null };

export type FoundPerson = { person: string; fault?: never } | { fault: TrackFault; person?: never };

/** Who is named in a path: an id, an email or `cio_…` (RULES R21). */
export function personInPath(text: string): FoundPerson {
  if (text.trim() === '') return required('identifiers', 'Whom this is about is blank: the path has their id, email or cio_id in it.');
  const { fault } = fitting(emailInPath(text) ?? text);
  return fault ? { fault } : { person: text };
}

/** What is in a path as the name of whoever has it for an email, if it can be one. */
export function emailInPath(text: string): string | undefined {
  return EMAIL.test(text) && !text.startsWith(SYSTEM_PREFIX) ? emailId(text) : undefined;
}

/** Who is named by `{ id }`, `{ email }` or `{ cio_id }`; by `{ anonymous_id }` when it is not a person. */
export function whoIn(identifiers: unknown): { who: Who; fault?: never } | { fault: TrackFault; who?: never } {
  if (!isObject(identifiers)) return required('identifiers', 'Say whom this is about: "identifiers": { "id": "…" }, { "email": "…" } or { "anonymous_id": "…" }.');
  const [id, email, system, anonymousId] = ['id', 'email', 'cio_id', 'anonymous_id'].map((name) => textOf(identifiers[name]));
  const name = id ?? (system && SYSTEM_PREFIX + system.replace(SYSTEM_PREFIX, '')) ?? (email && emailId(email));
  if (name === undefined && anonymousId !== undefined) return { who: { anonymousId } };
  if (name === undefined) return required('identifiers', 'identifiers hold an id, an email, a cio_id or an anonymous_id, as text that is not blank.');
  const { person, fault } = fitting(name);
  return fault ? { fault } : { who: { userId: person } };
}

/** The same, of a call that can only be about a person. @param field where they are named */
export function personIn(identifiers: unknown, field = 'identifiers'): FoundPerson {
  const { who, fault } = whoIn(identifiers);
  if (fault) return { fault: { ...fault, field, message: field === 'identifiers' ? fault.message : `${field}: ${fault.message}` } };
  return 'userId' in who ? { person: who.userId } : invalid(field, 'This is about a person: say their id, email or cio_id.');
}

/**
 * An identify of somebody. An email and an id beside one another are names of the same person, whichever of the two stands in
 * the path; whoever is named by an email has it among their traits.
 */
export function identifyOf(who: Who, attributes: JsonObject): JsonObject {
  if (!('userId' in who) || !who.userId.startsWith(EMAIL_PREFIX)) return { type: 'identify', ...who, traits: attributes };
  const { id, ...others } = attributes;
  const traits = { email: who.userId.slice(EMAIL_PREFIX.length), ...others };
  const userId = textOf(id);
  return userId === undefined ? { type: 'identify', ...who, traits } : { type: 'identify', userId, traits };
}

/** A number stands for its text, as everywhere; blank is absent. */
export function textOf(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && text.trim() !== '' ? text : undefined;
}

/** A command has no message that would be checked later. */
function fitting(person: string): FoundPerson {
  if (utf8Bytes(person) <= USER_ID_BYTES) return { person };
  return invalid('identifiers', `An id has at most ${USER_ID_BYTES} bytes, an email at most ${USER_ID_BYTES - EMAIL_PREFIX.length}.`);
}

function emailId(email: string): string {
  return EMAIL_PREFIX + email.trim().toLowerCase();
}
