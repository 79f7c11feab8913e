import { readConfig, type Config } from '../config.js';
import type { JsonObject } from '../wire/index.js';
import { UsageError, type Options, type Values } from './command.js';

/** The options of a command as they hold, and where each was said: `--port`, `HITHERTO_PORT`, `port in hitherto.json`. */
export interface Settled {
  values: Values;
  /** What is to be changed when a value is wrong; the flag, of one that was not given. */
  sourceOf(name: string): string;
  config: Omit<Config, 'settings'>;
}

/**
 * The options of a command as they hold: what a flag says, else the environment (`HITHERTO_WRITE_KEY` for `--write-key`; lists
 * with commas), else the file that `--config` names (`writeKey`). A blank value is a mistake, and not the same as none.
 *
 * @param others names of settings that the file may hold besides: it is one file for all commands
 * @throws UsageError, ConfigError
 */
export function settled(values: Values, options: Options, others: string[] = [], env: NodeJS.ProcessEnv = process.env): Settled {
  const file = 'config' in options ? (values['config'] ?? (env['HITHERTO_CONFIG'] || undefined)) : undefined;
  const names = Object.keys(options).filter((name) => name !== 'config');
  const { settings = {}, ...config }: Config = typeof file === 'string' ? readConfig(file, [...new Set([...names, ...others])].filter((name) => name !== 'config').map(camelCase)) : {};
  const settledValues: Values = {};
  const sources = new Map<string, string>();
  for (const [name, { many, value }] of Object.entries(options)) {
    const [found, source] = firstOf(name, values, env, settings, String(file));
    if (found === undefined) continue;
    sources.set(name, source);
    settledValues[name] = value ? (many ? listOf(found, source) : textOf(found, source)) : switchOf(found, source);
  }
  return { values: settledValues, sourceOf: (name) => sources.get(name) ?? `--${name}`, config };
}

function firstOf(name: string, values: Values, env: NodeJS.ProcessEnv, settings: JsonObject, file: string): [unknown, string] {
  const variable = variableOf(name);
  if (values[name] !== undefined) return [values[name], `--${name}`];
  // An empty variable is how many tools say that there is none.
  if (env[variable]) return [env[variable], variable];
  return [settings[camelCase(name)], `${camelCase(name)} in ${file}`];
}

export function variableOf(name: string): string {
  return `HITHERTO_${name.replaceAll('-', '_').toUpperCase()}`;
}

function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function textOf(value: unknown, source: string): string {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') throw new UsageError(`${source} is text.`);
  if (text.trim() === '') throw new UsageError(`${source} is blank; give it a value or leave it out.`);
  return text;
}

function listOf(value: unknown, source: string): string[] {
  const list = typeof value === 'string' ? value.split(',').map((text) => text.trim()) : [value].flat();
  // A list of none is blank as well.
  return (list.length > 0 ? list : ['']).map((text) => textOf(text, source));
}

function switchOf(value: unknown, source: string): boolean {
  if (typeof value === 'boolean') return value;
  if (['1', 'true', 'yes'].includes(String(value))) return true;
  if (['0', 'false', 'no', ''].includes(String(value))) return false;
  throw new UsageError(`${source} is true or false.`);
}
