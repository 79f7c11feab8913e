import type { Activity } from '../wire/index.js';
import { makeIcon, type IconName } from './icon.js';
import { make } from './make.js';
import { makeTime } from './time.js';
import { cut, makePerson, makeVisitor, makeWasAnonymous, nameOfPerson } from './who.js';

/** Later than this after it happened, the log says when that was: the message waited, offline perhaps. */
const LATE_MS = 60_000;

/** What each type is called, for whoever does not see its icon, and when it has no name of its own. */
const KINDS: Record<Activity['type'], string> = {
  event: 'Event',
  page: 'Page',
  screen: 'Screen',
  identify: 'Identified',
  group: 'Group',
  alias: 'Alias',
  anon_merge: 'Anonymous Data Merged',
  failed_attribute_change: 'Failed Attribute Change',
  merge_undone: 'Merge Undone',
  merge_restored: 'Merge Restored',
  people_merged: 'People Merged',
  person_deleted: 'Person Deleted',
  person_suppressed: 'Person Suppressed',
  person_unsuppressed: 'No Longer Suppressed',
  settings_changed: 'Settings Changed',
};

/** What somebody with the admin token did, under the icon of what it is like. */
const COMMAND_ICONS: Partial<Record<Activity['type'], IconName>> = {
  merge_undone: 'close',
  merge_restored: 'anon_merge',
  people_merged: 'anon_merge',
  person_deleted: 'close',
  person_suppressed: 'failed_attribute_change',
  person_unsuppressed: 'identify',
  settings_changed: 'alias',
};

/** The lines that say something in a sentence below their title. */
const SENTENCES: ReadonlySet<string> = new Set(['anon_merge', 'failed_attribute_change', 'people_merged'] satisfies Activity['type'][]);

export function hasSentence({ type }: Activity): boolean {
  return SENTENCES.has(type);
}

/** A newer collector may have lines that this log does not know. */
export function kindOf({ type }: Activity): Activity['type'] {
  return Object.hasOwn(KINDS, type) ? type : 'event';
}

/** What a line is called. */
export function titleOf(line: Activity): string {
  const type = kindOf(line);
  if (type === 'identify' && line.person === undefined) return 'Identify, naming nobody';
  const kind = type === 'event' ? 'Event without a name' : KINDS[type];
  // Whom somebody was merged with, a sentence says.
  return type === 'people_merged' ? kind : cut(line.name ?? kind);
}

/** A line in few words: what it is, and whose. */
export function labelOf(line: Activity): string {
  return line.person === undefined ? titleOf(line) : `${titleOf(line)}, ${nameOfPerson(line.person)}`;
}

/** What kind of line it is. */
export function kindName(line: Activity): string {
  return KINDS[kindOf(line)];
}

/** The parts of one line: what happened, who did it, and when. */
export function drawLine(line: Activity): Node[] {
  const type = kindOf(line);
  return [
    make('span', { class: 'icon', title: KINDS[type] }, makeIcon(COMMAND_ICONS[type] ?? (type as IconName))),
    make('div', { class: 'what' }, ...what(line, type)),
    make('div', { class: 'by' }, ...by(line)),
    makeTime(line.at),
  ];
}

function what(line: Activity, type: Activity['type']): Node[] {
  switch (type) {
    case 'anon_merge':
      return [title(line), make('p', {}, ...mergeText(line))];
    case 'failed_attribute_change':
      return [title(line), make('p', {}, ...refusalText(line))];
    case 'people_merged':
      return [title(line), make('p', {}, make('bdi', {}, cut(line.name ?? '')), ' is the same person now')];
    default:
      return [title(line, ...(line.name === undefined || type === 'event' ? [] : [make('small', {}, KINDS[type].toLowerCase())]), ...lateness(line))];
  }
}

function by({ type, person, anonymousId, previouslyAnonymous }: Activity): Node[] {
  // A merge says it all in its sentence.
  if (type === 'anon_merge') return [];
  if (type === 'merge_undone' || type === 'merge_restored') return [makePerson(person!), makeVisitor(anonymousId!)];
  if (person !== undefined) return [makePerson(person), ...(previouslyAnonymous ? [makeWasAnonymous(anonymousId)] : [])];
  return anonymousId === undefined ? [] : [make('span', {}, 'Anonymous'), makeVisitor(anonymousId)];
}

function mergeText({ count = 0, anonymousId, person, oldest }: Activity): (Node | string)[] {
  return [
    make('b', {}, count === 1 ? '1 event' : `${count} events`),
    ...(anonymousId === undefined ? [] : [' of ', makeVisitor(anonymousId)]),
    ' joined ',
    ...(person === undefined ? [] : [makePerson(person)]),
    ...(oldest === undefined ? [] : [make('span', { class: 'oldest' }, 'oldest ', makeTime(oldest * 1000, `unix ${oldest}`))]),
  ];
}

function refusalText({ attribute = 'an attribute', reason = 'claimed', anonymousId }: Activity): (Node | string)[] {
  return [
    `Could not set ${attribute === 'anonymous_id' ? 'anonymous id' : cut(attribute)}`,
    ...(anonymousId === undefined ? [] : [' ', makeVisitor(anonymousId)]),
    `: ${reason === 'claimed' ? 'already taken' : cut(reason)}`,
  ];
}

function lateness({ at, occurredAt }: Activity): Node[] {
  if (occurredAt === undefined || !(at - occurredAt > LATE_MS)) return [];
  return [make('small', {}, 'happened ', makeTime(occurredAt))];
}

function title(line: Activity, ...remarks: Node[]): Node {
  // Words that stand apart only by a margin are one word to whoever hears or copies them.
  return make('div', { class: 'title' }, make('bdi', {}, titleOf(line)), ...remarks.flatMap((remark) => [' ', remark]));
}
