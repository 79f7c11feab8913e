/** How often to ask a source that tells by itself: in case it has not. */
const QUIET_PAUSE_MS = 15_000;
/** Often enough to see a click arrive while the hand is still on the mouse. */
const PAUSE_MS = 1000;
/** A reading that takes long is repeated less often: it may take a sixth of the time, no more. */
const PAUSE_PER_READING = 5;
const LONGEST_BACKOFF_MS = 30_000;

export interface PollOptions {
  read(): Promise<void>;
  /** @param retryMs when it will be tried again; `undefined` when it will not */
  onTrouble(error: unknown, retryMs: number | undefined): void;
  /** Whether the source says by itself when there is something to read. */
  isLive(): boolean;
  /** Whether trying again could help. */
  isFinal(error: unknown): boolean;
  onVisibility(isVisible: boolean): void;
}

export interface Poll {
  /** Reads now, or once more after the reading under way. */
  wake(): void;
  stop(): void;
}

/** Reads again and again while the page can be seen, and ever more seldom while that fails. */
export function startPoll({ read, onTrouble, isFinal, isLive, onVisibility }: PollOptions): Poll {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let attempt = 0;
  let isReading = false;
  let isWanted = false;
  let isStopped = false;

  async function run(): Promise<void> {
    clearTimeout(timer);
    if (isStopped || document.hidden) return;
    isWanted = isReading;
    if (isReading) return;
    isReading = true;
    const pauseMs = await readOnce();
    isReading = false;
    if (isWanted) void run();
    else if (pauseMs !== undefined && !isStopped) timer = setTimeout(run, pauseMs);
  }

  async function readOnce(): Promise<number | undefined> {
    const startedAt = performance.now();
    try {
      await read();
      attempt = 0;
      return Math.max(isLive() ? QUIET_PAUSE_MS : PAUSE_MS, PAUSE_PER_READING * (performance.now() - startedAt));
    } catch (error) {
      const retryMs = isFinal(error) ? undefined : backoffMs(attempt++);
      if (!isStopped) onTrouble(error, retryMs);
      return retryMs;
    }
  }

  function onVisibilityChange(): void {
    onVisibility(!document.hidden);
    void run();
  }

  document.addEventListener('visibilitychange', onVisibilityChange);
  void run();

  return {
    wake: () => void run(),
    stop() {
      isStopped = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onVisibilityChange);
    },
  };
}

/** @param attempt counted from 0 */
function backoffMs(attempt: number): number {
  return Math.min(LONGEST_BACKOFF_MS, 2 * PAUSE_MS * 2 ** attempt);
}
