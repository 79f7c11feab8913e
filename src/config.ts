import { readFileSync } from 'node:fs';
import type { WebhookOptions } from './collector/index.js';
import type { LedgerOptions } from './ledger/index.js';
import { parseCampaigns, parseSegments } from './merge/index.js';
import { isObject, type JsonObject } from './wire/index.js';

/** What a collector is told in a file: what does not fit on a command line. */
export interface Config extends LedgerOptions {
  webhook?: WebhookOptions;
  /** What may as well stand on the command line, by the names of the options: `writeKey` for `--write-key`. */
  settings?: JsonObject;
}

const KEYS = ['anonymousEventMerge', 'campaigns', 'segments', 'webhook'];

/** What is wrong with the file, in one sentence. */
export class ConfigError extends Error {}

/**
 * Reads a file of JSON.
 *
 * @param settings the names of the settings that it may have besides
 * @throws ConfigError
 */
export function readConfig(file: string, settings: string[] = []): Config {
  const config = parse(file);
  if (!isObject(config)) throw new ConfigError(`${file} holds no object; it looks like { "campaigns": [], "segments": [] }.`);
  const known = [...KEYS, ...settings];
  const unknown = Object.keys(config).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new ConfigError(`${file}: ${unknown} is not known here; use ${known.join(', ')}.`);
  const { webhook, campaigns = [], segments = [], anonymousEventMerge = true, ...others } = config;
  if (typeof anonymousEventMerge !== 'boolean') throw new ConfigError(`${file}: anonymousEventMerge is true or false.`);
  if (webhook !== undefined && !isObject(webhook)) throw new ConfigError(`${file}: webhook is { "url": "https://…", "secret": "whsec_…" }.`);
  // The secret may stand elsewhere than in a file that is kept with the code.
  const secret = { secret: process.env['HITHERTO_WEBHOOK_SECRET'] };
  return inFile(file, () => ({
    anonymousEventMerge,
    campaigns: parseCampaigns(campaigns),
    segments: parseSegments(segments),
    settings: others,
    ...(webhook && { webhook: { ...secret, ...webhook } as WebhookOptions }),
  }));
}

/** Says which file it is that something is wrong with: whoever takes options throws a TypeError. */
export function inFile<Result>(file: string | undefined, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (file === undefined || !(error instanceof TypeError)) throw error;
    throw new ConfigError(`${file}: ${error.message}`, { cause: error });
  }
}

function parse(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError(`${file} cannot be read (${(cause as NodeJS.ErrnoException).code}); name a file of JSON, as in --config hitherto.json.`, { cause });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new ConfigError(`${file} is no JSON: ${(cause as Error).message}.`, { cause });
  }
}
