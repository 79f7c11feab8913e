import { isBefore, type Position } from './record.js';

/** What a workspace can switch. */
export interface Settings {
  /** Whether an identify joins what its visitor did anonymously (RULES R20). @defaultValue true */
  anonymousEventMerge: boolean;
}

/** Settings that hold from a place in the log on. */
export interface SettingsChange extends Position, Settings {}

/** Whether merging is on at a place in the log. @param changes in order */
export function isMergingAt(changes: SettingsChange[], place: Position): boolean {
  return [...changes].reverse().find((change) => isBefore(change, place))?.anonymousEventMerge ?? true;
}
