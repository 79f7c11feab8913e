import { emailName } from './email-name.js';
import { ANONYMOUS_ID_CHARACTERS, isLongerThanId, MESSAGE_ID_CHARACTERS, USER_ID_BYTES } from './limits.js';
import { MESSAGE_TYPES, type AcceptedMessage, type JsonObject, type MessageType } from './message.js';
import { isObject } from './object.js';

/** What is wrong with a message: a code for programs, a sentence for people. */
export interface Fault {
  code: string;
  message: string;
}

export type ParsedMessage = { message: AcceptedMessage; fault?: never } | { fault: Fault; message?: never };

/**
 * Turns whatever arrived into a message that everything behind the door can trust. Never throws.
 *
 * The result is a new object only where something had to change: a million messages go through here.
 *
 * @param value anything: a message of a page, an item of a batch, somebody's mistake
 * @param spareId gives the id of a message that has none; it cannot be recognised when it comes twice
 */
export function parseMessage(value: unknown, spareId: () => string): ParsedMessage {
  try {
    return parse(value, spareId);
  } catch {
    // A getter or a proxy of the page threw. Over HTTP this cannot happen: JSON has neither.
    return { fault: UNREADABLE };
  }
}

/** A message that throws when it is read. */
export const UNREADABLE: Fault = { code: 'unreadable', message: 'Reading this message threw an exception; send plain data.' };

function parse(value: unknown, spareId: () => string): ParsedMessage {
  if (!isObject(value)) return fault('not_an_object', `A message is an object with a type; this is ${kindOf(value)}.`);

  const type = value['type'] as MessageType;
  if (!MESSAGE_TYPES.includes(type)) {
    return fault('unknown_type', `A message's type is one of ${MESSAGE_TYPES.join(', ')}; this one's is ${quoted(type)}.`);
  }

  const messageId = idOf(value['messageId']) ?? spareId();
  if (messageId === INVALID || messageId.length > MESSAGE_ID_CHARACTERS) {
    return fault('bad_message_id', `messageId is text of at most ${MESSAGE_ID_CHARACTERS} characters.`);
  }

  const userId = idOf(value['userId']);
  if (userId === INVALID || (userId !== undefined && isLongerThanId(userId))) {
    return fault('bad_user_id', `userId is text of at most ${USER_ID_BYTES} bytes.`);
  }

  // A blank anonymousId is kept as it came: it is stored and never merges (RULES R3), which is not the same as absent.
  const anonymousId = value['anonymousId'] === null ? '' : textOf(value['anonymousId']);
  if (anonymousId === INVALID || (anonymousId !== undefined && anonymousId.length > ANONYMOUS_ID_CHARACTERS)) {
    return fault('bad_anonymous_id', `anonymousId is text of at most ${ANONYMOUS_ID_CHARACTERS} characters.`);
  }

  const groupId = type === 'group' ? idOf(value['groupId']) : undefined;
  if (type === 'group' && (groupId === undefined || groupId === INVALID)) {
    return fault('no_group_id', 'A group message needs a groupId, as text.');
  }
  const previousId = type === 'alias' ? idOf(value['previousId']) : undefined;
  if (previousId === INVALID) {
    return fault('bad_previous_id', 'previousId is text: the id that the person had before.');
  }

  // One by one: in a loop over their names, each is looked up in the message's hidden class anew, a twentieth of the engine's time.
  const misshapen = partFault('properties', value['properties']) ?? partFault('traits', value['traits']) ?? partFault('context', value['context']);
  if (misshapen) return misshapen;

  if (userId === undefined && anonymousId === undefined && !hasEmail(value, type)) {
    return fault('no_identity', 'Say whose message this is: userId, anonymousId or both.');
  }
  if (type === 'track' && !isName(value['event'])) {
    return fault('no_event', 'A track call needs a name: track("addedToCart"), or "event": "addedToCart" in the message.');
  }

  const isAsAccepted =
    value['messageId'] === messageId &&
    value['userId'] === userId &&
    value['anonymousId'] === anonymousId &&
    (groupId === undefined || value['groupId'] === groupId) &&
    (previousId === undefined || value['previousId'] === previousId);
  if (isAsAccepted) return { message: value as unknown as AcceptedMessage };
  // A missing id is undefined, which JSON leaves out: leaving out the key here was measured to cost more than everything else
  // that happens to a message, and the original client sends "userId": null with each anonymous one.
  return {
    message: {
      ...(value as unknown as AcceptedMessage),
      messageId,
      userId,
      anonymousId,
      ...(groupId !== undefined && { groupId }),
      ...(previousId !== undefined && { previousId }),
    },
  };
}

/** Stands for an id that is neither text nor a number. No id can contain it: it is a lone surrogate. */
const INVALID = '\ud800';

/** An id as text; `undefined` when there is none. Numbers become text, as in the original client. */
function idOf(value: unknown): string | undefined {
  const text = value === null ? undefined : textOf(value);
  return text === undefined || text.trim() === '' ? undefined : text;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string' || value === undefined) return value;
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : INVALID;
}

/** An identify without a userId names its person by the email among its traits (RULES R21). */
function hasEmail(value: JsonObject, type: MessageType): boolean {
  const traits = value['traits'];
  return type === 'identify' && isObject(traits) && emailName(traits['email']) !== undefined;
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function partFault(field: string, part: unknown): { fault: Fault } | undefined {
  if (part === undefined || part === null || isObject(part)) return undefined;
  return fault(`bad_${field}`, `${field} is an object, as in { "plan": "pro" }; this is ${kindOf(part)}.`);
}

function fault(code: string, message: string): { fault: Fault } {
  return { fault: { code, message } };
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (value === undefined) return 'missing';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function quoted(value: unknown): string {
  return typeof value === 'string' ? `"${value.slice(0, 40)}"` : kindOf(value);
}
