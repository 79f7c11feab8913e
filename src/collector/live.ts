import { LedgerError, type Ledger, type LiveActivity } from '../ledger/index.js';
import { json } from './answers.js';
import type { Log } from './log.js';

/** How soon a line is seen that somebody else has stored, where the ledger does not say so itself. */
const LOOK_MS = 1000;
/** What a burst of requests stores is looked at once. */
const GATHER_MS = 50;
/** A comment, so that nothing on the way takes the connection for dead. */
const HEARTBEAT_MS = 15_000;
/** Whoever was away for longer than this many lines reads the log instead. */
const LINES = 1000;
/** Collectors that share a database do not commit in the order of their clocks: so much of the log is looked at once more. */
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
  let isLooking = false;
  let isWanted = false;
  let seen: string | undefined;

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
    try {
      const version = await ledger.version();
      if (version !== seen) {
        for (const listener of listeners) await tell(listener);
        seen = version;
      }
    } catch (error) {
      log({ level: 'warning', code: 'not_streamed', message: 'What is new could not be read; it is tried again.', error });
    }
    isLooking = false;
    schedule(isWanted ? GATHER_MS : LOOK_MS);
  }

  async function tell(listener: Listener): Promise<void> {
    // Whoever does not read is not read for: what waits for them would grow without end.
    if ((listener.controller.desiredSize ?? 0) <= 0) return;
    const { lines, isGap } = await ledger.live!(listener.cursor, { limit: LINES, lookBackMs: listener.told.size > 0 ? LOOK_BACK_MS : 0 });
    if (isGap) say(listener, 'event: gap\ndata: {}\n\n');
    for (const { cursor, line } of lines) {
      const mark = markOf(line);
      if (!listener.told.has(mark)) say(listener, `id: ${cursor}\ndata: ${JSON.stringify(line)}\n\n`);
      listener.told.set(mark, line.at);
      listener.cursor = cursor;
    }
    const newest = lines.at(-1)?.line.at ?? 0;
    for (const [mark, at] of listener.told) if (at < newest - LOOK_BACK_MS) listener.told.delete(mark);
  }

  /** Where somebody begins: behind the line that they saw last, else where the log ends now. What stands before it is not told again. */
  async function placeOf(seenLast: string | undefined): Promise<Pick<Listener, 'cursor' | 'told'>> {
    const cursor = seenLast ?? (await ledger.live!(undefined, { limit: 1, lookBackMs: 0 })).lines[0]?.cursor;
    const told = new Map<string, number>();
    if (cursor === undefined) return { cursor, told };
    const { lines } = await ledger.live!(cursor, { limit: LINES, lookBackMs: LOOK_BACK_MS });
    const before = lines.slice(0, lines.findIndex((line) => line.cursor === cursor) + 1);
    for (const { line } of before) told.set(markOf(line), line.at);
    return { cursor, told };
  }

  function say({ controller }: Listener, text: string): void {
    controller.enqueue(encoder.encode(text));
  }

  function begin(): void {
    stopWatching ??= ledger.watch?.(nudge);
    beat ??= setInterval(() => {
      for (const listener of listeners) if ((listener.controller.desiredSize ?? 0) > 0) say(listener, ': still here\n\n');
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
      return new Response(body, { headers: { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' } });
    },
    close() {
      for (const listener of listeners) {
        leave(listener);
        listener.controller.close();
      }
    },
  };
}

/** Tells lines apart, whosever they have become. A merge that more has joined since is told again. */
function markOf({ type, at, messageId, anonymousId, attribute, count }: LiveActivity['lines'][number]['line']): string {
  return JSON.stringify([type, at, messageId, anonymousId, attribute, count]);
}
