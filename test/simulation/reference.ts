import type { Message, StoredEvent, Trigger } from '../../src/engine.js';
import { inOrder, type Account, type Failure } from './account.js';
import { CAMPAIGNS, type Command, type Entry } from './histories.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

type Traits = Record<string, unknown>;

/** A message as it lies in the table, rewritten whenever something happens to it. */
interface Row {
  key: string;
  message: Message;
  /** The name the message itself states. */
  stated: string | undefined;
  anonymousId: string | undefined;
  occurredAt: number;
  receivedAt: number;
  /** Whose it is now. */
  owner: Profile | undefined;
  /** It came to its owner through its anonymous id, or would have if that merge were not undone. */
  joined: boolean;
  /** When the undo of that merge gave it back. */
  givenBackAt: number | undefined;
  /** How long it had been when it became somebody's. */
  age: number;
  /** It came to its owner when people were merged. */
  inherited: boolean;
}

interface Holder {
  /** None once the person was deleted. */
  profile: Profile | undefined;
  at: number;
  /** Merging was switched off meanwhile, or the person suppressed. */
  closed: boolean;
  undoneAt: number | undefined;
}

interface Step {
  mode: 'say' | 'fill' | 'inherit';
  traits: Traits | Step[];
  /** The anonymous id that it came through. */
  through?: string;
}

interface Profile {
  id: string;
  names: Set<string>;
  steps: Step[];
}

/**
 * The rules worked the other way round, to hold the engine against: it goes through the entries in the order of the log
 * and rewrites rows at each of them, as one would with `UPDATE events SET person = … WHERE anonymous_id = …`.
 * It shares no code with `src`, and it wants no cleverness: whoever doubts it should be able to read it beside RULES.md.
 */
