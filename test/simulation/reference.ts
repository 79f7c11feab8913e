import type { Message, StoredEvent } from '../../src/engine.js';
import { inOrder, type Account, type Failure } from './account.js';
import type { History } from './histories.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** An event as it lies in the table. */
type Row = Omit<StoredEvent, 'anonymousId'> & { anonymousId: string | undefined };

interface Profile {
  /** What identifies said of them by name: nothing else may change these. */
  said: Record<string, unknown>;
  /** What their anonymous past says where they say nothing. */
  filled: Record<string, unknown>;
  anonymousIds: string[];
}

/**
 * The rules worked the other way round, to hold the engine against: it goes through the requests in the order of the log
 * and rewrites rows at each identify, as one would with `UPDATE events SET person = … WHERE anonymous_id = …`.
 * It shares no code with `src`, and it wants no cleverness: whoever doubts it should be able to read it beside RULES.md.
 */
export function replay(history: History): Account {
  const rows: Row[] = [];
  const holders = new Map<string, { person: string; at: number }>();
  const profiles = new Map<string, Profile>();
  const waitingTraits: { anonymousId: string; occurredAt: number; traits: Record<string, unknown> }[] = [];
  const failures: Failure[] = [];
  const seen = new Set<string>();

  for (const { messages, receivedAt, sentAt } of history) {
    for (const message of messages) receive(message, receivedAt, sentAt);
  }

  function receive(message: Message, receivedAt: number, sentAt: number | undefined): void {
    const key = JSON.stringify([message.userId ?? null, message.userId === undefined ? (message.anonymousId ?? '') : '', message.messageId]);
    if (seen.has(key)) return;
    seen.add(key);

    const occurredAt = whenItHappened(message, receivedAt, sentAt);
    const anonymousId = message.anonymousId ?? (message.anonymousId === null ? '' : undefined);
    const person = message.userId ?? (message.type === 'identify' && message.traits?.['email'] ? 'email:p@example.com' : undefined);
    if (person !== undefined) profileOf(person);

    if (message.type === 'track' || message.type === 'page' || message.type === 'screen') {
      const row: Row = {
        messageId: message.messageId!,
        type: message.type,
        name: (message.event ?? message.name)!,
        anonymousId,
        previouslyAnonymous: false,
        occurredAt,
        receivedAt,
        canTrigger: false,
      };
      rows.push(row);
      if (person !== undefined) give(row, person, receivedAt);
      else if (isWelcome(anonymousId, occurredAt, receivedAt)) join(row, receivedAt);
    }

    if (message.type === 'identify' && person === undefined) {
      const traits = { anonymousId: anonymousId!, occurredAt, traits: message.traits! };
      if (isWelcome(anonymousId, occurredAt, receivedAt)) fill(traits);
      else if (!holders.has(anonymousId!)) waitingTraits.push(traits);
    }

    if (person === undefined) return;
    const claimed = claimedBy(message, anonymousId);
    if (claimed !== undefined && !holders.has(claimed)) mergeInto(person, claimed, receivedAt);
    const isRefused = claimed !== undefined && holders.get(claimed)!.person !== person;
    if (isRefused) failures.push({ person, anonymousId: claimed, at: receivedAt, messageId: message.messageId! });

    if (message.type !== 'identify') return;
    const { anonymous_id: shown, ...traits } = message.traits!;
    Object.assign(profileOf(person).said, traits);
    if (shown !== undefined && shown === claimed && !isRefused) profileOf(person).said['anonymous_id'] = shown;
  }

  function mergeInto(person: string, anonymousId: string, receivedAt: number): void {
    holders.set(anonymousId, { person, at: receivedAt });
    profileOf(person).anonymousIds.push(anonymousId);
    const isInTime = ({ anonymousId: id, occurredAt }: { anonymousId: string | undefined; occurredAt: number }): boolean =>
      id === anonymousId && receivedAt - occurredAt <= 30 * DAY;
    for (const row of rows) if (row.person === undefined && isInTime(row)) join(row, receivedAt);
    waitingTraits
      .filter(isInTime)
      .sort((a, b) => a.occurredAt - b.occurredAt)
      .forEach(fill);
  }

  function isWelcome(anonymousId: string | undefined, occurredAt: number, receivedAt: number): boolean {
    const holder = holders.get(anonymousId!);
    return holder !== undefined && receivedAt - holder.at <= 5 * MINUTE && holder.at - occurredAt <= 30 * DAY;
  }

  function join(row: Row, attachedAt: number): void {
    give(row, holders.get(row.anonymousId!)!.person, attachedAt);
    row.previouslyAnonymous = true;
  }

  function give(row: Row, person: string, attachedAt: number): void {
    row.person = person;
    row.canTrigger = attachedAt - row.occurredAt <= 72 * HOUR;
  }

  function fill({ anonymousId, traits }: { anonymousId: string; traits: Record<string, unknown> }): void {
    const { filled } = profileOf(holders.get(anonymousId)!.person);
    for (const [name, value] of Object.entries(traits)) if (!Object.hasOwn(filled, name)) filled[name] = value;
  }

  function profileOf(person: string): Profile {
    const profile = profiles.get(person) ?? { said: {}, filled: {}, anonymousIds: [] };
    profiles.set(person, profile);
    return profile;
  }

  const events = rows as StoredEvent[];
  return inOrder({
    people: [...profiles].map(([id, { said, filled, anonymousIds }]) => ({
      id,
      traits: { ...filled, ...said },
      anonymousIds,
      events: events.filter(({ person }) => person === id).toSorted((a, b) => a.occurredAt - b.occurredAt),
    })),
    events,
    merges: [...holders].flatMap(([anonymousId, { person, at }]) => {
      const merged = rows.filter((row) => row.previouslyAnonymous && row.anonymousId === anonymousId);
      const oldest = Math.floor(Math.min(...merged.map(({ occurredAt }) => occurredAt)) / 1000);
      return merged.length === 0 ? [] : { anonymousId, person, at, count: merged.length, oldest };
    }),
    failures,
  });
}

/** Which anonymous id a message of a known person asks for. */
function claimedBy(message: Message, anonymousId: string | undefined): string | undefined {
  if (message.type === 'alias' && message.previousId !== anonymousId) return undefined;
  if (message.type !== 'identify' && message.type !== 'alias') return undefined;
  const written = anonymousId?.trim() ? anonymousId : (message.traits?.['anonymous_id'] as string | undefined);
  return written === undefined || ['null', '"None"'].includes(written) ? undefined : written;
}

function whenItHappened({ timestamp }: Message, receivedAt: number, sentAt: number | undefined): number {
  let happened = typeof timestamp === 'number' ? timestamp * 1000 : Date.parse(timestamp ?? '');
  if (Number.isNaN(happened)) happened = receivedAt;
  // Sent an hour ago by their clock, received now: their clock is an hour slow, and so was the event's.
  else if (sentAt !== undefined && Math.abs(receivedAt - sentAt) > MINUTE) happened = receivedAt - (sentAt - happened);
  return Math.min(happened, receivedAt);
}
