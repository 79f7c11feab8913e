import {
  isObject,
  parseMessage,
  UNREADABLE,
  type AcceptedMessage,
  type Activity,
  type ActivityFilter,
  type Explanation,
  type Fault,
  type Message,
  type StoredEvent,
} from '../wire/index.js';
import { activitiesOf, isShown, mergeActivity, storedEvent } from './activity.js';
import type { Command } from './command.js';
import { decide, mergingId, type Arrival, type Decision, type Outcome } from './decide.js';
import { createDirectory, type Directory, type Link } from './directory.js';
import { explanationOf, UNKNOWN_MESSAGE } from './explain.js';
import { asksWhoIsKnown, emailBeside, namesMeantBy, userName, type NameFacts, type Names } from './identity.js';
import { isMerged } from './membership.js';
import { addTo, copyIn, keepIn, takeFrom, type MessageList } from './message-list.js';
import { byPosition, claimedAt, isBefore, isEvent, isStanding, nameOf, personNamedBy, type Claim, type MessageRecord, type Position } from './record.js';
import { isMergingAt, type SettingsChange } from './settings.js';

/** When messages arrived. */
export interface ReceivedAt {
  /** Milliseconds; stamped once for all the messages of a request. */
  receivedAt: number;
  /** Breaks the tie within a millisecond; the next number when absent. */
  sequence?: number;
  /** When the request left, by its sender's clock; corrects that clock when it is more than a minute off. */
  sentAt?: string | number | undefined;
}

/** A line of the log, and the sequence of what gave it: the message, or the claim of a merge. */
export interface PlacedActivity {
  sequence: number;
  line: Activity;
}

/** How commands are worked through and told; a page has none, and does not carry what they take. */
export interface CommandRules {
  run(command: Command): void;
  /** What holds ahead of the first entry, when the log is worked through again. */
  restart(): void;
  /** What closes a claim's late window early, if anything does. */
  closingOf(claim: Claim): Pick<Claim, 'closedAt' | 'closedSequence'> | undefined;
  /** Tells of an event that came behind that. */
  explainClosed(record: MessageRecord, claim: Claim): Explanation;
  isSuppressedAt(name: string, place: Position): boolean;
  lineOf(command: Command): Activity;
}

/** What came under one anonymous id and no userId, and whose that became. */
export interface Stream extends MessageList {
  claim: Claim | undefined;
}

/** What somebody did under one name, and the anonymous ids that were claimed by it. */
export interface Profile extends MessageList {
  anonymousIds: Set<string>;
}

/** What is known of a name besides. */
export interface NameState {
  link?: Link;
  /** Names that lead here. */
  aliases?: Set<string>;
  erasedAt?: number;
  /** How it was suppressed, and unsuppressed, in order. */
  suppressions?: Suppression[] | undefined;
}

/** Whether nothing is kept under a name, from a place in the log on. */
export interface Suppression extends Position {
  isSuppressed: boolean;
}

/** What an engine keeps, and what every part of it looks up. The members that change change in place. */
export interface Core {
  /** By anonymous id. */
  streams: Map<string, Stream>;
  /** By name. */
  profiles: Map<string, Profile>;
  /** Names of which more is known than what they did. */
  names: Map<string, NameState>;
  /** How merging was switched, in order. */
  changes: SettingsChange[];
  commands: Command[];
  /** Where the log ends. */
  last: Position;
  directory: Directory;
  receive(messages: Message | Message[], at: ReceivedAt): Outcome[];
  /** Takes an entry's place in the log; whatever was worked out behind it is worked out anew. */
  enter(command: Command): void;
  settle(): void;
  placedActivity(filter?: ActivityFilter): PlacedActivity[];
  events(): StoredEvent[];
  explain(messageId: string, anonymousId?: string, now?: number): Explanation;
  message(messageId: string, anonymousId?: string): AcceptedMessage | undefined;
  log(): MessageRecord[];
  claimOn(anonymousId: string | undefined): Claim | undefined;
  claimFor(record: MessageRecord): Claim | undefined;
  mergedInto(claim: Claim): MessageRecord[];
  isKnown(name: string): boolean;
  rootNamed(id: string): string | undefined;
  setLink(name: string, link: Link): void;
  unlink(name: string): void;
  stateOf(name: string): NameState;
  streamNamed(anonymousId: string): Stream;
  /** Forgets the rest; and the visitor with it, when nothing is left. */
  keepInStream(anonymousId: string, isKept: (record: MessageRecord) => boolean): void;
  /** The same, told what goes: few are taken out without going through all that stay. */
  takeFromStream(anonymousId: string, gone: MessageRecord[]): void;
  isMergingOn(): boolean;
}

