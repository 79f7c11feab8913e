import {
  isObject,
  parseMessage,
  UNREADABLE,
  type AcceptedMessage,
  type Activity,
  type ActivityFilter,
  type Fault,
  type Message,
  type Person,
  type StoredEvent,
} from '../wire/index.js';
import { activitiesOf, isShown, mergeActivity, storedEvent } from './activity.js';
import { parseCampaigns, type Campaign } from './campaign.js';
import { commandActivity, DONE, NO_MERGE, NOBODY, SAME_PERSON, TOO_LATE_TO_RESTORE, type Command, type CommandResult } from './command.js';
import { decide, mergingId, type Arrival, type Decision, type Outcome } from './decide.js';
import { createDirectory, type Link } from './directory.js';
import { explanationOf, UNKNOWN_MESSAGE, type Explanation } from './explain.js';
import { asksWhoIsKnown, emailBeside, emailName, userName, type NameFacts, type Names } from './identity.js';
import { attachedAt, isMerged, membership } from './membership.js';
import { personOf, traitHistoryOf, type Holdings } from './person.js';
import { byPosition, claimedAt, isBefore, isEvent, isStanding, personNamedBy, streamOf, type Claim, type MessageRecord, type Position } from './record.js';
import { previewOf, type Preview } from './preview.js';
import { isMember, parseSegments, spellsIn, type Segment } from './segment.js';
import { isMergingAt, switchedOffAfter, type Settings, type SettingsChange } from './settings.js';
import { byTrigger, triggersOf, type PlacedTrigger, type Trigger } from './trigger.js';
import { RETENTION_MS } from './windows.js';

/** When messages arrived. */
export interface ReceivedAt {
  /** Milliseconds; stamped once for all the messages of a request. */
  receivedAt: number;
  /** Breaks the tie within a millisecond; the next number when absent. */
  sequence?: number;
  /** When the request left, by its sender's clock; corrects that clock when it is more than a minute off. */
  sentAt?: string | number | undefined;
}

/** When a command was given: milliseconds, or with the sequence that breaks the tie within one. */
export type CommandAt = number | { receivedAt: number; sequence?: number };

export interface EngineOptions {
  /** Whether an identify joins what its visitor did anonymously; `settings` switches it later. @defaultValue true */
  anonymousEventMerge?: boolean;
  /** What starts when a person does something. @defaultValue none */
  campaigns?: Campaign[];
  /** Groups of people by what they did or are. @defaultValue none */
  segments?: Segment[];
}

/** Somebody came into a segment, or left it. */
export interface SegmentChange {
  /** Milliseconds. */
  at: number;
  person: string;
  type: 'entered' | 'left';
}

/** The merge rules over plain memory: synchronous, with no clock and no I/O of its own. */
export interface Engine {
  /**
   * Takes messages in; answers for each of them, in order. Never throws, whatever a message looks like.
   * The engine keeps the objects themselves, so leave them as they are afterwards.
   */
  receive(messages: Message | Message[], at: ReceivedAt): Outcome[];
  /** Everybody known, in the order of their ids. */
  people(): Person[];
  /** @param id an id, an email, `email:…`, or `cio_…` */
  person(id: string): Person | undefined;
  /** Every track, page and screen, in the order of the log. */
  events(): StoredEvent[];
  /** The activity log, newest first. */
  activity(filter?: ActivityFilter): Activity[];
  /** The same, each line with its place, for a ledger that gives it out page by page. */
  placedActivity(filter?: ActivityFilter): PlacedActivity[];
  /** Every campaign that was started, once for each event, in the order in which they were. */
  triggers(): Trigger[];
  /**
   * Who is in a segment, and how everybody came in and left until then.
   *
   * @param now milliseconds
   * @throws when there is no segment of this name
   */
  segment(name: string, now: number): { members: string[]; changes: SegmentChange[] };
  /**
   * Why a message is, or is not, somebody's.
   *
   * @param anonymousId tells copies apart that were sent under several
   * @param now milliseconds; the last `receivedAt` when absent
   */
  explain(messageId: string, anonymousId?: string, now?: number): Explanation;
  /** What identifying a person with an anonymous id would do, without doing it. @param now milliseconds; the last `receivedAt` when absent */
  preview(person: string, anonymousId: string, now?: number): Preview;
  /** Makes two people one: the secondary's past and names become the primary's. Both must be known. */
  mergePeople(primary: string, secondary: string, at: CommandAt): CommandResult;
  /** Takes back what an anonymous id brought its person; called again, within 30 days, it restores that exactly. The id stays unusable. */
  undoMerge(anonymousId: string, at: CommandAt): CommandResult;
  /** Forgets a person and whatever is theirs. Their anonymous ids stay taken, and what happened before is not taken in again. */
  deletePerson(id: string, at: CommandAt): CommandResult;
  /** Keeps nothing that names a person, from now on. They need not be known. */
  suppress(id: string, at: CommandAt): CommandResult;
  unsuppress(id: string, at: CommandAt): CommandResult;
  /** Switches merging; not retroactive by itself: the next identify claims what is still inside 30 days. */
  settings(change: Partial<Settings>, at: CommandAt): Settings;
  /** Deletes what stayed anonymous for more than 30 days. Never changes what merges. @returns how many messages */
  purge(now: number): number;
}
/** A line of the log, and the sequence of what gave it: the message, or the claim of a merge. */
export interface PlacedActivity {
  sequence: number;
  line: Activity;
}

