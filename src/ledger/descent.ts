import type { Activity } from '../wire/index.js';

/** Whatever gives lines at one place of the log: a message, or a claim. */
export interface Place {
  receivedAt: number;
  sequence: number;
  /** Topmost first. */
  lines(): Activity[] | Promise<Activity[]>;
}

/** A place of the log by itself. */
export type Below = Pick<Place, 'receivedAt' | 'sequence'>;

/** Walks down the log, a piece at a time. */
export async function* pieces(read: (below: Below) => Promise<Place[]>, size: number, top: Below): AsyncGenerator<Place> {
  for (let below = top; ; ) {
    const places = await read(below);
    yield* places;
    const last = places[size - 1];
    if (!last) return;
    below = last;
  }
}

/** Weaves several descents of the log into one; at the same place, the earlier of them goes first. */
export async function* newestFirst(descents: AsyncGenerator<Place>[]): AsyncGenerator<Place> {
  const heads = await Promise.all(descents.map(headOf));
  for (;;) {
    let next = -1;
    heads.forEach((head, index) => {
      if (head && isAbove(head, heads[next])) next = index;
    });
    const head = heads[next];
    if (!head) return;
    yield head;
    heads[next] = await headOf(descents[next]!);
  }
}

function isAbove(place: Below, other: Below | undefined): boolean {
  return !other || (place.receivedAt - other.receivedAt || place.sequence - other.sequence) > 0;
}

async function headOf(descent: AsyncGenerator<Place>): Promise<Place | undefined> {
  const { value } = (await descent.next()) as IteratorResult<Place, undefined>;
  return value;
}