/** The part of the engine that takes in and shows: all that a page needs. */
export function createCore(commandRules?: CommandRules, isMergingAtFirst = true): Core {
  const streams = new Map<string, Stream>();
  const profiles = new Map<string, Profile>();
  const names = new Map<string, NameState>();
  const changes: SettingsChange[] = [];
  const commands: Command[] = [];
  const last: Position = { receivedAt: -Infinity, sequence: 0 };
  /** Where the last entry stands that earlier ones may bear on: a link between names, a command. */
  let lastTurn: Position | undefined;
  /** Where the message stands that is last in the log: `last` is where its request stands. */
  let furthest: Position = last;
  /** The stream that was asked for last: a visitor's messages come together, and finding it among many takes longer than deciding on one. */
  let latest: { anonymousId: string; stream: Stream } | undefined;
  /** Something came in behind a turn that it stands before, so that the log has to be worked through again, in order. */
  let isStale = false;
  const directory = createDirectory((name) => names.get(name)?.link);
  reset();

  function reset(): void {
    // What a deleted person said is gone, and cannot be worked through again; their claims stay where they were.
    const tombstones = [...streams.values()].flatMap(({ claim }) => (claim && claim.person === undefined ? claim : []));
    for (const kept of [streams, profiles, names]) kept.clear();
    for (const claim of tombstones) streams.set(claim.anonymousId, { records: [], index: undefined, claim });
    latest = undefined;
    changes.length = 0;
    if (!isMergingAtFirst) changes.push({ receivedAt: -Infinity, sequence: 0, anonymousEventMerge: false });
    lastTurn = undefined;
  }

  /** Order of arrival is irrelevant (RULES R16): whoever asks is answered as if everything had come in the order of the log. */
  function settle(): void {
    if (!isStale) return;
    const entries: (MessageRecord | Command)[] = [...log(), ...commands];
    reset();
    commandRules?.restart();
    for (const entry of entries.sort(byPosition)) {
      if ('type' in entry) work(entry);
      else take(entry.message, entry);
    }
    isStale = false;
  }

  function advanceTo(place: Position): void {
    last.receivedAt = Math.max(last.receivedAt, place.receivedAt);
    last.sequence = Math.max(last.sequence, place.sequence);
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
    // What is read of it later has to be readable now: a getter of the page that throws is found out here.
    nameOf(message);
    if (message.type === 'identify') Object.values(message.traits ?? {});
    const outcome = take(message, arrival);
    // What it comes to may depend on what came before it in the log and behind it in time, or the other way round.
    const isOverdue = (lastTurn && isBefore(arrival, lastTurn)) || (asksWhoIsKnown(message) && isBefore(arrival, furthest));
    if (isOverdue) isStale = true;
    if (isBefore(furthest, arrival)) furthest = arrival;
    return outcome;
  }

  function take(message: AcceptedMessage, arrival: Arrival): Outcome {
    const list = listOf(message);
    const stored = list && copyIn(list, message);
    const decision = decide(factsOf(message, arrival, stored), message, arrival);
    apply(decision, stored);
    return decision.outcome;
  }

  /** Where a message is kept that states the same identity (RULES R14). */
  function listOf({ userId, anonymousId = '' }: AcceptedMessage): MessageList | undefined {
    return userId === undefined ? streamOn(anonymousId) : profiles.get(userName(userId));
  }

  function factsOf(message: AcceptedMessage, place: Position, stored: MessageRecord | undefined) {
    const claim = claimOn(mergingId(message));
    const holder = claim?.person;
    const isMergingOff = (changes.length > 0 && !isMergingAt(changes, place)) || (holder !== undefined && commandRules?.isSuppressedAt(holder, place));
    // Most messages name nobody of whom more is known, and there is nothing to look up.
    if (message.type === 'track' && message.userId === undefined) return { stored, claim, isMergingOff };
    return {
      stored,
      claim,
      names: namesOf(message, place),
      holder: holder !== undefined && names.size > 0 ? directory.rootOf(holder) : holder,
      isMergingOff,
    };
  }

  function namesOf(message: AcceptedMessage, place: Position): Names | undefined {
    if (names.size === 0 && !asksWhoIsKnown(message)) return undefined;
    const person = personNamedBy(message);
    if (person === undefined) return undefined;
    const email = emailBeside(message);
    return { path: nameFacts(person, place), email: email === undefined ? undefined : nameFacts(email, place) };
  }

  function nameFacts(name: string, place: Position): NameFacts {
    const { erasedAt } = names.get(name) ?? {};
    const root = directory.rootOf(name);
    return { root, isKnown: isKnown(name), erasedAt, isSuppressed: commandRules?.isSuppressedAt(name, place) };
  }

  function isKnown(name: string): boolean {
    const state = names.get(name);
    return profiles.has(name) || state?.link !== undefined || state?.aliases !== undefined;
  }

  function apply({ record, claim, link }: Decision, stored: MessageRecord | undefined): void {
    if (record) {
      if (stored) {
        // One that arrived earlier takes the place of the one that is known, and of what that one alone had claimed or named.
        Object.assign(stored, record);
        isStale = true;
      } else add(record);
    }
    if (claim) setClaim({ ...claim, ...commandRules?.closingOf(claim) });
    if (link) {
      setLink(link.name, link.link);
      turnAt(link.link);
      // One that arrives out of order may have come to another end before what is behind it.
      if (isBefore(link.link, furthest)) isStale = true;
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
    unlink(name);
    stateOf(name).link = link;
    (stateOf(link.person).aliases ??= new Set()).add(name);
  }

  /** A name leads to one person: it is no alias of whoever it led to before. */
  function unlink(name: string): void {
    const { link } = names.get(name) ?? {};
    const elsewhere = link && names.get(link.person);
    elsewhere?.aliases?.delete(name);
    if (elsewhere?.aliases?.size === 0) delete elsewhere.aliases;
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
    const { message, person } = record;
    if (message.userId === undefined) addTo(streamNamed(message.anonymousId ?? ''), record);
    if (person !== undefined) addTo(profileOf(person), record);
  }

  function claimOn(anonymousId: string | undefined): Claim | undefined {
    return anonymousId === undefined ? undefined : streamOn(anonymousId)?.claim;
  }

  function claimFor(record: MessageRecord): Claim | undefined {
    return claimOn(mergingId(record.message));
  }

  function streamOn(anonymousId: string): Stream | undefined {
    if (latest?.anonymousId === anonymousId) return latest.stream;
    const stream = streams.get(anonymousId);
    if (stream) latest = { anonymousId, stream };
    return stream;
  }

  function streamNamed(anonymousId: string): Stream {
    let stream = streamOn(anonymousId);
    if (!stream) {
      stream = { records: [], index: undefined, claim: undefined };
      streams.set(anonymousId, stream);
      latest = { anonymousId, stream };
    }
    return stream;
  }

  function keepInStream(anonymousId: string, isKept: (record: MessageRecord) => boolean): void {
    const stream = streamNamed(anonymousId);
    keepIn(stream, isKept);
    dropEmpty(anonymousId, stream);
  }

  function takeFromStream(anonymousId: string, gone: MessageRecord[]): void {
    const stream = streamNamed(anonymousId);
    takeFrom(stream, gone);
    dropEmpty(anonymousId, stream);
  }

  function dropEmpty(anonymousId: string, stream: Stream): void {
    if (stream.records.length > 0 || stream.claim) return;
    streams.delete(anonymousId);
    latest = undefined;
  }

  function profileOf(person: string): Profile {
    let profile = profiles.get(person);
    if (!profile) profiles.set(person, (profile = { records: [], index: undefined, anonymousIds: new Set() }));
    return profile;
  }

  function mergedInto(claim: Claim): MessageRecord[] {
    return streams.get(claim.anonymousId)!.records.filter((record) => isMerged(record, claim));
  }

  /** The name that the person goes by whom an id means, if anybody is known by it. */
  function rootNamed(id: string): string | undefined {
    const name = namesMeantBy(id).find(isKnown);
    return name === undefined ? undefined : directory.rootOf(name);
  }

  function log(): MessageRecord[] {
    return everything().sort(byPosition);
  }

  function everything(): MessageRecord[] {
    const nameless = [...streams.values()].flatMap(({ records }) => records);
    const others = [...profiles.values()].flatMap(({ records }) => records.filter(({ message }) => message.userId !== undefined));
    return [...nameless, ...others];
  }

  function placedActivity({ tab, person }: ActivityFilter = {}): PlacedActivity[] {
    settle();
    const filter = { ...(tab && { tab }), ...(person !== undefined && { person: rootNamed(person) ?? person }) };
    const claims = [...streams.values()].flatMap(({ claim }) => (isStanding(claim) ? claim : []));
    // Sorting is stable, so that within one position the newest stays on top: the merge, then the messages of a batch from its end.
    return [
      ...claims.map((claim) => ({ place: claimedAt(claim), lines: [mergeActivity(claim, mergedInto(claim), directory) ?? []].flat() })),
      ...commands.map((command) => ({ place: command, lines: [commandRules!.lineOf(command)] })),
      ...log().reverse().map((record) => ({ place: record, lines: activitiesOf(record, claimFor(record), directory) })),
    ]
      .sort((a, b) => byPosition(b.place, a.place))
      .flatMap(({ place, lines }) => lines.filter((line) => isShown(line, filter)).map((line) => ({ sequence: place.sequence, line })));
  }

  function recordNamed(messageId: string, anonymousId: string | undefined): MessageRecord | undefined {
    settle();
    const isWanted = ({ message }: MessageRecord): boolean =>
      message.messageId === messageId && (anonymousId === undefined || message.anonymousId === anonymousId);
    return everything().filter(isWanted).sort(byPosition)[0];
  }

  function explain(messageId: string, anonymousId?: string, now = last.receivedAt): Explanation {
    const record = recordNamed(messageId, anonymousId);
    if (!record) return UNKNOWN_MESSAGE;
    const explanation = explanationOf(record, claimFor(record), now, isMergingOn(), commandRules?.explainClosed);
    return explanation.person === undefined ? explanation : { ...explanation, person: directory.rootOf(explanation.person) };
  }

  function enter(command: Command): void {
    commands.push(command);
    if (isBefore(command, last)) isStale = true;
    advanceTo(command);
    work(command);
  }

  function work(command: Command): void {
    turnAt(command);
    commandRules!.run(command);
  }

  function events(): StoredEvent[] {
    settle();
    return log().filter(isEvent).map((record) => storedEvent(record, claimFor(record), directory));
  }

  function isMergingOn(): boolean {
    return isMergingAt(changes, { receivedAt: Infinity, sequence: 0 });
  }

  return {
    streams,
    profiles,
    names,
    changes,
    commands,
    last,
    directory,
    receive,
    enter,
    settle,
    placedActivity,
    events,
    explain,
    message: (messageId, anonymousId) => recordNamed(messageId, anonymousId)?.message,
    log,
    claimOn,
    claimFor,
    mergedInto,
    isKnown,
    rootNamed,
    setLink,
    unlink,
    stateOf,
    streamNamed,
    keepInStream,
    takeFromStream,
    isMergingOn,
  };
}

function refusalOf(value: unknown, fault: Fault): Outcome {
  const messageId = isObject(value) ? value['messageId'] : undefined;
  return { ...(typeof messageId === 'string' && { messageId }), status: 'refused', ...fault };
}
