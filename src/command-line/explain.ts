import type { Explanation } from '../wire/index.js';
import { answerOf, ASK_OPTIONS, asking } from './ask.js';
import { EXIT, textIn, type Command } from './command.js';
import { faint, shown, strong } from './terminal.js';

export const explain: Command = {
  summary: 'why an event is, or is not, somebody’s',
  argument: 'MESSAGE_ID',
  about: 'Ends with 0 when the message belongs to a person, with 2 when it belongs to nobody, or is not there.',
  options: {
    'anonymous-id': { value: 'ID', help: 'tells copies apart that were sent under several', otherwise: 'the first' },
    json: { help: 'for programs' },
    ...ASK_OPTIONS,
  },
  examples: ['hitherto explain 8Ux0pWq3', 'hitherto explain 8Ux0pWq3 --url https://events.shop.example --admin-token TOKEN'],
  run: (values, messageId, ledgerOptions) =>
    asking(values, ledgerOptions, async (ask) => {
      const anonymousId = textIn(values, 'anonymous-id');
      const query = anonymousId === undefined ? '' : `?anonymousId=${encodeURIComponent(anonymousId)}`;
      const explanation = await answerOf<Explanation>(await ask('GET', `/api/explain/${encodeURIComponent(messageId!)}${query}`));
      const { reason, person, detail } = explanation;
      process.stdout.write(values['json'] ? `${JSON.stringify(explanation)}\n` : `${strong(reason)}${person === undefined ? '' : `  ${shown(person)}`}\n${faint(shown(detail))}\n`);
      if (person === undefined) process.exitCode = EXIT.NOBODY;
    }),
};
