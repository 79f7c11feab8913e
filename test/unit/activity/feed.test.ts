import { describe, expect, it } from 'vitest';
import { createFeed } from '../../../src/activity/feed.js';
import type { Activity } from '../../../src/wire/index.js';

/** A log that counts its pages from the top, as that of a client in the page does. */
function logOf(names: string[]) {
  return {
    async read({ before, limit }: { before?: string | undefined; limit: number }) {
      const start = Number(before ?? 0);
      const items = names.slice(start, start + limit).map((name): Activity => ({ type: 'event', at: 0, messageId: name, name }));
      return { items, next: names.length > start + limit ? String(start + limit) : null };
    },
  };
}

describe('a feed', () => {
  it('has each line once, also when what came in has moved the seam between two pages', async () => {
    const names = Array.from({ length: 500 }, (_, n) => `${n}`);
    const feed = createFeed(logOf(names), () => ({ tab: 'identified' }));
    await feed.refresh(false);
    names.unshift('new', 'newer');
    await feed.older();
    await feed.refresh(false);
    expect(feed.feed().lines.map(({ messageId }) => messageId)).toEqual(names);
  });

  it('has a line once that its source gives twice', async () => {
    const feed = createFeed(logOf(['a', 'b', 'a']), () => ({ tab: 'identified' }));
    await feed.refresh(false);
    expect(feed.feed().lines.map(({ name }) => name)).toEqual(['a', 'b']);
  });
});
