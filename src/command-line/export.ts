import { createWriteStream, renameSync, rmSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { answerOf, ASK_OPTIONS, asking } from './ask.js';
import { textIn, UsageError, type Command } from './command.js';
import { createProgress } from './terminal.js';

export const exportMessages: Command = {
  summary: 'writes every message that is kept, one a line, as JSON',
  about: 'Oldest first, each as it came, with receivedAt and occurredAt.',
  options: {
    output: { value: 'FILE', help: 'where to; there once it is whole', otherwise: 'standard output' },
    ...ASK_OPTIONS,
  },
  examples: ['hitherto export --output hitherto.ndjson', 'hitherto export --database postgres://… | gzip > hitherto.ndjson.gz'],
  run: (values, _argument, ledgerOptions) =>
    asking(values, ledgerOptions, async (ask) => {
      const response = await ask('GET', '/api/export');
      if (!response.ok || !response.body) return void (await answerOf(response));
      const output = textIn(values, 'output');
      const progress = createProgress((count) => `${count.toLocaleString('en')} messages`, output === undefined ? process.stdout : undefined);
      async function* counted(): AsyncGenerator<Uint8Array> {
        for await (const chunk of whole(response.body!)) {
          progress.add(chunk.reduce((lines, byte) => lines + Number(byte === NEWLINE), 0));
          yield chunk;
        }
      }
      try {
        await (output === undefined ? toStandardOutput(counted()) : toFile(counted(), output));
      } finally {
        progress.end();
      }
    }),
};

const NEWLINE = 10;

/** What comes, and a sentence when it ends before its end. */
async function* whole(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    throw new UsageError('the collector broke off in the middle; what is written is not all of it.', { cause });
  }
}

async function toStandardOutput(chunks: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    await pipeline(chunks, process.stdout, { end: false });
  } catch (error) {
    // Whoever reads the first lines only, as `head` does, has what they want.
    if (!isOfTheSystem(error)) throw error;
    if (error.code !== 'EPIPE') throw new UsageError(`standard output cannot be written (${error.code}).`, { cause: error });
  }
}

/** Under its name once it is whole: nobody takes half of it for all. */
async function toFile(chunks: AsyncIterable<Uint8Array>, file: string): Promise<void> {
  const part = `${file}.${process.pid}.part`;
  try {
    await pipeline(chunks, createWriteStream(part, { mode: 0o600, flush: true }));
    renameSync(part, file);
  } catch (error) {
    rmSync(part, { force: true });
    if (!isOfTheSystem(error)) throw error;
    throw new UsageError(`${file} cannot be written (${error.code}).`, { cause: error });
  }
}

function isOfTheSystem(error: unknown): error is NodeJS.ErrnoException {
  return (error as NodeJS.ErrnoException).syscall !== undefined;
}
