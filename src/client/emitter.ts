/** A function of the page, called with what an event of the client says. */
// oxlint-disable-next-line typescript/no-explicit-any -- a page's own function, whatever it takes
export type Listener = (...values: any[]) => void;

/** Tells listeners what happened. One that throws does not stop the others, nor us: its error is the page's own. */
export interface Emitter {
  on(event: string, listener: Listener): void;
  once(event: string, listener: Listener): void;
  off(event: string, listener: Listener): void;
  emit(event: string, ...values: unknown[]): void;
}

export function createEmitter(): Emitter {
  let listeners: { event: string; listener: Listener; isOnce: boolean }[] = [];
  /** What the start itself did: the page can listen only afterwards, and is told then. */
  let early: (() => void)[] | undefined = [];
  queueMicrotask(() => {
    const waiting = early!;
    early = undefined;
    waiting.forEach((tell) => tell());
  });

  function off(event: string, listener: Listener): void {
    listeners = listeners.filter((known) => known.event !== event || known.listener !== listener);
  }

  function tell(event: string, values: unknown[]): void {
    for (const known of listeners.filter((each) => each.event === event)) {
      if (known.isOnce) listeners = listeners.filter((each) => each !== known);
      callPage(known.listener, ...values);
    }
  }

  return {
    on: (event, listener) => void listeners.push({ event, listener, isOnce: false }),
    once: (event, listener) => void listeners.push({ event, listener, isOnce: true }),
    off,
    emit(event, ...values) {
      if (early && !listeners.some((known) => known.event === event)) early.push(() => tell(event, values));
      else tell(event, values);
    },
  };
}

/**
 * Calls a function of the page, if it is one. What it throws comes up as the page's own uncaught error, and not in the midst
 * of ours.
 */
export function callPage(fn: unknown, ...values: unknown[]): void {
  try {
    if (typeof fn === 'function') (fn as Listener)(...values);
  } catch (error) {
    setTimeout(() => {
      throw error;
    });
  }
}
