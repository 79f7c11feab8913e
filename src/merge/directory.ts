import { isBefore, type Position } from './record.js';

/** One name of a person leads to another: an email to the id it belongs to, or somebody who was merged to whom (RULES R21, R23). */
export interface Link extends Position {
  person: string;
  /** Two people became one here, and kept what they were before; otherwise the two names always meant the same person. */
  isMerge: boolean;
}

/** Who is meant by a name. Nothing that was kept is rewritten when names come together, so it is asked at each look. */
export interface Directory {
  /** The name a person goes by, which every other name of theirs leads to. @param asOf at this place in the log; now when absent */
  rootOf(name: string, asOf?: Position): string;
  /** Where in the log a name's person was last merged into somebody else. */
  mergedAt(name: string): Position | undefined;
}

/** No name leads through so many others, so that following links ends also where a database holds some that lead in a circle. */
const MOST_LINKS = 10_000;

/** @param linkOf the link that starts at a name, if there is one */
export function createDirectory(linkOf: (name: string) => Link | undefined): Directory {
  return {
    rootOf(name, asOf) {
      for (let followed = 0; followed < MOST_LINKS; followed++) {
        const link = linkOf(name);
        if (!link || (asOf && isBefore(asOf, link))) break;
        name = link.person;
      }
      return name;
    },
    mergedAt(name) {
      let last: Position | undefined;
      for (let link = linkOf(name), followed = 0; link && followed < MOST_LINKS; link = linkOf(link.person), followed++) {
        if (link.isMerge && (!last || isBefore(last, link))) last = link;
      }
      return last;
    },
  };
}

/** A directory in which every name stands for itself. */
export const NO_LINKS: Directory = createDirectory(() => undefined);
