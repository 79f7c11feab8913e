import { USER_ID_BYTES, type Activity, type Explanation } from '../wire/index.js';
import { lasting } from './explain.js';
import { anonymousStream, type Claim, type MessageRecord, type Position } from './record.js';
import type { Settings } from './settings.js';

/** What an administrator did, as an entry of the same log as the messages, with all the names it was about (RULES R26). */
export type Command = Position &
  (
    | { type: 'merge_undone' | 'merge_restored'; anonymousId: string; person: string }
    | { type: 'people_merged'; primary: string; secondary: string }
    /** `suppressed`: those of the names that were suppressed, and are so still. */
    | { type: 'person_deleted'; person: string; names: string[]; anonymousIds: string[]; suppressed?: string[] }
    | { type: 'person_suppressed' | 'person_unsuppressed'; person: string; names: string[] }
    | { type: 'settings_changed'; settings: Settings }
  );

/** What came of a command. */
export type CommandResult = { done: true } | { done: false; code: 'nobody' | 'same_person' | 'no_merge' | 'expired'; message: string };

/** The line of the log that a command gives. */
export function commandActivity(command: Command): Activity {
  const { type, receivedAt: at } = command;
  if (type === 'merge_undone' || type === 'merge_restored') return { type, at, person: command.person, anonymousId: command.anonymousId };
  if (type === 'people_merged') return { type, at, person: command.primary, name: command.secondary };
  if (type === 'settings_changed') return { type, at, name: `anonymousEventMerge: ${command.settings.anonymousEventMerge ? 'on' : 'off'}` };
  return { type, at, person: command.person };
}

/** Every name that a command is about, and the stream of every anonymous id. */
export function subjectsOf(command: Command): string[] {
  switch (command.type) {
    case 'merge_undone':
    case 'merge_restored':
      return [command.person, anonymousStream(command.anonymousId)];
    case 'people_merged':
      return [command.primary, command.secondary];
    case 'person_deleted':
    case 'person_suppressed':
    case 'person_unsuppressed':
      return command.names;
    case 'settings_changed':
      return [];
  }
}

/**
 * What is left of a command once a person was deleted: nothing of one that names them, save that they were deleted (RULES R24).
 *
 * @param names all of theirs
 * @param anonymousIds those that stay taken
 */
export function withoutPerson(command: Command, names: string[], anonymousIds: string[]): Command | undefined {
  switch (command.type) {
    case 'merge_undone':
    case 'merge_restored':
      return names.includes(command.person) || anonymousIds.includes(command.anonymousId) ? undefined : command;
    case 'people_merged':
      return names.includes(command.primary) || names.includes(command.secondary) ? undefined : command;
    case 'person_suppressed':
    case 'person_unsuppressed': {
      const others = command.names.filter((name) => !names.includes(name));
      if (others.length === command.names.length) return command;
      return others[0] === undefined ? undefined : { ...command, person: others.includes(command.person) ? command.person : others[0], names: others };
    }
    case 'person_deleted':
    case 'settings_changed':
      return command;
  }
}

/** Why an event did not join that came behind what closed the late window of its claim early. @param closing what did, where that is known */
export function explainClosed({ receivedAt }: MessageRecord, { closedAt }: Claim, closing: Command | undefined): Explanation {
  const before = `${lasting(receivedAt - closedAt!)} before it arrived, which closed the late window of its anonymous id.`;
  if (closing?.type === 'person_suppressed') return { reason: 'late_window_passed', detail: `Its person was suppressed ${before}` };
  if (closing?.type === 'people_merged') return { reason: 'late_window_passed', detail: `Its person was merged into somebody suppressed ${before}` };
  return { reason: 'merging_off', detail: `Merging was switched off ${before}` };
}

export const DONE: CommandResult = { done: true };
export const NOBODY: CommandResult = { done: false, code: 'nobody', message: 'Nobody is known by this id.' };
export const TOO_LONG_FOR_AN_ID: CommandResult = { done: false, code: 'nobody', message: `Nobody can be known by this id: it has more than ${USER_ID_BYTES} bytes.` };
export const SAME_PERSON: CommandResult = { done: false, code: 'same_person', message: 'Both ids are of the same person already.' };
export const NO_MERGE: CommandResult = { done: false, code: 'no_merge', message: 'Nothing was merged through this anonymous id.' };
export const TOO_LATE_TO_RESTORE: CommandResult = {
  done: false,
  code: 'expired',
  message: 'The merge was undone more than 30 days ago, and its events have expired.',
};
