import type { Command, Options } from './command.js';

const NAME_WIDTH = 26;

export function overview(commands: Record<string, Command>): string {
  const lines = Object.entries(commands).map(([name, { argument, summary }]) => `  hitherto ${[name, argument].filter(Boolean).join(' ').padEnd(NAME_WIDTH - 6)} ${summary}`);
  return `hitherto: a collector, its activity log and a demo shop\n\n${lines.join('\n')}\n\nhitherto COMMAND --help tells the rest; hitherto --version says which it is.\nEach ends with 0 when it is done, with 1 when it could not be, and says why, with 2 when there is nobody whom it is about.\n`;
}

export function helpOf(name: string, { summary, about, argument, options, examples }: Command): string {
  const title = `hitherto ${[name, argument].filter(Boolean).join(' ')}: ${summary}`;
  const parts = [title, about, `Options\n${optionLines(options)}`, `Examples\n${examples.map((example) => `  ${example}`).join('\n')}`];
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

function optionLines(options: Options): string {
  return Object.entries(options)
    .map(([name, { value, help, otherwise, many }]) => {
      const flag = `--${name}${value ? ` ${value}` : ''}`;
      const more = [otherwise, many && 'may be repeated'].filter(Boolean).join('; ');
      return `  ${flag.padEnd(NAME_WIDTH)} ${help}${more ? ` (${more})` : ''}`;
    })
    .join('\n');
}