export function replay(history: Entry[]): Account {
  let rows: Row[] = [];
  let fired: { trigger: Trigger; row: Row }[] = [];
  let failures: { profile: Profile; line: Failure; row: Row }[] = [];
  const holders = new Map<string, Holder>();
  const byName = new Map<string, Profile>();
  const erased = new Map<string, number>();
  const suppressed = new Set<string>();
  let isMerging = true;

  for (const entry of history) {
    if ('command' in entry) obey(entry);
    else for (const message of entry.messages) receive(message, entry.receivedAt, entry.sentAt);
  }

  function receive(message: Message, receivedAt: number, sentAt: number | undefined): void {
    const key = JSON.stringify([message.userId ?? null, message.userId === undefined ? (message.anonymousId ?? '') : '', message.messageId]);
    if (rows.some((row) => row.key === key)) return;
    const occurredAt = whenItHappened(message, receivedAt, sentAt);
    const anonymousId = message.anonymousId ?? (message.anonymousId === null ? '' : undefined);
    const email = message.type === 'identify' && message.traits?.['email'] ? `email:${String(message.traits['email']).toLowerCase()}` : undefined;
    const stated = message.userId === undefined ? email : withoutPrefix(message.userId!);
    const beside = message.userId === undefined ? undefined : email;

    if (stated !== undefined) {
      if (suppressed.has(stated) || (beside && suppressed.has(beside))) return;
      if (occurredAt <= (erased.get(stated) ?? -Infinity)) return;
      if (message.userId?.startsWith('cio_') && !byName.has(stated)) return;
      const isUpdate = message.type === 'identify' && message.traits?.['_update'] === true;
      if (isUpdate && !byName.has(stated) && !(beside && byName.has(beside))) return;
    }

    const row: Row = { key, message, stated, anonymousId, occurredAt, receivedAt, owner: undefined, joined: false, givenBackAt: undefined, age: 0, inherited: false };
    rows.push(row);
    if (stated === undefined) {
      const holder = holders.get(anonymousId!);
      row.joined = isWelcome(row);
      if (row.joined && holder!.undoneAt === undefined) give(row, holder!.profile!, receivedAt);
      else if (row.joined) row.age = receivedAt - occurredAt;
      if (row.joined && message.type === 'identify') holder!.profile!.steps.push(fill(row));
      return;
    }

    const isEmailTaken = resolve(stated, beside);
    const profile = byName.get(stated)!;
    give(row, profile, receivedAt);
    const line = { at: receivedAt, messageId: message.messageId! };
    if (isEmailTaken) failures.push({ profile, row, line: { ...line, attribute: 'email' } });

    const claimed = claimedBy(message, anonymousId);
    if (claimed !== undefined && isMerging && !holders.has(claimed)) mergeInto(profile, claimed, receivedAt);
    const holder = holders.get(claimed!);
    const isRefused = holder !== undefined && holder.profile !== profile;
    if (isRefused) failures.push({ profile, row, line: { ...line, attribute: 'anonymous_id', anonymousId: claimed! } });

    if (message.type !== 'identify') return;
    const { anonymous_id: _asked, email: said, _update, ...traits } = message.traits!;
    if (said !== undefined && !isEmailTaken) traits['email'] = said;
    // What an identify says of itself goes before what its claim fills: either way it is the word that stands.
    profile.steps.push({ mode: 'say', traits });
  }

  /** Brings an id and an email together, unless both are of somebody: then it says so. */
  function resolve(stated: string, beside: string | undefined): boolean {
    const [known, other] = [byName.get(stated), beside === undefined ? undefined : byName.get(beside)];
    if (known && other && known !== other) return true;
    const profile = known ?? other ?? { id: stated, names: new Set(), steps: [] };
    if (!known && profile.id.startsWith('email:')) profile.id = stated;
    for (const name of beside === undefined ? [stated] : [stated, beside]) {
      profile.names.add(name);
      byName.set(name, profile);
    }
    return false;
  }

  function mergeInto(profile: Profile, anonymousId: string, receivedAt: number): void {
    holders.set(anonymousId, { profile, at: receivedAt, closed: false, undoneAt: undefined });
    const joining = rows.filter((row) => row.stated === undefined && row.anonymousId === anonymousId && receivedAt - row.occurredAt <= 30 * DAY);
    for (const row of joining.toSorted((a, b) => a.occurredAt - b.occurredAt)) {
      row.joined = true;
      give(row, profile, receivedAt);
      if (row.message.type === 'identify') profile.steps.push(fill(row));
    }
  }

  function isWelcome({ anonymousId, occurredAt, receivedAt }: Row): boolean {
    const holder = holders.get(anonymousId!);
    return holder?.profile !== undefined && !holder.closed && receivedAt - holder.at <= 5 * MINUTE && holder.at - occurredAt <= 30 * DAY;
  }

  function give(row: Row, profile: Profile, at: number): void {
    row.owner = profile;
    row.age = at - row.occurredAt;
    fire(row, profile.id);
  }

  function fire(row: Row, person: string): void {
    const { message, age } = row;
    if (age > 72 * HOUR || message.type !== 'track' || fired.some((one) => one.row === row)) return;
    for (const { name, event } of CAMPAIGNS) {
      if (event === message.event) fired.push({ row, trigger: { campaign: name, person, messageId: message.messageId! } });
    }
  }

  function fill({ anonymousId, message }: Row): Step {
    return { mode: 'fill', traits: message.traits!, through: anonymousId! };
  }

  function find(id: string): Profile | undefined {
    return meanings(id).map((name) => byName.get(name)).find(Boolean);
  }

  /** What is to be ignored of somebody: all of their names, and what else those could be while it is nobody's. */
  function namesOf(id: string): string[] {
    const own = [...(find(id)?.names ?? [])];
    return [...own, ...[id, ...own].flatMap(meanings).filter((name) => !byName.has(name))];
  }

  function obey(command: Command): void {
    const { receivedAt } = command;
    if (command.command === 'purge') {
      rows = rows.filter((row) => row.owner !== undefined || receivedAt - (row.givenBackAt ?? row.receivedAt) <= 30 * DAY);
    } else if (command.command === 'settings') {
      isMerging = command.anonymousEventMerge;
      if (!isMerging) for (const holder of holders.values()) holder.closed = true;
    } else if (command.command === 'undoMerge') undo(command.anonymousId, receivedAt);
    else if (command.command === 'mergePeople') mergePeople(find(command.primary), find(command.secondary));
    else if (command.command === 'deletePerson') forget(find(command.person), namesOf(command.person), receivedAt);
    else {
      for (const name of namesOf(command.person)) suppressed[command.command === 'suppress' ? 'add' : 'delete'](name);
      const profile = find(command.person);
      if (command.command === 'suppress') for (const holder of holders.values()) if (profile && holder.profile === profile) holder.closed = true;
    }
  }

  function undo(anonymousId: string, at: number): void {
    const holder = holders.get(anonymousId);
    if (!holder?.profile) return;
    const through = rows.filter((row) => row.joined && row.anonymousId === anonymousId);
    if (holder.undoneAt === undefined) {
      holder.undoneAt = at;
      for (const row of through) {
        row.owner = undefined;
        row.givenBackAt = at;
      }
    } else if (at - holder.undoneAt <= 30 * DAY) {
      holder.undoneAt = undefined;
      for (const row of through) {
        row.owner = holder.profile;
        if (!row.inherited) fire(row, holder.profile.id);
      }
    }
  }

  function mergePeople(primary: Profile | undefined, secondary: Profile | undefined): void {
    if (!primary || !secondary || primary === secondary) return;
    if (suppressed.has(primary.id)) {
      for (const name of namesOf(secondary.id)) suppressed.add(name);
      for (const holder of holders.values()) if (holder.profile === secondary) holder.closed = true;
    }
    primary.steps.push({ mode: 'inherit', traits: secondary.steps });
    for (const name of secondary.names) {
      primary.names.add(name);
      byName.set(name, primary);
    }
    for (const row of rows) {
      if (row.owner === secondary || (row.joined && holders.get(row.anonymousId!)!.profile === secondary)) row.inherited = true;
      if (row.owner === secondary) row.owner = primary;
    }
    for (const holder of holders.values()) if (holder.profile === secondary) holder.profile = primary;
    for (const failure of failures) if (failure.profile === secondary) failure.profile = primary;
  }

  function forget(profile: Profile | undefined, names: string[], at: number): void {
    if (!profile) return;
    fired = fired.filter(({ row }) => row.owner !== profile && !(row.joined && holders.get(row.anonymousId!)!.profile === profile));
    rows = rows.filter((row) => row.owner !== profile);
    failures = failures.filter((failure) => failure.profile !== profile);
    for (const name of names) {
      byName.delete(name);
      erased.set(name, at);
    }
    for (const [anonymousId, holder] of holders) {
      if (holder.profile !== profile) continue;
      holder.profile = undefined;
      for (const row of rows) if (row.anonymousId === anonymousId) row.joined = false;
    }
  }

  function traitsOf(steps: Step[]): Traits {
    const traits: Traits = {};
    for (const { mode, traits: given, through } of steps) {
      if (through !== undefined && holders.get(through)!.undoneAt !== undefined) continue;
      for (const [name, value] of Object.entries(Array.isArray(given) ? traitsOf(given) : given)) {
        const isUnset = !Object.hasOwn(traits, name);
        const isEmpty = traits[name] === null || traits[name] === '';
        if (mode === 'say' || isUnset || (mode === 'inherit' && isEmpty)) traits[name] = value;
      }
    }
    return traits;
  }

  function heldBy(id: string): string[] {
    return [...holders].flatMap(([anonymousId, { profile, undoneAt }]) => (profile?.id === id && undoneAt === undefined ? anonymousId : []));
  }

  function toEvent({ message, anonymousId, owner, joined, age, inherited, occurredAt, receivedAt }: Row): StoredEvent {
    return {
      messageId: message.messageId!,
      type: message.type as StoredEvent['type'],
      name: (message.event ?? message.name)!,
      ...(anonymousId !== undefined && { anonymousId }),
      ...(owner && { person: owner.id }),
      previouslyAnonymous: owner !== undefined && joined,
      occurredAt,
      receivedAt,
      canTrigger: owner !== undefined && age <= 72 * HOUR && !inherited,
    };
  }

  const events = rows.filter(({ message: { type } }) => type === 'track' || type === 'page' || type === 'screen').map(toEvent);
  return inOrder({
    people: [...new Set(byName.values())].map(({ id, steps }) => ({
      id,
      traits: { ...traitsOf(steps), ...heldBy(id).slice(-1).reduce((_, last) => ({ anonymous_id: last }), {}) },
      anonymousIds: heldBy(id),
      events: events.filter(({ person }) => person === id).toSorted((a, b) => a.occurredAt - b.occurredAt),
    })),
    events,
    merges: [...holders].flatMap(([anonymousId, { profile, at }]) => {
      const merged = events.filter((event) => event.previouslyAnonymous && event.anonymousId === anonymousId);
      const oldest = Math.floor(Math.min(...merged.map(({ occurredAt }) => occurredAt)) / 1000);
      return merged.length === 0 ? [] : { anonymousId, person: profile!.id, at, count: merged.length, oldest };
    }),
    failures: failures.map(({ profile, line }) => ({ anonymousId: undefined, ...line, person: profile.id }) as Failure),
    triggers: fired.map(({ trigger }) => trigger),
  });
}

