import { parseArgs } from 'node:util';
import { UsageError, type Command, type Values } from './command.js';

/** Reads what stands behind a command. @throws UsageError */
export function readArguments(name: string, { options, argument }: Command, args: string[]): { values: Values; argument: string | undefined; wantsHelp: boolean } {
  const { values, positionals } = parse(name, options, args);
  const [first, surplus] = positionals;
  const unexpected = argument === undefined ? first : surplus;
  const wantsHelp = values['help'] === true;
  if (!wantsHelp && unexpected !== undefined) throw new UsageError(`${name} does not take "${unexpected}"; see "hitherto ${name} --help".`);
  if (!wantsHelp && argument !== undefined && first === undefined) throw new UsageError(`${name} needs ${argument}; see "hitherto ${name} --help".`);
  return { values, argument: first, wantsHelp };
}

function parse(name: string, options: Command['options'], args: string[]): { values: Values; positionals: string[] } {
  const entries = Object.entries(options).map(([option, { value, many }]) => [option, { type: value ? 'string' : 'boolean', multiple: many === true }] as const);
  try {
    const found = parseArgs({ args, options: { ...Object.fromEntries(entries), help: { type: 'boolean', short: 'h' } }, allowPositionals: true });
    return { values: { ...found.values } as Values, positionals: found.positionals };
  } catch (error) {
    // The first sentence says what is wrong; those behind it are about the parser.
    const [reason] = (error as Error).message.split('. ');
    throw new UsageError(`${reason}; "hitherto ${name} --help" lists the options.`);
  }
}
