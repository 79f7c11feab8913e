/** Things that are lent to one user at a time. */
export interface Lending<Thing> {
  /** Whoever comes when all of them are out waits in line. */
  lend<Result>(use: (thing: Thing) => Promise<Result>): Promise<Result>;
  /** Resolves when everybody who was there before has brought theirs back, and lends none any more. */
  takeBack(): Promise<void>;
}

export function createLending<Thing>(things: Thing[]): Lending<Thing> {
  const there = [...things];
  const waiting: ((thing: Thing) => void)[] = [];

  async function take(): Promise<Thing> {
    if (there.length > 0) return there.pop()!;
    return new Promise((resolve) => {
      waiting.push(resolve);
    });
  }

  function bringBack(thing: Thing): void {
    const next = waiting.shift();
    if (next) next(thing);
    else there.push(thing);
  }

  return {
    async lend(use) {
      const thing = await take();
      try {
        return await use(thing);
      } finally {
        bringBack(thing);
      }
    },
    async takeBack() {
      await Promise.all(things.map(take));
    },
  };
}
