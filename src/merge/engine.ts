import { isLongerThanId, type Activity, type ActivityFilter, type Explanation, type Message, type Person, type StoredEvent } from '../wire/index.js';
import { isInherited } from './activity.js';
import { parseCampaigns, type Campaign } from './campaign.js';
import {
  commandActivity,
  DONE,
  explainClosed,
  NO_MERGE,
  NOBODY,
  SAME_PERSON,
  subjectsOf,
  TOO_LATE_TO_RESTORE,
  TOO_LONG_FOR_AN_ID,
  withoutPerson,
  type Command,
  type CommandResult,
} from './command.js';
import { createCore, type PlacedActivity, type ReceivedAt, type Suppression } from './core.js';
import type { Outcome } from './decide.js';
import { createDirectory, type Directory } from './directory.js';
import { nameMeantBy, namesMeantBy } from './identity.js';
import { anonymousSince, isMerged, membership } from './membership.js';
import { keepIn } from './message-list.js';
import { historyOf, holdingsBehind, noHoldings, personOf, type Holdings } from './person.js';
import { previewOf, type Preview } from './preview.js';
import { anonymousStream, byPosition, claimedAt, isBefore, isStanding, type Claim, type MessageRecord, type Position } from './record.js';
import { isMember, parseSegments, segmentChanges, spellsIn, type Segment, type SegmentChange } from './segment.js';
import type { Settings } from './settings.js';
import { byTrigger, triggersOf, type PlacedTrigger, type Trigger } from './trigger.js';
import { RETENTION_MS } from './windows.js';

/** When a command was given: milliseconds, or with the sequence that breaks the tie within one. */
export type CommandAt = number | { receivedAt: number; sequence?: number };

/** Options of {@link createEngine}. */
export interface EngineOptions {
  /** Whether an identify joins what its visitor did anonymously; `settings` switches it later. @defaultValue true */
  anonymousEventMerge?: boolean;
  /** What starts when a person does something. @defaultValue none */
  campaigns?: Campaign[];
  /** Groups of people by what they did or are. @defaultValue none */
  segments?: Segment[];
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
  /**
   * Somebody, with everything they did hitherto.
   *
   * @param id an id, an email, `email:…`, or `cio_…`
   */
  person(id: string): Person | undefined;
  /** Every name that somebody goes by, their id first; none of somebody unknown. */
  names(id: string): string[];
  /** Every track, page and screen, in the order of the log. */
  events(): StoredEvent[];
  /** The activity log, newest first. */
  activity(filter?: ActivityFilter): Activity[];
  /** The same, each line with its place, for a ledger that gives it out page by page. */
  placedActivity(filter?: ActivityFilter): PlacedActivity[];
  /** Every claim that stands, in no order. */
  claims(): Claim[];
  /** Every message that is kept, in the order of the log, for a ledger that gives them out. */
  log(): MessageRecord[];
  /** Every campaign that was started, once for each event, in the order in which they were. */
  triggers(): Trigger[];
  /** The same, each with its event and its place, for a ledger that hands them on. */
  placedTriggers(): PlacedTrigger[];
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
  /**
   * A message as it was received, with whatever it carried; `undefined` when none of that id is kept.
   *
   * @param anonymousId tells copies apart that were sent under several
   */
  message(messageId: string, anonymousId?: string): Message | undefined;
  /** What identifying a person with an anonymous id would do, without doing it. @param now milliseconds; the last `receivedAt` when absent */
  preview(person: string, anonymousId: string, now?: number): Preview;
  /** Makes two people one: the secondary's past and names become the primary's, suppressed if the primary is. Both must be known. */
  mergePeople(primary: string, secondary: string, at: CommandAt): CommandResult;
  /** Takes back what an anonymous id brought its person; called again, within 30 days, it restores that exactly. The id stays unusable. */
  undoMerge(anonymousId: string, at: CommandAt): CommandResult;
  /** Forgets a person and whatever is theirs. Their anonymous ids stay taken, and what happened before is not taken in again. */
  deletePerson(id: string, at: CommandAt): CommandResult;
  /** Keeps nothing that names a person, from now on, and lets nothing join them any more. They need not be known. */
  suppress(id: string, at: CommandAt): CommandResult;
  /** Takes a suppression back. */
  unsuppress(id: string, at: CommandAt): CommandResult;
  /** Every name that is suppressed, in no order: whoever hands triggers on holds theirs back. */
  suppressed(): string[];
  /** Switches merging; not retroactive by itself: the next identify claims what is still inside 30 days. */
  settings(change: Partial<Settings>, at: CommandAt): Settings;
  /** Deletes what stayed anonymous for more than 30 days. Never changes what merges. @returns how many messages */
  purge(now: number): number;
}

