import { emailName, type AcceptedMessage } from '../wire/index.js';
import type { Link } from './directory.js';
import type { MessageRecord } from './record.js';

/** What is known of a name when a message uses it. */
export interface NameFacts {
  /** The name that the person goes by; the name itself when nobody is known by it. */
  root: string;
  /** Something named them before. */
  isKnown: boolean;
  /** When somebody of this name was deleted, milliseconds: what happened up to then is theirs and goes with them (RULES R24). */
  erasedAt?: number | undefined;
  isSuppressed?: boolean | undefined;
}

/** The names in a message: the one it is filed under, and an email beside it. */
export interface Names {
  path: NameFacts;
  email?: NameFacts | undefined;
}

/** Why a message is not kept, though nothing is wrong with its form. */
export interface Drop {
  code: 'suppressed' | 'erased' | 'unknown_person' | 'nobody_to_update';
  message: string;
}

/** The email that an identify states besides the id of its person, as a name (RULES R21). */
export function emailBeside({ type, userId, traits }: AcceptedMessage): string | undefined {
  return type === 'identify' && userId !== undefined ? emailName(traits?.['email']) : undefined;
}

/** The id that the system gives to whoever goes by a name, as in `cio_ada`: it names nobody unless somebody is known by that name. */
const SYSTEM_PREFIX = 'cio_';

/** Whether a userId is one that the system gave, rather than one of the host's own. */
function isSystemId(userId: string | undefined): userId is string {
  return userId !== undefined && userId.startsWith(SYSTEM_PREFIX) && userId.length > SYSTEM_PREFIX.length;
}

/** The name in a userId. */
export function userName(userId: string): string {
  return isSystemId(userId) ? userId.slice(SYSTEM_PREFIX.length) : userId;
}

/** The names that may be meant by an id, an email, `email:…` or `cio_…`: the first that somebody is known by is meant (RULES R21). */
export function namesMeantBy(id: string): string[] {
  const email = id.includes('@') ? emailName(id.replace(/^email:/i, '')) : undefined;
  // Some sites give an email as the id.
  return email === undefined ? [userName(id)] : [userName(id), email, email.slice('email:'.length)];
}

/** The name that is meant while nobody is known by any of them. */
export function nameMeantBy(id: string): string {
  const [name, email = name!] = namesMeantBy(id);
  return email;
}

/** Whether deciding on a message takes knowing who is known. All others name one person, or nobody, and that is that. */
export function asksWhoIsKnown(message: AcceptedMessage): boolean {
  return isSystemId(message.userId) || isUpdate(message) || emailBeside(message) !== undefined;
}

/** Why a message has to be left out, if it has to. */
export function dropOf({ message, occurredAt }: MessageRecord, { path, email }: Names): Drop | undefined {
  if (path.isSuppressed || email?.isSuppressed) return { code: 'suppressed', message: 'This person is suppressed; nothing about them is kept.' };
  if (path.erasedAt !== undefined && occurredAt <= path.erasedAt) {
    return { code: 'erased', message: 'This happened before the person was deleted, and is not kept.' };
  }
  if (isSystemId(message.userId) && !path.isKnown) return { code: 'unknown_person', message: 'Nobody has this cio_id.' };
  if (isUpdate(message) && !path.isKnown && !email?.isKnown) {
    return { code: 'nobody_to_update', message: 'The message says _update, and there is nobody to update.' };
  }
  return undefined;
}

/**
 * The link that an identify with an id and an email makes: whichever of the two is new becomes a name of the one who is
 * known (RULES R21). Two people who are known already stay two.
 */
export function linkOf({ message, person, receivedAt, sequence }: MessageRecord, { path, email }: Names): { name: string; link: Link } | undefined {
  const name = emailBeside(message);
  if (!email || name === undefined || path.root === email.root) return undefined;
  const link = (from: string, to: string): { name: string; link: Link } => ({ name: from, link: { person: to, isMerge: false, receivedAt, sequence } });
  if (!email.isKnown) return link(name, path.root);
  if (path.isKnown) return undefined;
  // Somebody known only by an email goes by the id from now on; somebody who has one keeps it, and answers to both.
  return email.root.startsWith('email:') ? link(email.root, person!) : link(person!, email.root);
}

function isUpdate({ type, traits }: AcceptedMessage): boolean {
  return type === 'identify' && traits?.['_update'] === true;
}
