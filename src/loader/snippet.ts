/** What a page pastes, in which words. */
export interface SnippetOptions {
  /** The address of the script. */
  src: string;
  /** Goes with `endpoint`; without both the engine runs in the page. */
  writeKey?: string;
  endpoint?: string;
  /** @defaultValue `cioanalytics` */
  global?: string;
  /** `pending`: calls wait until the visitor has decided. */
  consent?: string;
  /** Track page views. */
  autoPage?: boolean;
  /** For pages with a Content Security Policy: what it allows scripts by. */
  nonce?: string;
  /** The hash of the script, as in `sha384-…`: a browser runs no other. */
  integrity?: string;
}

const GLOBAL = 'cioanalytics';

/** Every method that does something. One that only answers, as user() and activity() do, has no answer before the client is there. */
const METHODS =
  'track identify page screen group alias reset ready on once off consent debug flush timeout use inspector register deregister setAnonymousId ' +
  'trackLink trackClick trackForm trackSubmit pageview addSourceMiddleware addIntegrationMiddleware addDestinationMiddleware';

/**
 * The lines to paste into a page's head: calls can be made from there on, and are made by the client, in their order and
 * as of their time and page, once it has arrived. At most 600 bytes, as long as addresses and the key are short.
 *
 * Under Trusted Types use {@link tag}: a script that is made by a script needs a policy of the page's own.
 */
export function snippet(options: SnippetOptions): string {
  const { src, endpoint, nonce, integrity, global = GLOBAL } = options;
  const isOfCollector = endpoint !== undefined && src.startsWith(endpoint);
  const data = Object.entries(dataOf(options)).filter(([name]) => name !== 'endpoint' || !isOfCollector);
  const attributes = { ...(nonce !== undefined && { nonce }), ...(integrity !== undefined && { integrity, crossOrigin: '' }) };
  const code = [
    `{let d=document,q=self${/^[a-z_$][\w$]*$/i.test(global) ? `.${global}` : `[${text(global)}]`}??=[],s=d.createElement("script"),t=s.dataset;`,
    // The client is there, or another copy of these lines was.
    'if(q.push&&!q.invoked){q.invoked=1;',
    `${text(METHODS)}.split(" ").map(m=>`,
    'q[m]=(...v)=>(q.push(v=[m,...v]),v.at=[Date.now(),d.URL,d.title],q));',
    ...data.map(([name, value]) => `t.${camelCase(name)}=${text(value)};`),
    ...Object.entries(attributes).map(([name, value]) => `s.${name}=${text(value)};`),
    `s.src=${isOfCollector ? `(t.endpoint=${text(endpoint)})+${text(src.slice(endpoint.length))}` : text(src)};`,
    // A script that a script makes waits for nobody.
    'd.head.append(s)}}',
  ];
  return `<script${nonce === undefined ? '' : ` nonce="${attribute(nonce)}"`}>${code.join('')}</script>`;
}

/** The same as one tag, with no code in the page: what is called before it arrives waits in `window.cioanalytics ??= []`. */
export function tag(options: SnippetOptions): string {
  const { src, nonce, integrity } = options;
  const attributes = {
    src,
    ...Object.fromEntries(Object.entries(dataOf(options)).map(([name, value]) => [`data-${name}`, value])),
    ...(nonce !== undefined && { nonce }),
    ...(integrity !== undefined && { integrity, crossorigin: 'anonymous' }),
  };
  return `<script async ${Object.entries(attributes).map(([name, value]) => `${name}="${attribute(value)}"`).join(' ')}></script>`;
}

function dataOf({ writeKey, endpoint, consent, autoPage, global }: SnippetOptions): Record<string, string> {
  return {
    ...(writeKey !== undefined && { 'write-key': writeKey }),
    ...(endpoint !== undefined && { endpoint }),
    ...(consent !== undefined && { consent }),
    ...(autoPage && { 'auto-page': '' }),
    ...(global !== undefined && global !== GLOBAL && { global }),
  };
}

/** A text in a script in a page: nothing in it ends the script. */
function text(value: string): string {
  return JSON.stringify(value).replaceAll('<', '\\x3c');
}

function attribute(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}

function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
