import type { Activity } from '../../wire/index.js';

/** A place of the log by itself. */
export interface Below {
  receivedAt: number;
  sequence: number;
}

/** Whatever gives lines at one place of the log: a message, a claim, a command. */
export interface Place extends Below {
  /** Topmost first. */
  lines(): Activity[] | Promise<Activity[]>;
}

/** A walk down a part of the log. */
export interface Descent {
  /** Where it starts. It is not walked before everything above that was seen: somebody may have a thousand anonymous ids. */
  top: Below;
  places: AsyncIterator<Place>;
}

/** Walks down the log, a piece at a time; each piece is four times as long as the one before, up to `most` rows. */
export async function* pieces(read: (below: Below, rows: number) => Promise<Place[]>, first: number, most: number, top: Below): AsyncGenerator<Place> {
  for (let [below, rows] = [top, Math.min(first, most)]; ; rows = Math.min(4 * rows, most)) {
    const places = await read(below, rows);
    yield* places;
    const last = places[rows - 1];
    if (!last) return;
    below = last;
  }
}

/** Weaves several descents of the log into one; at the same place, the earlier of them goes first. */
export async function* newestFirst(descents: Descent[]): AsyncGenerator<Place> {
  const heads: { at: Below; place?: Place; places: AsyncIterator<Place> }[] = descents.map(({ top, places }) => ({ at: top, places }));
  for (;;) {
    let index = 0;
    for (let other = 1; other < heads.length; other++) if (isAbove(heads[other]!.at, heads[index]!.at)) index = other;
    const head = heads[index];
    if (!head) return;
    if (head.place) yield head.place;
    const { value, done } = await head.places.next();
    if (done) heads.splice(index, 1);
    else head.at = head.place = value;
  }
}

function isAbove(place: Below, other: Below): boolean {
  return (place.receivedAt - other.receivedAt || place.sequence - other.sequence) > 0;
}
