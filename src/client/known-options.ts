import type { Report } from './report.js';
import type { ClientOptions } from './types.js';

/** What `typeof` says of an option; of those without, the client itself tells. */
const KINDS: Record<keyof ClientOptions, string | undefined> = {
  writeKey: 'string',
  endpoint: 'string',
  cookie: 'object',
  persistence: undefined,
  user: 'object',
  group: 'object',
  consent: undefined,
  globalPrivacyControl: 'boolean',
  doNotTrack: 'boolean',
  scrub: undefined,
  plugins: undefined,
  timeout: 'number',
  integrations: 'object',
  events: 'object',
  firstPartyCookie: 'boolean',
  autoPage: 'boolean',
  debug: 'boolean',
  inspector: 'boolean',
  flushInterval: 'number',
  batchSize: 'number',
  limit: 'object',
  campaigns: 'function',
  onError: 'function',
};
const NAMES = Object.keys(KINDS);

export type LookAtOptions = (options: ClientOptions, report: Report) => void;

/** Tells the page's developer of options that there are not, or that are of another kind: a client passes them over. */
export const lookAtOptions: LookAtOptions = (options, report) => {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || value === null) continue;
    if (!NAMES.includes(name)) report('unknown_option', `createClient() has no option "${name}"${meantBy(name)}. It was passed over.`);
    const kind = KINDS[name as keyof ClientOptions];
    if (kind && kind !== typeof value) report('wrong_option', `the option ${name} should be of type ${kind}; it is of type ${typeof value}.`);
  }
};

/** What to write, if only capitals are wrong. */
function meantBy(name: string): string {
  const meant = NAMES.find((known) => known.toLowerCase() === name.toLowerCase());
  return meant ? `; write ${meant}` : '';
}
