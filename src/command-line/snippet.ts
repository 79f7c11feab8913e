import { readFileSync } from 'node:fs';
import { snippet as snippetText, tag, type SnippetOptions } from '../loader/index.js';
import { integrityOf } from '../site.js';
import { textIn, UsageError, type Command, type Values } from './command.js';
import { versionOfPackage } from './package.js';

export const snippet: Command = {
  summary: 'prints what a page pastes',
  about: 'Two ways to load the client, to choose from: 600 bytes of code, behind which calls can be made at once, or one tag.',
  options: {
    endpoint: { value: 'URL', help: 'the collector', otherwise: 'none: events stay in the page' },
    'write-key': { value: 'KEY', help: 'the key that goes with it' },
    src: { value: 'URL', help: 'the address of the script', otherwise: 'the collector’s own' },
    global: { value: 'NAME', help: 'what the client is called in the page', otherwise: 'cioanalytics' },
    consent: { value: 'STATE', help: 'pending: wait for the visitor’s answer', otherwise: 'granted' },
    'auto-page': { help: 'track page views' },
    nonce: { value: 'NONCE', help: 'what a Content Security Policy allows scripts by' },
    integrity: { help: 'with the hash of the script of this version, at an address that never changes' },
  },
  examples: ['hitherto snippet --endpoint https://events.shop.example --write-key WRITE_KEY', 'hitherto snippet --src /hitherto.min.js'],
  run: (values) => void process.stdout.write(snippetFor(values)),
};

function snippetFor(values: Values): string {
  const [endpoint, writeKey, src, global, consent, nonce] = ['endpoint', 'write-key', 'src', 'global', 'consent', 'nonce'].map((name) => textIn(values, name));
  if ((endpoint === undefined) !== (writeKey === undefined)) {
    throw new UsageError('--endpoint and --write-key go together; leave out both to merge in the page.');
  }
  if (endpoint !== undefined && !isAddress(endpoint)) throw new UsageError(`--endpoint is no address: "${endpoint}"; write it as in https://collector.example.`);
  // A page may have the script beside itself.
  if (src !== undefined && !isAddress(src) && !/^\.{0,2}\//.test(src)) throw new UsageError(`--src is no address: "${src}"; write it as in https://collector.example/hitherto.min.js or /hitherto.min.js.`);
  if (consent !== undefined && !['granted', 'pending', 'denied'].includes(consent)) {
    throw new UsageError(`--consent is granted, pending or denied, not "${consent}".`);
  }
  const file = endpoint === undefined ? 'hitherto.min.js' : 'hitherto.remote.min.js';
  // A hash goes with an address at which the script never changes.
  const folder = values['integrity'] ? `v${versionOfPackage()}/` : '';
  const address = src ?? (endpoint && `${endpoint.replace(/\/+$/, '')}/${folder}${file}`);
  if (address === undefined) throw new UsageError('say which script: give --endpoint and --write-key of a collector, or, to merge in the page without one, --src /hitherto.min.js.');
  const options: SnippetOptions = {
    src: address,
    ...(writeKey !== undefined && { writeKey }),
    ...(endpoint !== undefined && { endpoint }),
    ...(global !== undefined && { global }),
    ...(consent !== undefined && { consent }),
    ...(values['auto-page'] === true && { autoPage: true }),
    ...(nonce !== undefined && { nonce }),
    ...(values['integrity'] === true && { integrity: integrityOfScript(src === undefined ? file : (src.split('/').at(-1) ?? file)) }),
  };
  return `<!-- Calls can be made from here on, and wait for the client: -->\n${snippetText(options)}\n\n<!-- Or one tag, and no code in the page: -->\n${tag(options)}\n`;
}

function isAddress(text: string): boolean {
  return URL.canParse(text) && new URL(text).protocol.startsWith('http');
}

/** The hash of a script as it came with this version. */
function integrityOfScript(file: string): string {
  try {
    return integrityOf(readFileSync(new URL(file, import.meta.url)));
  } catch {
    throw new UsageError(`--integrity needs a --src that ends in the name of a script of ours, such as hitherto.min.js, not "${file}".`);
  }
}
