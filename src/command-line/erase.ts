import { createInterface } from 'node:readline/promises';
import { answerOf, ASK_OPTIONS, asking } from './ask.js';
import { UsageError, type Command } from './command.js';

export const erase: Command = {
  summary: 'forgets a person, and whatever is theirs',
  argument: 'PERSON',
  about: 'PERSON is an id, an email or cio_…. It cannot be taken back: their events and traits are deleted, their anonymous ids stay\ntaken, and what happened up to now is not taken in again, wherever it is still waiting.\nEnds with 2 when nobody is known by PERSON.',
  options: {
    yes: { help: 'without a question', otherwise: 'it asks, on a terminal' },
    ...ASK_OPTIONS,
  },
  examples: ['hitherto erase ada@example.com', 'hitherto erase user-1 --yes --url https://events.shop.example --admin-token TOKEN'],
  run: (values, person, ledgerOptions) =>
    asking(values, ledgerOptions, async (ask) => {
      if (!values['yes']) await confirm(person!);
      await answerOf(await ask('POST', `/api/people/${encodeURIComponent(person!)}/erase`));
      process.stdout.write(`${person} is forgotten.\n`);
    }),
};

async function confirm(person: string): Promise<void> {
  if (!process.stdin.isTTY) throw new UsageError('erase cannot be taken back, so it asks; where nobody can answer, say --yes.');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl+C and Ctrl+D are no answer.
  const closed = new Promise<undefined>((resolve) => terminal.once('close', () => resolve(undefined)));
  const asked = terminal.question(`Forget ${person} and everything of theirs? Type the id once more: `).catch(() => undefined);
  const answered = await Promise.race([asked, closed]);
  terminal.close();
  if (answered?.trim() !== person) throw new UsageError(`${answered === undefined ? 'nothing was answered' : 'that is another id'}; nobody was forgotten.`);
}
