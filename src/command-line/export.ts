import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { answerOf, ASK_OPTIONS, asking } from './ask.js';
import { textIn, UsageError, type Command } from './command.js';
import { createProgress } from './terminal.js';

export const exportMessages: Command = {
  summary: 'writes every message that is kept, one a line, as JSON',
  about: 'Oldest first, each as it came, with receivedAt and occurredAt.',
  options: {
    output: { value: 'FILE', help: 'where to', otherwise: 'standard output' },
    ...ASK_OPTIONS,
  },
  examples: ['hitherto export --output hitherto.ndjson', 'hitherto export --database postgres://… | gzip > hitherto.ndjson.gz'],
  run: (values) =>
    asking(values, async (ask) => {
      const response = await ask('GET', '/api/export');
      if (!response.ok || !response.body) return void (await answerOf(response));
      const output = textIn(values, 'output');
      const progress = createProgress((count) => `${count.toLocaleString('en')} messages`);
      async function* counted(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
        for await (const chunk of source) {
          progress.add(chunk.reduce((lines, byte) => lines + Number(byte === NEWLINE), 0));
          yield chunk;
        }
      }
      try {
        await pipeline(Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]), counted, output === undefined ? process.stdout : createWriteStream(output, { mode: 0o600 }), { end: output !== undefined });
      } catch (cause) {
        const { code } = cause as NodeJS.ErrnoException;
        // Whoever reads the first lines only, as `head` does, has what they want.
        if (code === 'EPIPE') return;
        throw new UsageError(`${output ?? 'standard output'} cannot be written (${code ?? String(cause)}).`, { cause });
      } finally {
        progress.end();
      }
    }),
};

const NEWLINE = 10;