/**
 * Creates a merge engine.
 *
 * @example
 * ```ts
 * const engine = createEngine();
 * engine.receive({ type: 'track', anonymousId: 'a', event: 'addedToCart' }, { receivedAt: Date.now() });
 * engine.receive({ type: 'identify', anonymousId: 'a', userId: 'ada' }, { receivedAt: Date.now() });
 * engine.person('ada')?.events[0]; // addedToCart, previouslyAnonymous
 * ```
 */
export function createEngine(options: EngineOptions = {}): Engine {
  const campaigns = parseCampaigns(options.campaigns ?? []);
  const segments = parseSegments(options.segments ?? []);
  /** By messageId. Nearly always one; more when different people's messages share an id (RULES R14). */
  let records = new Map<string, MessageRecord | MessageRecord[]>();
  let streams = new Map<string, Stream>();
  let profiles = new Map<string, Profile>();
  /** Names of which more is known than what they did. */
  let names = new Map<string, NameState>();
  let changes: SettingsChange[] = [];
  const commands: Command[] = [];
  let last: Position = { receivedAt: -Infinity, sequence: 0 };
  /** Where the last entry stands that earlier ones may bear on: a link between names, a command. */
  let lastTurn: Position | undefined;
  /** Something came in behind a turn that it stands before, so that the log has to be worked through again, in order. */
  let isStale = false;
  const directory = createDirectory((name) => names.get(name)?.link);
  reset();

  function reset(): void {
    records = new Map();
    streams = new Map();
    profiles = new Map();
    names = new Map();
    const isOn = options.anonymousEventMerge ?? true;
    changes = isOn ? [] : [{ receivedAt: -Infinity, sequence: 0, anonymousEventMerge: false }];
    lastTurn = undefined;
  }

  /** Order of arrival is irrelevant (RULES R16): whoever asks is answered as if everything had come in the order of the log. */
  function settle(): void {
    if (!isStale) return;
    isStale = false;
    const entries: (MessageRecord | Command)[] = [...log(), ...commands];
    reset();
    for (const entry of entries.sort(byPosition)) {
      if ('type' in entry) run(entry);
      else apply(decide(factsOf(entry.message, entry), entry.message, entry), undefined);
    }
    isStale = false;
  }

  /** Where the next entry goes. */
  function placeOf(at: CommandAt): Position {
    const { receivedAt, sequence = last.sequence + 1 } = typeof at === 'number' ? { receivedAt: at } : at;
    return { receivedAt, sequence };
  }

  function advanceTo(place: Position): void {
    if (isBefore(last, place)) last = { receivedAt: place.receivedAt, sequence: Math.max(last.sequence, place.sequence) };
    else if (place.sequence > last.sequence) last = { receivedAt: last.receivedAt, sequence: place.sequence };
  }

  function receive(messages: Message | Message[], { receivedAt, sequence = last.sequence + 1, sentAt }: ReceivedAt): Outcome[] {
    const list = Array.isArray(messages) ? messages : [messages];
    const outcomes = list.map((value, index) => {
      // Messages of one request stand between its sequence and the next, so that their order survives any other order of arrival.
      const arrival = { receivedAt, sequence: sequence + index / list.length, sentAt };
      const { message, fault } = parseMessage(value, () => `unnamed-${receivedAt}-${sequence}-${index}`);
      try {
        return message ? receiveOne(message, arrival) : refusalOf(value, fault);
      } catch {
        // The rules look deeper than the parser, into what a page may have given a throwing getter. Nothing was kept of it yet.
        return { status: 'refused' as const, ...UNREADABLE };
      }
    });
    advanceTo({ receivedAt, sequence });
    return outcomes;
  }

  function receiveOne(message: AcceptedMessage, arrival: Arrival): Outcome {
    const facts = factsOf(message, arrival);
    const decision = decide(facts, message, arrival);
    apply(decision, facts.stored);
    if (lastTurn && isBefore(arrival, lastTurn)) isStale = true;
    return decision.outcome;
  }

  function factsOf(message: AcceptedMessage, place: Position) {
    const stored = find(message);
    const claim = claimOn(mergingId(message));
    // Most messages name nobody of whom more is known, and there is nothing to look up.
    if (message.type === 'track' && message.userId === undefined) return { stored, claim };
    return {
      stored,
      claim,
      names: namesOf(message),
      holder: claim?.person !== undefined && names.size > 0 ? directory.rootOf(claim.person) : claim?.person,
      isMergingOff: changes.length > 0 && !isMergingAt(changes, place),
    };
  }

  function namesOf(message: AcceptedMessage): Names | undefined {
    if (names.size === 0 && !asksWhoIsKnown(message)) return undefined;
    const person = personNamedBy(message);
    if (person === undefined) return undefined;
    const email = emailBeside(message);
    return { path: nameFacts(person), email: email === undefined ? undefined : nameFacts(email) };
  }

  function nameFacts(name: string): NameFacts {
    const { erasedAt, isSuppressed } = names.get(name) ?? {};
    const root = directory.rootOf(name);
    return { root, isKnown: isKnown(name), erasedAt, isSuppressed };
  }

  function isKnown(name: string): boolean {
    const state = names.get(name);
    return profiles.has(name) || state?.link !== undefined || state?.aliases !== undefined;
  }

  function apply({ record, claim, link }: Decision, stored: MessageRecord | undefined): void {
    if (record) {
      // A copy that arrived earlier takes the place of the one that is known.
      if (stored) Object.assign(stored, record);
      else add(record);
    }
    if (claim) setClaim({ ...claim, closedAt: changes.length > 0 ? switchedOffAfter(changes, claimedAt(claim)) : undefined });
    if (link) {
      setLink(link.name, link.link);
      turnAt(link.link);
      // One that arrives out of order may have come to another end before what is behind it.
      if (isBefore(link.link, last)) isStale = true;
    }
  }

  function setClaim(claim: Claim): void {
    const stream = streamNamed(claim.anonymousId);
    const held = stream.claim?.person;
    if (held !== undefined) profiles.get(held)?.anonymousIds.delete(claim.anonymousId);
    stream.claim = claim;
    if (claim.person !== undefined) profileOf(claim.person).anonymousIds.add(claim.anonymousId);
  }

  function setLink(name: string, link: Link): void {
    stateOf(name).link = link;
    (stateOf(link.person).aliases ??= new Set()).add(name);
  }

  function turnAt(place: Position): void {
    if (!lastTurn || isBefore(lastTurn, place)) lastTurn = place;
  }

  function stateOf(name: string): NameState {
    let state = names.get(name);
    if (!state) names.set(name, (state = {}));
    return state;
  }

  function add(record: MessageRecord): void {
    const { messageId } = record.message;
    const same = records.get(messageId);
    records.set(messageId, same ? [same, record].flat() : record);
    if (record.person !== undefined) profileOf(record.person).records.push(record);
    else streamNamed(record.message.anonymousId ?? '').records.push(record);
  }

  /** Forgets records, which have been taken out of their stream or profile already. */
  function forget(gone: MessageRecord[]): void {
    for (const record of gone) {
      const { messageId } = record.message;
      const others = [records.get(messageId) ?? []].flat().filter((other) => other !== record);
      if (others.length > 0) records.set(messageId, others.length > 1 ? others : others[0]!);
      else records.delete(messageId);
    }
  }

  function find(message: AcceptedMessage): MessageRecord | undefined {
    const found = records.get(message.messageId);
    if (!found) return undefined;
    const stream = streamOf(message);
    return [found].flat().find((record) => streamOf(record.message) === stream);
  }

  function claimOn(anonymousId: string | undefined): Claim | undefined {
    return anonymousId === undefined ? undefined : streams.get(anonymousId)?.claim;
  }

  function claimFor(record: MessageRecord): Claim | undefined {
    return claimOn(mergingId(record.message));
  }

  function streamNamed(anonymousId: string): Stream {
    let stream = streams.get(anonymousId);
    if (!stream) streams.set(anonymousId, (stream = { records: [] }));
    return stream;
  }

  function profileOf(person: string): Profile {
    let profile = profiles.get(person);
    if (!profile) profiles.set(person, (profile = { records: [], anonymousIds: new Set() }));
    return profile;
  }

  function mergedInto(claim: Claim): MessageRecord[] {
    return streams.get(claim.anonymousId)!.records.filter((record) => isMerged(record, claim));
  }

  /** The name that the person goes by whom an id means, if anybody is known by it. */
  function rootNamed(id: string): string | undefined {
    const name = [id, userName(id), emailName(id)].find((name) => name !== undefined && isKnown(name));
    return name === undefined ? undefined : directory.rootOf(name);
  }

  /** What is kept under a name and under those that lead to it. */
  function holdingsOf(root: string): Holdings {
    const { aliases = [] } = names.get(root) ?? {};
    const profile = profiles.get(root);
    const claims = [...(profile?.anonymousIds ?? [])].map((anonymousId) => claimOn(anonymousId)!).filter(isStanding);
    const holdings: Holdings = { claims, records: [...(profile?.records ?? []), ...claims.flatMap(mergedInto)], merged: [] };
    for (const alias of aliases) {
      const link = names.get(alias)!.link!;
      const theirs = holdingsOf(alias);
      if (link.isMerge) holdings.merged.push({ at: link, holdings: theirs });
      else {
        holdings.claims.push(...theirs.claims);
        holdings.records.push(...theirs.records);
        holdings.merged.push(...theirs.merged);
      }
    }
    return holdings;
  }

  function roots(): string[] {
    return [...profiles.keys()].filter((name) => !names.get(name)?.link).sort();
  }

  function toPerson(root: string): Person {
    return personOf(root, holdingsOf(root), claimFor, directory);
  }

  function log(): MessageRecord[] {
    return [...records.values()].flat().sort(byPosition);
  }

  function placedActivity({ tab, person }: ActivityFilter = {}): PlacedActivity[] {
    settle();
    const filter = { ...(tab && { tab }), ...(person !== undefined && { person: rootNamed(person) ?? person }) };
    const claims = [...streams.values()].flatMap(({ claim }) => (isStanding(claim) ? claim : []));
    // Sorting is stable, so that within one position the newest stays on top: the merge, then the messages of a batch from its end.
    return [
      ...claims.map((claim) => ({ place: claimedAt(claim), lines: [mergeActivity(claim, mergedInto(claim), directory) ?? []].flat() })),
      ...commands.map((command) => ({ place: command, lines: [commandActivity(command)] })),
      ...log().reverse().map((record) => ({ place: record, lines: activitiesOf(record, claimFor(record), directory) })),
    ]
      .sort((a, b) => byPosition(b.place, a.place))
      .flatMap(({ place, lines }) => lines.filter((line) => isShown(line, filter)).map((line) => ({ sequence: place.sequence, line })));
  }

  function triggers(): PlacedTrigger[] {
    settle();
    if (campaigns.length === 0) return [];
    return [...records.values()].flat().flatMap((record) => triggersOf(record, claimFor(record), campaigns, directory)).sort(byTrigger);
  }

  function segment(name: string, now: number) {
    settle();
    const wanted = segments.find((segment) => segment.name === name);
    if (!wanted) throw new TypeError(`There is no segment "${name}".`);
    const spells = roots().map((person) => ({ person, spells: spellsIn(wanted, historyOf(person)) }));
    return {
      members: spells.filter(({ spells }) => isMember(spells, now)).map(({ person }) => person),
      changes: spells
        .flatMap(({ person, spells }) =>
          spells.flatMap(({ from, until }): SegmentChange[] => [
            { at: from, person, type: 'entered' },
            ...(until === undefined ? [] : [{ at: until, person, type: 'left' as const }]),
          ]),
        )
        .filter(({ at }) => at <= now)
        .sort((a, b) => a.at - b.at),
    };
  }

  function historyOf(person: string) {
    const holdings = holdingsOf(person);
    const all = ({ records, merged }: Holdings): MessageRecord[] => [...records, ...merged.flatMap(({ holdings }) => all(holdings))];
    return {
      events: all(holdings)
        .filter(isEvent)
        .map((record) => ({ at: attachedAt(record, claimFor(record)).receivedAt, occurredAt: record.occurredAt, message: record.message })),
      traits: traitHistoryOf(holdings, claimFor, directory),
    };
  }

  function explain(messageId: string, anonymousId?: string, now = last.receivedAt): Explanation {
    settle();
    const copies = [records.get(messageId) ?? []].flat();
    const record = anonymousId === undefined ? copies[0] : copies.find(({ message }) => message.anonymousId === anonymousId);
    if (!record) return UNKNOWN_MESSAGE;
    const explanation = explanationOf(record, claimFor(record), now, isMergingAt(changes, afterLast()));
    return explanation.person === undefined ? explanation : { ...explanation, person: directory.rootOf(explanation.person) };
  }

  function afterLast(): Position {
    return { receivedAt: Infinity, sequence: 0 };
  }

  function preview(person: string, anonymousId: string, now = last.receivedAt): Preview {
    settle();
    const root = rootNamed(person);
    const facts = {
      anonymousId,
      claim: claimOn(anonymousId),
      isMergingOn: isMergingAt(changes, afterLast()),
      records: streams.get(anonymousId)?.records ?? [],
      person: root ?? person,
      traits: root === undefined ? {} : toPerson(root).traits,
      campaigns,
      directory,
    };
    return previewOf(facts, { receivedAt: now, sequence: last.sequence + 1 });
  }

  function command(command: Command): CommandResult {
    commands.push(command);
    if (isBefore(command, last)) isStale = true;
    advanceTo(command);
    run(command);
    return DONE;
  }

  /** What a command does. Worked through again, it does the same. */
  function run(command: Command): void {
    turnAt(command);
    switch (command.type) {
      case 'merge_undone':
      case 'merge_restored': {
        const claim = claimOn(command.anonymousId);
        if (claim) claim.undoneAt = command.type === 'merge_undone' ? command.receivedAt : undefined;
        return;
      }
      case 'people_merged': {
        const { receivedAt, sequence } = command;
        setLink(command.secondary, { person: command.primary, isMerge: true, receivedAt, sequence });
        return;
      }
      case 'person_deleted':
        for (const name of command.names) erase(name, command.receivedAt);
        for (const anonymousId of command.anonymousIds) streamNamed(anonymousId).claim ??= { anonymousId, at: command.receivedAt, sequence: command.sequence };
        return;
      case 'person_suppressed':
      case 'person_unsuppressed':
        for (const name of command.names) stateOf(name).isSuppressed = command.type === 'person_suppressed';
        return;
      case 'settings_changed': {
        const { settings, receivedAt, sequence } = command;
        changes = [...changes, { ...settings, receivedAt, sequence }];
        if (settings.anonymousEventMerge) return;
        for (const { claim } of streams.values()) if (claim && !claim.closedAt) claim.closedAt = switchedOffAfter(changes, claimedAt(claim));
      }
    }
  }

  /** Forgets what is kept under a name; what joined it through claims goes as well, and the claims stay as tombstones. */
  function erase(name: string, at: number): void {
    const profile = profiles.get(name);
    for (const anonymousId of profile?.anonymousIds ?? []) {
      const stream = streams.get(anonymousId)!;
      const merged = new Set(mergedInto(stream.claim!));
      forget([...merged]);
      stream.records = stream.records.filter((record) => !merged.has(record));
      stream.claim = { ...stream.claim!, person: undefined };
    }
    forget(profile?.records ?? []);
    profiles.delete(name);
    names.set(name, { erasedAt: at, isSuppressed: names.get(name)?.isSuppressed });
  }

  /** A name and all that lead to it. */
  function namesUnder(root: string): string[] {
    return [root, ...[...(names.get(root)?.aliases ?? [])].flatMap(namesUnder)];
  }

  function mergePeople(primary: string, secondary: string, at: CommandAt): CommandResult {
    settle();
    const [into, from] = [rootNamed(primary), rootNamed(secondary)];
    if (into === undefined || from === undefined) return NOBODY;
    if (into === from) return SAME_PERSON;
    return command({ type: 'people_merged', primary: into, secondary: from, ...placeOf(at) });
  }

  function undoMerge(anonymousId: string, at: CommandAt): CommandResult {
    settle();
    const place = placeOf(at);
    const claim = claimOn(anonymousId);
    if (claim?.person === undefined) return NO_MERGE;
    const isRestored = claim.undoneAt !== undefined;
    // By then the events have been anonymous for 30 days, and whether they are still there depends on when the purge came by.
    if (isRestored && place.receivedAt - claim.undoneAt! > RETENTION_MS) return TOO_LATE_TO_RESTORE;
    return command({ type: isRestored ? 'merge_restored' : 'merge_undone', anonymousId, person: directory.rootOf(claim.person), ...place });
  }

  function deletePerson(id: string, at: CommandAt): CommandResult {
    settle();
    const root = rootNamed(id);
    if (root === undefined) return NOBODY;
    const gone = namesUnder(root);
    const anonymousIds = gone.flatMap((name) => [...(profiles.get(name)?.anonymousIds ?? [])]);
    return command({ type: 'person_deleted', person: root, names: gone, anonymousIds, ...placeOf(at) });
  }

  function suppress(id: string, at: CommandAt, type: 'person_suppressed' | 'person_unsuppressed'): CommandResult {
    settle();
    // Somebody who is not known yet, too: nothing of them is to be kept.
    const person = rootNamed(id) ?? emailInPlaceOf(id);
    return command({ type, person, names: namesUnder(person), ...placeOf(at) });
  }

  function settings(change: Partial<Settings>, at: CommandAt): Settings {
    settle();
    const now = { anonymousEventMerge: isMergingAt(changes, afterLast()) };
    const next = { ...now, ...change };
    if (typeof next.anonymousEventMerge !== 'boolean') throw new TypeError('anonymousEventMerge is true or false.');
    if (next.anonymousEventMerge !== now.anonymousEventMerge) command({ type: 'settings_changed', settings: next, ...placeOf(at) });
    return next;
  }

  function purge(now: number): number {
    settle();
    let count = 0;
    for (const [anonymousId, stream] of streams) {
      const { claim } = stream;
      const isKept = (record: MessageRecord): boolean => {
        if (membership(record, claim).person !== undefined) return true;
        const since = claim?.undoneAt === undefined ? record.receivedAt : Math.max(record.receivedAt, claim.undoneAt);
        return now - since <= RETENTION_MS;
      };
      const expired = stream.records.filter((record) => !isKept(record));
      if (expired.length === 0) continue;
      count += expired.length;
      forget(expired);
      stream.records = stream.records.filter(isKept);
      if (stream.records.length === 0 && !claim) streams.delete(anonymousId);
    }
    return count;
  }

  return {
    receive,
    people: () => {
      settle();
      return roots().map(toPerson);
    },
    person: (id) => {
      settle();
      const root = rootNamed(id);
      return root === undefined ? undefined : toPerson(root);
    },
    events: () => {
      settle();
      return log().filter(isEvent).map((record) => storedEvent(record, claimFor(record), directory));
    },
    activity: (filter) => placedActivity(filter).map(({ line }) => line),
    placedActivity,
    triggers: () => triggers().map(({ trigger }) => trigger),
    segment,
    explain,
    preview,
    mergePeople,
    undoMerge,
    deletePerson,
    suppress: (id, at) => suppress(id, at, 'person_suppressed'),
    unsuppress: (id, at) => suppress(id, at, 'person_unsuppressed'),
    settings,
    purge,
  };
}

/** What one anonymous id did, and whose it became. */
interface Stream {
  records: MessageRecord[];
  claim?: Claim;
}

/** What somebody did under one name, and the anonymous ids that were claimed by it. */
interface Profile {
  records: MessageRecord[];
  anonymousIds: Set<string>;
}

/** What is known of a name besides. */
interface NameState {
  link?: Link;
  /** Names that lead here. */
  aliases?: Set<string>;
  erasedAt?: number;
  isSuppressed?: boolean | undefined;
}

/** An email is a name of its own kind, whoever asks. */
function emailInPlaceOf(id: string): string {
  return id.includes('@') ? emailName(id)! : userName(id);
}

function refusalOf(value: unknown, fault: Fault): Outcome {
  const messageId = isObject(value) ? value['messageId'] : undefined;
  return { ...(typeof messageId === 'string' && { messageId }), status: 'refused', ...fault };
}
