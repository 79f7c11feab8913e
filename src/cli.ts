import { readArguments } from './command-line/arguments.js';
import { EXIT, NobodyError, UsageError, type Command } from './command-line/command.js';
import { erase } from './command-line/erase.js';
import { explain } from './command-line/explain.js';
import { exportMessages } from './command-line/export.js';
import { helpOf, overview } from './command-line/help.js';
import { versionOfPackage } from './command-line/package.js';
import { serve } from './command-line/serve.js';
import { settled } from './command-line/settings.js';
import { snippet } from './command-line/snippet.js';
import { oneLine } from './command-line/terminal.js';
import { ConfigError } from './config.js';
import { LedgerError } from './ledger/index.js';

const COMMANDS: Record<string, Command> = { serve, snippet, explain, export: exportMessages, erase };

try {
  await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError || error instanceof ConfigError || error instanceof LedgerError)) throw error;
  process.stderr.write(`hitherto: ${oneLine(error.message)}\n`);
  process.exit(error instanceof NobodyError ? EXIT.NOBODY : EXIT.FAILED);
}

async function run([name, ...args]: string[]): Promise<void> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') return write(overview(COMMANDS));
  if (name === '--version' || name === '-v') return write(`${versionOfPackage()}\n`);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) throw new UsageError(`there is no command "${name}"; "hitherto serve" starts the collector, "hitherto --help" tells the rest.`);
  const { values, argument, wantsHelp } = readArguments(name, command, args);
  if (wantsHelp) return write(helpOf(name, command));
  // What a page pastes must not hang on the environment of whoever prints it.
  if (name === 'serve' || name === 'snippet') return command.run(values, argument);
  const { values: all, config: { webhook: _webhook, ...ledgerOptions } } = settled(values, command.options, Object.keys(serve.options));
  return command.run(all, argument, ledgerOptions);
}

function write(text: string): void {
  process.stdout.write(text);
}
