import { BATCH_BYTES, isObject, type Fault, type JsonObject } from '../wire/index.js';

/** A body that could be read. */
export interface Body {
  value: JsonObject;
  /** Its length in bytes, decompressed. */
  bytes: number;
}

export type ReadBody = { body: Body; fault?: never } | { fault: Fault; body?: never };

/** Reads a JSON object from a request, whatever its content type says: pages send text/plain to be spared a preflight. */
export async function readBody(request: Request): Promise<ReadBody> {
  const encoding = request.headers.get('Content-Encoding')?.trim().toLowerCase() ?? 'identity';
  if (!['identity', 'gzip', 'x-gzip', ''].includes(encoding)) {
    return unreadable('unknown_encoding', `A body is sent as it is or as gzip; this one is "${encoding.slice(0, 40)}".`);
  }
  // Our client says it in the address: a header would cost its page a preflight.
  const isGzip = encoding.endsWith('gzip') || new URL(request.url).searchParams.get('encoding') === 'gzip';
  let bytes: Uint8Array | undefined;
  try {
    bytes = await readBytes(request, isGzip);
  } catch {
    // Whichever way it broke, the sender gets to know; there is nothing else to report.
    return unreadable('broken_body', isGzip ? 'The body is not gzip, though it says so.' : 'The body broke off.');
  }
  if (!bytes) return unreadable('too_large', `A request has at most ${BATCH_BYTES} bytes, decompressed; send smaller batches.`);
  return parseBody(new TextDecoder().decode(bytes), bytes.length);
}

/** @returns `undefined` when there is more than a batch may have; it stops reading there, so that a bomb does not unfold. */
async function readBytes({ body }: Request, isGzip: boolean): Promise<Uint8Array | undefined> {
  if (!body) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  const stream: ReadableStream<Uint8Array> = isGzip ? body.pipeThrough(new DecompressionStream('gzip')) : body;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return joined(chunks, length);
    length += value.length;
    if (length > BATCH_BYTES) {
      // Nobody waits for it: the answer does not depend on how the rest of the body ends.
      reader.cancel().catch(() => undefined);
      return undefined;
    }
    chunks.push(value);
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

function parseBody(text: string, bytes: number): ReadBody {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return unreadable('not_json', text.trim() === '' ? 'The body is empty; send JSON.' : 'The body is not JSON.');
  }
  if (!isObject(value)) return unreadable('not_an_object', 'The body is a JSON object: a message, or { "batch": [ … ] }.');
  return { body: { value, bytes } };
}

function unreadable(code: string, message: string): { fault: Fault } {
  return { fault: { code, message } };
}
