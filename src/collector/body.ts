import { BATCH_BYTES, isObject, type Fault, type JsonObject } from '../wire/index.js';
import { BODY_MS } from './limits.js';

export interface BodyFault extends Fault {
  /** The honest status. */
  status: 400 | 408 | 413 | 415;
}

export type ReadBody = { body: JsonObject; fault?: never } | { fault: BodyFault; body?: never };

/**
 * Reads a JSON object from a request, whatever its content type says: pages send text/plain to be spared a preflight.
 *
 * @param limit how many bytes it may have, decompressed
 */
export async function readBody(request: Request, limit: number = BATCH_BYTES): Promise<ReadBody> {
  const encoding = request.headers.get('Content-Encoding')?.trim().toLowerCase() ?? 'identity';
  if (!['identity', 'gzip', 'x-gzip', ''].includes(encoding)) {
    return unreadable(415, 'unknown_encoding', `A body is sent as it is or as gzip; this one is "${encoding.slice(0, 40)}".`);
  }
  // Our client says it in the address: a header would cost its page a preflight.
  const isGzip = encoding.endsWith('gzip') || new URL(request.url).searchParams.get('encoding') === 'gzip';
  let bytes: Bytes;
  try {
    bytes = await readBytes(request, isGzip, limit);
  } catch {
    // Whichever way it broke, the sender gets to know; there is nothing else to report.
    return unreadable(400, 'broken_body', isGzip ? 'The body is not gzip, though it says so.' : 'The body broke off.');
  }
  if (bytes === 'too large') return unreadable(413, 'too_large', `This request has at most ${limit} bytes, decompressed; send less at a time.`);
  if (bytes === 'too slow') return unreadable(408, 'too_slow', `The body did not arrive within ${BODY_MS / 1000} seconds; send it again.`);
  // Of the two byte order marks of UTF-16, UTF-8 has neither.
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) return unreadable(400, 'not_utf8', 'The body is UTF-16; JSON is sent as UTF-8.');
  return parseBody(new TextDecoder().decode(bytes));
}

type Bytes = Uint8Array | 'too large' | 'too slow';

/** Stops when the time is over, so that nobody holds a connection for ever. */
async function readBytes(request: Request, isGzip: boolean, limit: number): Promise<Bytes> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<'too slow'>((resolve) => (timer = setTimeout(resolve, BODY_MS, 'too slow')));
  try {
    // The server holds a sender to the length that was promised: a body that fits is read in one piece, without a stream around it.
    const promised = Number(request.headers.get('Content-Length') ?? Infinity);
    if (isGzip || !(promised <= limit)) return await readPieces(request, isGzip, limit, late);
    const whole = await Promise.race([request.arrayBuffer(), late]);
    return whole === 'too slow' ? whole : new Uint8Array(whole);
  } finally {
    clearTimeout(timer);
  }
}

/** Stops at the limit, so that a bomb does not unfold. */
async function readPieces({ body }: Request, isGzip: boolean, limit: number, late: Promise<'too slow'>): Promise<Bytes> {
  if (!body) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  const stream: ReadableStream<Uint8Array> = isGzip ? body.pipeThrough(new DecompressionStream('gzip')) : body;
  const reader = stream.getReader();
  for (;;) {
    const chunk = await Promise.race([reader.read(), late]);
    // Nobody waits for the rest: the answer does not depend on how it ends.
    if (chunk === 'too slow') return abandon('too slow');
    if (chunk.done) return joined(chunks, length);
    length += chunk.value.length;
    if (length > limit) return abandon('too large');
    chunks.push(chunk.value);
  }

  function abandon<Reason>(reason: Reason): Reason {
    reader.cancel().catch(() => undefined);
    return reason;
  }
}

function joined(chunks: Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

function parseBody(text: string): ReadBody {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return unreadable(400, 'not_json', text.trim() === '' ? 'The body is empty; send JSON.' : 'The body is not JSON.');
  }
  if (!isObject(value)) return unreadable(400, 'not_an_object', 'The body is a JSON object: a message, or { "batch": [ … ] }.');
  return { body: value };
}

function unreadable(status: BodyFault['status'], code: string, message: string): { fault: BodyFault } {
  return { fault: { status, code, message } };
}
