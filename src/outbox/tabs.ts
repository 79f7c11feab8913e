/** Which pages of this origin are alive, as far as a browser can tell: each holds a Web Lock of its own for life. */
export interface Tabs {
  /** Lets the lock go at pagehide (a page in the back/forward cache must not hold one) and takes it again at pageshow. */
  hold(): void;
  release(): void;
  /** @returns the tabs alive, or `undefined` in a browser without Web Locks */
  alive(): Promise<Set<string> | undefined>;
  /** Runs work that only one page at a time may do, while this one holds its lock; does nothing when another one is at it. */
  exclusively(name: string, work: () => Promise<void>): Promise<void>;
}

const PREFIX = 'hitherto.tab.';

export function createTabs(tab: string): Tabs {
  // Missing outside secure contexts and in older browsers; throws in a sandboxed frame.
  const locks = (globalThis.navigator as Navigator | undefined)?.locks as LockManager | undefined;
  let release: (() => void) | undefined;
  let held = Promise.resolve();

  return {
    hold() {
      if (release) return;
      held = new Promise((resolve) => (release = resolve));
      locks?.request(PREFIX + tab, () => held).catch(ignoreRefusal);
    },
    release() {
      release?.();
      release = undefined;
    },
    async alive() {
      const held = (await locks?.query().catch(ignoreRefusal))?.held;
      return held && new Set(held.flatMap(({ name }) => (name?.startsWith(PREFIX) ? name.slice(PREFIX.length) : [])));
    },
    async exclusively(name, work) {
      if (!locks) return work();
      const ifFree = (lock: Lock | null): Promise<void> | undefined => (lock ? Promise.race([work(), held]) : undefined);
      await locks.request(`hitherto.${name}`, { ifAvailable: true }, ifFree).catch(ignoreRefusal);
    },
  };
}

/** A browser that refuses locks (storage blocked, an opaque origin) has no rows of other pages to take over either. */
function ignoreRefusal(): undefined {}
