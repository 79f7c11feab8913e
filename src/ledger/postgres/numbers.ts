/** So many numbers a time are taken from the database: often enough not to waste them, seldom enough not to wait for them. */
const BLOCK = 10_000;

/**
 * The sequences of one ledger: they grow, and no other ledger has the same ones. Collectors would queue for a counter that all
 * of them move on with every message; of a block nobody else knows.
 *
 * @param takeBlock gives a number that it never gave before, higher than all of them
 */
export function createNumbers(takeBlock: () => Promise<number>): (count: number) => Promise<number[]> {
  let next = 0;
  let end = 0;
  return async (count) => {
    const taken: number[] = [];
    while (taken.length < count) {
      if (next === end) {
        next = (await takeBlock()) * BLOCK + 1;
        end = next + BLOCK;
      }
      taken.push(next++);
    }
    return taken;
  };
}
