/** When to connect again, milliseconds. Meanwhile the log asks. */
const RETRY_MS = 5000;

/** Told by a collector of each line that comes in. */
export interface Stream {
  isOpen(): boolean;
  close(): void;
}

/** Listens at `GET /api/stream`: server-sent events, through fetch, because an EventSource cannot send the token. */
export function openStream(url: string, headers: Record<string, string>, onEvent: () => void): Stream {
  const stopping = new AbortController();
  let isOpen = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function listen(): Promise<void> {
    try {
      const response = await fetch(url, { headers, cache: 'no-store', credentials: 'omit', signal: stopping.signal });
      // A collector that has no stream will not have one in a moment either, and a token that it refuses stays refused.
      if ([401, 403, 404, 501].includes(response.status)) return;
      if (response.ok && response.body) await follow(response.body);
    } catch {
      // Out of reach, which whoever asks for the log says to the reader.
    }
    if (stopping.signal.aborted) return;
    timer = setTimeout(() => void listen(), RETRY_MS);
    // Where it ends, the collector may be gone: that is found out now, and not when it would be asked anyway.
    if (isOpen) onEvent();
    isOpen = false;
  }

  async function follow(body: ReadableStream<Uint8Array>): Promise<void> {
    const reader = body.getReader();
    const decoder = new TextDecoder();
    isOpen = true;
    // What came in between the last question and now.
    onEvent();
    for (let line = ''; ; ) {
      const { value, done } = await reader.read();
      if (done) return;
      const lines = (line + decoder.decode(value, { stream: true })).split('\n');
      line = lines.pop()!;
      if (lines.some((text) => text.startsWith('data:'))) onEvent();
    }
  }

  void listen();
  return {
    isOpen: () => isOpen,
    close() {
      clearTimeout(timer);
      stopping.abort();
    },
  };
}
