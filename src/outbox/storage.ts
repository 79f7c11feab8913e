/** Everything of ours in localStorage begins so. */
const PREFIX = 'hitherto.';

/** Where the page may have localStorage at all: a sandboxed frame, or "block all cookies", throws at the name alone. */
function storage(): Storage | undefined {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}

/** A profile that is spoiled throws at each question; and what a server has under that name may be something else. */
export function readStored(name: string): string | undefined {
  try {
    return storage()?.getItem(PREFIX + name) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Full is as good as blocked: what is written here is a second copy, or a courtesy. */
export function writeStored(name: string, value: string | undefined): void {
  try {
    if (value === undefined) storage()?.removeItem(PREFIX + name);
    else storage()?.setItem(PREFIX + name, value);
  } catch {
    // Nothing depends on it.
  }
}

/** The names that begin so. */
export function storedNames(start: string): string[] {
  return Object.keys(storage() ?? {}).flatMap((key) => (key.startsWith(PREFIX + start) ? key.slice(PREFIX.length) : []));
}

/** Calls back each time that another page of this origin writes this value. */
export function onStored(name: string, value: string, work: () => void): void {
  globalThis.addEventListener?.('storage', ({ key, newValue }) => {
    if (key === PREFIX + name && newValue === value) work();
  });
}