/** Ahead of every entry of a log, and behind it. */
const BEGINNING: Position = { receivedAt: -Infinity, sequence: 0 };
const END: Position = { receivedAt: Infinity, sequence: 0 };

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
  const core = createCore({ run, restart: () => reserveNames(BEGINNING), closingOf, explainClosed: explainClosedOf, isSuppressedAt, lineOf: commandActivity }, options.anonymousEventMerge);
  const { streams, profiles, names, changes, last, directory } = core;
  const { settle, claimOn, claimFor, mergedInto, isKnown, rootNamed, setLink, unlink, stateOf, streamNamed, isMergingOn } = core;

  /** The commands about each name and anonymous id: whoever is deleted, what was done to everybody else is not gone through. */
  const commandsAbout = new Map<string, Set<Command>>();

  /** What was started by events that a merge brought before it was undone, and that were purged since: it stands (RULES R26). By anonymous id. */
  const outlived = new Map<string, PlacedTrigger[]>();

  /** Where the next entry goes. */
  function placeOf(at: CommandAt): Position {
    const { receivedAt, sequence = last.sequence + 1 } = typeof at === 'number' ? { receivedAt: at } : at;
    return { receivedAt, sequence };
  }

  /** What is kept under a name and under those that lead to it. */
  function holdingsOf(root: string): Holdings {
    const holdings = noHoldings();
    const found = [{ name: root, holdings }];
    for (const { name, holdings } of found) {
      const { anonymousIds = [], records = [] } = profiles.get(name) ?? {};
      const claims = [...anonymousIds].map((anonymousId) => claimOn(anonymousId)!).filter(isStanding);
      holdings.claims = [...holdings.claims, ...claims];
      holdings.records = [...holdings.records, ...records, ...claims.flatMap(mergedInto)];
      for (const alias of names.get(name)?.aliases ?? []) found.push({ name: alias, holdings: holdingsBehind(names.get(alias)!.link!, holdings) });
    }
    return holdings;
  }

  function roots(): string[] {
    return [...profiles.keys()].filter((name) => !names.get(name)?.link).sort();
  }

  function toPerson(root: string): Person {
    return personOf(root, holdingsOf(root), claimFor, directory);
  }

  function triggers(): PlacedTrigger[] {
    settle();
    if (campaigns.length === 0) return [];
    const kept = startedBy(core.log());
    const outlasting = [...outlived].flatMap(([anonymousId, placed]) => (claimOn(anonymousId)?.person === undefined ? [] : placed));
    return [...kept, ...outlasting].sort(byTrigger);
  }

  /**
   * What some records have started. What came in while its merge was undone comes out when that is restored, unless it was
   * inherited by then (RULES R23).
   */
  function startedBy(these: MessageRecord[]): PlacedTrigger[] {
    const gaps = gapsIn(core.commands);
    return these.flatMap((record) => {
      const claim = claimFor(record);
      return triggersOf(record, claim, campaigns, directory).filter(({ at }) => {
        const gap = record.person === undefined && gaps.find(({ anonymousId, from, until }) => anonymousId === claim!.anonymousId && isBefore(from, at) && isBefore(at, until));
        return !gap || !isInherited(record, claim, claim!.person!, directoryAt(gap.until));
      });
    });
  }

  function directoryAt(place: Position): Directory {
    return createDirectory((name) => {
      const link = names.get(name)?.link;
      return link && isBefore(link, place) ? link : undefined;
    });
  }

  function segment(name: string, now: number) {
    settle();
    const wanted = segments.find((segment) => segment.name === name);
    if (!wanted) throw new TypeError(`There is no segment "${name}".`);
    const found = roots().map((person) => ({ person, spells: spellsIn(wanted, historyOf(holdingsOf(person), claimFor, directory)) }));
    return {
      members: found.filter(({ spells }) => isMember(spells, now)).map(({ person }) => person),
      changes: found.flatMap(({ person, spells }) => segmentChanges(person, spells, now)).sort((a, b) => a.at - b.at),
    };
  }

  function preview(person: string, anonymousId: string, now = last.receivedAt): Preview {
    settle();
    const root = rootNamed(person);
    const place = { receivedAt: now, sequence: last.sequence + 1 };
    const facts = {
      anonymousId,
      claim: claimOn(anonymousId),
      isMergingOn: isMergingOn(),
      records: streams.get(anonymousId)?.records ?? [],
      asked: person,
      path: { root: root ?? nameMeantBy(person), isKnown: root !== undefined, isSuppressed: [person, nameMeantBy(person)].some((name) => isSuppressedAt(name, END)) },
      traits: root === undefined ? {} : toPerson(root).traits,
      campaigns,
      directory,
    };
    return previewOf(facts, place);
  }

  function command(command: Command): CommandResult {
    note(command);
    core.enter(command);
    return DONE;
  }

  function note(command: Command): void {
    for (const subject of subjectsOf(command)) {
      const about = commandsAbout.get(subject);
      if (about) about.add(command);
      else commandsAbout.set(subject, new Set([command]));
    }
  }

  function forget(command: Command): void {
    core.commands.splice(core.commands.indexOf(command), 1);
    for (const subject of subjectsOf(command)) {
      const about = commandsAbout.get(subject)!;
      about.delete(command);
      if (about.size === 0) commandsAbout.delete(subject);
    }
  }

  function commandsOn(subjects: string[]): Command[] {
    return [...new Set(subjects.flatMap((subject) => [...(commandsAbout.get(subject) ?? [])]))];
  }

  /** What a command does. Worked through again, it does the same. */
  function run(command: Command): void {
    switch (command.type) {
      case 'merge_undone':
      case 'merge_restored': {
        const claim = claimOn(command.anonymousId);
        const isUndone = command.type === 'merge_undone';
        if (claim) Object.assign(claim, { undoneAt: isUndone ? command.receivedAt : undefined, undoneSequence: isUndone ? command.sequence : undefined });
        return;
      }
      case 'people_merged': {
        const { receivedAt, sequence } = command;
        if (![command.primary, command.secondary].every(isKnown)) return;
        // What came in since, before it in the log, may have made the two one already.
        const [into, from] = [directory.rootOf(command.primary), directory.rootOf(command.secondary)];
        if (into === from) return;
        // Whoever is suppressed is so under each of their names, and these are theirs from here on.
        if (isSuppressedAt(into, command)) setSuppressed(namesFor(from), { isSuppressed: true, receivedAt, sequence });
        setLink(from, { person: into, isMerge: true, receivedAt, sequence });
        return;
      }
      case 'person_deleted':
        for (const name of command.names) erase(name, command, command.suppressed?.includes(name));
        for (const anonymousId of command.anonymousIds) streamNamed(anonymousId).claim ??= { anonymousId, at: command.receivedAt, sequence: command.sequence };
        reserveNames(command, command.names);
        return;
      case 'person_suppressed':
      case 'person_unsuppressed': {
        const { type, receivedAt, sequence } = command;
        setSuppressed(namesOf(command), { isSuppressed: type === 'person_suppressed', receivedAt, sequence });
        return;
      }
      case 'settings_changed': {
        const { settings, receivedAt, sequence } = command;
        changes.push({ ...settings, receivedAt, sequence });
        if (settings.anonymousEventMerge) return;
        for (const { claim } of streams.values()) if (claim) closeWindow(claim);
      }
    }
  }

  function setSuppressed(suppressed: string[], suppression: Suppression): void {
    for (const name of suppressed) {
      const state = stateOf(name);
      state.suppressions = [...(state.suppressions ?? []), suppression].sort(byPosition);
      for (const anonymousId of profiles.get(name)?.anonymousIds ?? []) closeWindow(claimOn(anonymousId)!);
    }
  }

  function closeWindow(claim: Claim): void {
    Object.assign(claim, closingOf(claim));
  }

  /** What first closed a claim's late window early: merging was switched off, or whoever claimed was suppressed (RULES R20, R24). */
  function closingOf(claim: Claim): Pick<Claim, 'closedAt' | 'closedSequence'> | undefined {
    const switchedOff = changes.filter(({ anonymousEventMerge }) => !anonymousEventMerge);
    const suppressed = (names.get(claim.person ?? '')?.suppressions ?? []).filter(({ isSuppressed }) => isSuppressed);
    const [first] = [...switchedOff, ...suppressed].filter((closing) => isBefore(claimedAt(claim), closing)).sort(byPosition);
    return first && { closedAt: first.receivedAt, closedSequence: first.sequence };
  }

  function explainClosedOf(record: MessageRecord, claim: Claim): Explanation {
    return explainClosed(record, claim, core.commands.find(({ sequence }) => sequence === claim.closedSequence));
  }

  function isSuppressedAt(name: string, place: Position): boolean {
    const { suppressions = [] } = names.get(name) ?? {};
    return [...suppressions].reverse().find((suppression) => isBefore(suppression, place))?.isSuppressed ?? false;
  }

  /** Whoever goes by the name at the command's place; and the names of which nothing is known any more, since they were deleted later. */
  function namesOf({ person, names: given }: { person: string; names: string[] }): string[] {
    const theirs = namesUnder(directory.rootOf(person));
    return [...theirs, ...given.filter((name) => !theirs.includes(name) && !isKnown(name))];
  }

  /** Forgets what is kept under a name; what joined it through claims goes as well, and the claims stay as tombstones. */
  function erase(name: string, at: Position, isSuppressed = false): void {
    const { anonymousIds = [], records = [] } = profiles.get(name) ?? {};
    for (const anonymousId of anonymousIds) {
      const stream = streams.get(anonymousId)!;
      const claim = stream.claim!;
      keepIn(stream, (record) => !isMerged(record, claim));
      stream.claim = { ...claim, person: undefined };
      outlived.delete(anonymousId);
    }
    const byVisitor = new Map<string, MessageRecord[]>();
    for (const record of records) {
      const { userId, anonymousId = '' } = record.message;
      if (userId !== undefined) continue;
      const theirs = byVisitor.get(anonymousId);
      if (theirs) theirs.push(record);
      else byVisitor.set(anonymousId, [record]);
    }
    for (const [anonymousId, gone] of byVisitor) core.takeFromStream(anonymousId, gone);
    profiles.delete(name);
    unlink(name);
    names.set(name, { erasedAt: at.receivedAt, suppressions: isSuppressed ? [{ isSuppressed, receivedAt: at.receivedAt, sequence: at.sequence }] : undefined });
  }

  /**
   * Of what made names a person's nothing is kept once they were deleted. They were theirs all the same: until then nobody else
   * comes by them, as nobody did.
   *
   * @param after where in the log names are free
   * @param freed which; every one when absent
   */
  function reserveNames(after: Position, freed?: string[]): void {
    const reserved = new Set<string>();
    const commands = freed ? commandsOn(freed) : core.commands;
    for (const deletion of commands.filter((command) => isBefore(after, command)).sort(byPosition)) {
      if (deletion.type !== 'person_deleted') continue;
      const { person, names } = deletion;
      for (const name of names) {
        const isFirst = !reserved.has(name) && (freed?.includes(name) ?? true);
        if (isFirst && name !== person) setLink(name, { person, isMerge: false, receivedAt: after.receivedAt, sequence: after.sequence });
        reserved.add(name);
      }
    }
  }

  /** A name and all that lead to it. */
  function namesUnder(root: string): string[] {
    const under = [root];
    for (const name of under) for (const alias of names.get(name)?.aliases ?? []) under.push(alias);
    return under;
  }

  /** Every name of whoever is meant by an id, and what those may mean besides while nobody is known by it: whichever is used names them. */
  function namesFor(id: string): string[] {
    const root = rootNamed(id);
    const own = root === undefined ? [] : namesUnder(root);
    const others = [id, ...own].flatMap(namesMeantBy).filter((name) => !isKnown(name));
    return [...new Set([...own, ...others])];
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
    const gone = namesFor(id);
    const anonymousIds = gone.flatMap((name) => [...(profiles.get(name)?.anonymousIds ?? [])]);
    const place = placeOf(at);
    const suppressed = gone.filter((name) => isSuppressedAt(name, place));
    for (const earlier of commandsOn([...gone, ...anonymousIds.map(anonymousStream)]).filter((command) => isBefore(command, place))) {
      const left = withoutPerson(earlier, gone, anonymousIds);
      if (left === earlier) continue;
      forget(earlier);
      if (!left) continue;
      note(left);
      core.commands.push(left);
    }
    return command({ type: 'person_deleted', person: root, names: gone, anonymousIds, ...(suppressed.length > 0 && { suppressed }), ...place });
  }

  function suppress(id: string, at: CommandAt, type: 'person_suppressed' | 'person_unsuppressed'): CommandResult {
    settle();
    // Somebody who is not known yet, too: nothing of them is to be kept.
    const root = rootNamed(id);
    if (root === undefined && isLongerThanId(id)) return TOO_LONG_FOR_AN_ID;
    return command({ type, person: root ?? nameMeantBy(id), names: namesFor(id), ...placeOf(at) });
  }

  function settings(change: Partial<Settings>, at: CommandAt): Settings {
    settle();
    const now = { anonymousEventMerge: isMergingOn() };
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
        return now - anonymousSince(record, claim) <= RETENTION_MS;
      };
      const expired = stream.records.filter((record) => !isKept(record));
      if (expired.length === 0) continue;
      count += expired.length;
      const started = claim?.undoneAt === undefined ? [] : startedBy(expired);
      if (started.length > 0) outlived.set(anonymousId, [...(outlived.get(anonymousId) ?? []), ...started]);
      core.keepInStream(anonymousId, isKept);
    }
    return count;
  }

  return {
    receive: core.receive,
    people: () => {
      settle();
      return roots().map(toPerson);
    },
    person: (id) => {
      settle();
      const root = rootNamed(id);
      return root === undefined ? undefined : toPerson(root);
    },
    names: (id) => {
      settle();
      const root = rootNamed(id);
      return root === undefined ? [] : namesUnder(root);
    },
    events: core.events,
    activity: (filter) => core.placedActivity(filter).map(({ line }) => line),
    placedActivity: core.placedActivity,
    log: core.log,
    claims: () => {
      settle();
      return [...streams.values()].flatMap(({ claim }) => (isStanding(claim) ? claim : []));
    },
    triggers: () => triggers().map(({ trigger }) => trigger),
    placedTriggers: triggers,
    segment,
    explain: core.explain,
    message: core.message,
    preview,
    mergePeople,
    undoMerge,
    deletePerson,
    suppress: (id, at) => suppress(id, at, 'person_suppressed'),
    unsuppress: (id, at) => suppress(id, at, 'person_unsuppressed'),
    suppressed: () => {
      settle();
      return [...names.keys()].filter((name) => isSuppressedAt(name, END));
    },
    settings,
    purge,
  };
}

/** From where to where in the log a merge was undone that was restored since. */
interface Gap {
  anonymousId: string;
  from: Position;
  until: Position;
}

function gapsIn(commands: Command[]): Gap[] {
  const undone = new Map<string, Position>();
  return [...commands].sort(byPosition).flatMap((command) => {
    if (command.type === 'merge_undone') undone.set(command.anonymousId, command);
    const from = command.type === 'merge_restored' ? undone.get(command.anonymousId) : undefined;
    return from && command.type === 'merge_restored' ? { anonymousId: command.anonymousId, from, until: command } : [];
  });
}
