import { isObject, type JsonObject } from '../../wire/index.js';
import { invalid, required, type TrackFault } from './call.js';

/** An address with one @ and no space: what the Track API takes for an email in a path. */
const EMAIL = /^[^\s@]+@[^\s@]+$/;
const SYSTEM_PREFIX = 'cio_';

/** Whom a call is about, in the fields of a message: a person, a visitor, or nobody that anybody could ever be. */
export type Who = { userId: string } | { anonymousId: string | null };

/** Who is named in a path: an id, an email or `cio_…`, as a userId (RULES R21). */
export function personInPath(text: string): string {
  return EMAIL.test(text) && !text.startsWith(SYSTEM_PREFIX) ? emailId(text) : text;
}

/** Who is named by `{ id }`, `{ email }` or `{ cio_id }`; by `{ anonymous_id }` when it is not a person. */
export function whoIn(identifiers: unknown): { who: Who; fault?: never } | { fault: TrackFault; who?: never } {
  if (!isObject(identifiers)) return required('identifiers', 'Say whom this is about: "identifiers": { "id": "…" }, { "email": "…" } or { "anonymous_id": "…" }.');
  const [id, email, system, anonymousId] = ['id', 'email', 'cio_id', 'anonymous_id'].map((name) => textOf(identifiers[name]));
  if (id !== undefined) return { who: { userId: id } };
  if (system !== undefined) return { who: { userId: system.startsWith(SYSTEM_PREFIX) ? system : SYSTEM_PREFIX + system } };
  if (email !== undefined) return { who: { userId: emailId(email) } };
  if (anonymousId !== undefined) return { who: { anonymousId } };
  return invalid('identifiers', 'identifiers hold an id, an email, a cio_id or an anonymous_id, as text that is not blank.');
}

/** The same, of a call that can only be about a person. */
export function personIn(identifiers: unknown): { person: string; fault?: never } | { fault: TrackFault; person?: never } {
  const { who, fault } = whoIn(identifiers);
  if (fault) return { fault };
  return 'userId' in who ? { person: who.userId } : invalid('identifiers', 'This is about a person, so identifiers hold an id, an email or a cio_id.');
}

/**
 * An identify of somebody. An email and an id beside one another are names of the same person, whichever of the two stands in
 * the path.
 */
export function identifyOf(who: Who, attributes: JsonObject): JsonObject {
  const id = textOf(attributes['id']);
  if (!('userId' in who) || !who.userId.startsWith(EMAIL_PREFIX) || id === undefined) return { type: 'identify', ...who, traits: attributes };
  const { id: _id, ...traits } = attributes;
  return { type: 'identify', userId: id, traits: { email: who.userId.slice(EMAIL_PREFIX.length), ...traits } };
}

/** A number stands for its text, as everywhere; blank is absent. */
export function textOf(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && text.trim() !== '' ? text : undefined;
}

const EMAIL_PREFIX = 'email:';

function emailId(email: string): string {
  return EMAIL_PREFIX + email.trim().toLowerCase();
}