/** Which anonymous id a message of a known person asks for. */
function claimedBy(message: Message, anonymousId: string | undefined): string | undefined {
  if (message.type === 'alias' && message.previousId !== anonymousId) return undefined;
  if (message.type !== 'identify' && message.type !== 'alias') return undefined;
  const written = anonymousId?.trim() ? anonymousId : (message.traits?.['anonymous_id'] as string | undefined);
  return written === undefined || ['null', '"None"'].includes(written) ? undefined : written;
}

function withoutPrefix(id: string): string {
  return id.startsWith('cio_') ? id.slice(4) : id;
}

/** An id may be an email, and an email somebody's id: what it says first. */
function meanings(id: string): string[] {
  const email = id.replace('email:', '').toLowerCase();
  return [withoutPrefix(id), ...(id.includes('@') ? [`email:${email}`, email] : [])];
}

function whenItHappened({ timestamp }: Message, receivedAt: number, sentAt: number | undefined): number {
  let happened = typeof timestamp === 'number' ? timestamp * 1000 : Date.parse(timestamp ?? '');
  if (Number.isNaN(happened)) happened = receivedAt;
  // Sent an hour ago by their clock, received now: their clock is an hour slow, and so was the event's.
  else if (sentAt !== undefined && Math.abs(receivedAt - sentAt) > MINUTE) happened = receivedAt - (sentAt - happened);
  return Math.min(happened, receivedAt);
}
