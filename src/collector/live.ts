import { LedgerError, type Ledger } from '../ledger/index.js';
import type { Activity } from '../wire/index.js';
import { json } from './answers.js';
import type { Log } from './log.js';

/** How soon a line is seen that somebody else has stored, where the ledger does not say so itself. */
const LOOK_MS = 1000;
/** What a burst of requests stores is looked at once. */
const GATHER_MS = 50;
/** Looking takes a fifth of the time at most: whoever only watches does not slow down whoever sends. */
const REST = 4;
/** A comment, so that nothing on the way takes the connection for dead. */
const HEARTBEAT_MS = 15_000;
/** Whoever was away for longer than this many lines reads the log instead. */
const LINES = 1000;
/**
 * Collectors that share a database do not commit in the order of their clocks, and a merge changes when more joins it: so much of
 * the log is looked at once more, every LOOK_MS.
 */
const LOOK_BACK_MS = 5000;

/** Tells whoever listens what comes into the log. */
export interface Live {
  /** Something was stored here. */
  nudge(): void;
  /** `GET /api/stream`: server-sent events, each of them a line of the log, from `Last-Event-ID` on. */
  stream(request: Request): Promise<Response>;
  close(): void;
}

interface Listener {
  /** The line that it has seen last; `undefined` before the first. */
  cursor: string | undefined;
  controller: ReadableStreamDefaultController<Uint8Array>;
  /** What it was told of the part of the log that is looked at again. */
  told: Map<string, number>;
}

export function createLive(ledger: Ledger, log: Log): Live {
  const encoder = new TextEncoder();
  const listeners = new Set<Listener>();
  let stopWatching: (() => void) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let beat: ReturnType<typeof setInterval> | undefined;
  let isClosed = false;
  let isLooking = false;
  let isWanted = false;
  let seen: string | undefined;
  let lookedBackAt = -Infinity;
  let owesLookBack = false;

  function nudge(): void {
    if (listeners.size === 0) return;
    isWanted = true;
    schedule(GATHER_MS);
  }

  function schedule(ms: number): void {
    if (isLooking || listeners.size === 0) return;
    clearTimeout(timer);
    timer = setTimeout(() => void look(), ms);
    (timer as { unref?(): void }).unref?.();
  }

  async function look(): Promise<void> {
    isLooking = true;
    isWanted = false;
    const startedAt = performance.now();
    const isBack = startedAt - lookedBackAt >= LOOK_MS;
    try {
      const version = await ledger.version();
      if (version !== seen || (owesLookBack && isBack)) {
        let isTold = true;
        for (const listener of listeners) isTold = (await tell(listener, isBack ? LOOK_BACK_MS : 0)) && isTold;
        seen = isTold ? version : undefined;
        owesLookBack = !isBack;
        if (isBack) lookedBackAt = startedAt;
      }
    } catch (error) {
      log({ level: 'warning', code: 'not_streamed', message: 'What is new could not be read; it is tried again.', error });
    }
    isLooking = false;
    schedule(isWanted ? Math.max(GATHER_MS, REST * (performance.now() - startedAt)) : LOOK_MS);
  }

  /** @returns whether they know now what there is */
  async function tell(listener: Listener, lookBackMs: number): Promise<boolean> {
    // Whoever does not read is not read for: what waits for them would grow without end.
    if (!hasRoom(listener)) return false;
    const { lines, before, isGap } = await ledger.live!(listener.cursor, { limit: LINES, lookBackMs });
    // They may have gone meanwhile.
    if (!listeners.has(listener)) return true;
    // What was committed late: whoever comes back comes back behind all that they were told.
    if (listener.cursor !== undefined) for (const line of before) tellOnce(listener, line, listener.cursor);
    if (isGap) say(listener, 'event: gap\ndata: {}\n\n');
    for (const { cursor, line } of lines) {
      tellOnce(listener, line, cursor);
      listener.cursor = cursor;
    }
    const newest = lines.at(-1)?.line.at ?? 0;
    for (const [mark, at] of listener.told) if (at < newest - LOOK_BACK_MS) listener.told.delete(mark);
    return true;
  }

  function tellOnce(listener: Listener, line: Activity, id: string): void {
    const mark = markOf(line);
    if (!listener.told.has(mark)) say(listener, `id: ${id}\ndata: ${JSON.stringify(line)}\n\n`);
    listener.told.set(mark, line.at);
  }

  function hasRoom({ controller }: Listener): boolean {
    return (controller.desiredSize ?? 0) > 0;
  }

  /** Where somebody begins: behind the line that they saw last, else where the log ends now. What stands before it is not told again. */
  async function placeOf(seenLast: string | undefined): Promise<Pick<Listener, 'cursor' | 'told'>> {
    const cursor = seenLast ?? (await ledger.live!(undefined, { limit: 1, lookBackMs: 0 })).lines[0]?.cursor;
    const { before } = cursor === undefined ? { before: [] } : await ledger.live!(cursor, { limit: LINES, lookBackMs: LOOK_BACK_MS });
    return { cursor, told: new Map(before.map((line) => [markOf(line), line.at])) };
  }

  function say({ controller }: Listener, text: string): void {
    controller.enqueue(encoder.encode(text));
  }

  function begin(): void {
    stopWatching ??= ledger.watch?.(nudge);
    beat ??= setInterval(() => {
      for (const listener of listeners) if (hasRoom(listener)) say(listener, ': still here\n\n');
    }, HEARTBEAT_MS);
    (beat as { unref?(): void }).unref?.();
    schedule(0);
  }

  function leave(listener: Listener): void {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearTimeout(timer);
    clearInterval(beat);
    beat = undefined;
    stopWatching?.();
    stopWatching = undefined;
  }

  return {
    nudge,
    async stream(request) {
      if (!ledger.live) return json(501, { code: 'no_stream', message: 'The ledger of this collector has no stream; read /api/activity.' });
      let from: Pick<Listener, 'cursor' | 'told'>;
      try {
        from = await placeOf(request.headers.get('Last-Event-ID') || undefined);
      } catch (error) {
        if (error instanceof LedgerError && error.code === 'bad_cursor') return json(400, { code: error.code, message: 'Last-Event-ID is the id of an event of this stream, unchanged.' });
        throw error;
      }
      // Whoever asks for the headers alone never reads, and never leaves; nobody would let go of whoever comes behind the end.
      if (request.method === 'HEAD' || isClosed) return new Response(null, { headers: STREAM_HEADERS });
      let listener!: Listener;
      const body = new ReadableStream<Uint8Array>(
        {
          start(controller) {
            listener = { ...from, controller };
            controller.enqueue(encoder.encode('retry: 1000\n: the activity log, from here on\n\n'));
            listeners.add(listener);
            seen = undefined;
            begin();
          },
          cancel: () => leave(listener),
        },
        { highWaterMark: LINES },
      );
      return new Response(body, { headers: STREAM_HEADERS });
    },
    close() {
      isClosed = true;
      for (const listener of listeners) {
        leave(listener);
        listener.controller.close();
      }
    },
  };
}

const STREAM_HEADERS = { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' };

/** Tells lines apart, whosever they have become. A merge that more has joined since is told again. */
function markOf({ type, at, messageId, anonymousId, attribute, count }: Activity): string {
  return JSON.stringify([type, at, messageId, anonymousId, attribute, count]);
}
