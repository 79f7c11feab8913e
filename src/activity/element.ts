import type { ActivityTab } from '../wire/index.js';
import { clientSource } from './client-source.js';
import { collectorSource } from './collector-source.js';
import type { Filter } from './filter.js';
import { startPoll, type Poll } from './poll.js';
import { SourceError, type ActivityClient, type Source } from './source.js';
import { activitySheet } from './style.js';
import { createView, LIVE, TABS, type Feed, type State } from './view.js';

/** How many more lines "Show older" asks for. */
const STEP_LINES = 50;

/** On a server there is no HTMLElement; there the class is never made into an element, but importing it must not fail. */
const Base = (globalThis.HTMLElement ?? Object) as typeof HTMLElement;

/**
 * The activity log: `<hitherto-activity src="https://collector.example" token="…">`, or with {@link client} the log of a client in the page.
 * It reads while the page can be seen, and stops when it is taken out of the document.
 *
 * Fires `refused` when the collector does not accept the token.
 * Colours can be set with the custom properties `--hitherto-accent`, `--hitherto-ink` and `--hitherto-paper`.
 *
 * @example
 * ```ts
 * import 'hitherto/activity';
 * document.querySelector('hitherto-activity').client = createClient();
 * ```
 */
export class HithertoActivity extends Base {
  static readonly observedAttributes = ['src', 'token'];

  private _client: ActivityClient | undefined;
  private _draw: ((state: State) => void) | undefined;
  private _tab: ActivityTab = 'identified';
  private _filter: Filter = {};
  private _feeds = noFeeds();
  private _limits = { identified: STEP_LINES, anonymous: STEP_LINES };
  private _status = 'Connecting';
  private _trouble: string | undefined;
  private _source: Source | undefined;
  private _poll: Poll | undefined;
  private _stopListening: (() => void) | undefined;

  /** The client in this page whose log is shown; it comes before `src`. */
  get client(): ActivityClient | undefined {
    return this._client;
  }

  set client(client: ActivityClient | undefined) {
    this._client = client;
    this._restart();
  }

  connectedCallback(): void {
    // A page may set the property before the element is defined; then it hides the setter.
    if (Object.prototype.hasOwnProperty.call(this, 'client')) {
      const { client } = this;
      delete (this as { client?: ActivityClient }).client;
      this._client = client;
    }
    if (!this._draw) {
      const root = this.attachShadow({ mode: 'open' });
      root.adoptedStyleSheets = [activitySheet()];
      this._draw = createView(root, {
        onTab: (tab) => this._show(() => (this._tab = tab)),
        onFilter: (filter) => this._show(() => (this._filter = filter)),
        onOlder: () => this._show(() => (this._limits[this._tab] += STEP_LINES)),
      });
    }
    this._restart();
  }

  disconnectedCallback(): void {
    this._stop();
  }

  attributeChangedCallback(): void {
    this._restart();
  }

  private _restart(): void {
    if (!this.isConnected || !this._draw) return;
    this._stop();
    this._feeds = noFeeds();
    this._status = 'Connecting';
    this._trouble = undefined;
    this._source = this._newSource();
    if (this._source) this._follow(this._source);
    else this._report('Not connected', 'Nowhere to read from. Give the address of a collector, <hitherto-activity src="…" token="…">, or set the element\'s client.');
    this._render();
  }

  private _newSource(): Source | undefined {
    if (this._client) return clientSource(this._client);
    const src = this.getAttribute('src');
    return src === null ? undefined : collectorSource({ src, token: this.getAttribute('token') });
  }

  private _follow(source: Source): void {
    this._poll = startPoll({
      read: () => this._read(source),
      isFinal: (error) => error instanceof SourceError && error.code === 'refused',
      onTrouble: (error, retryMs) => this._onTrouble(error, retryMs),
      onVisibility: (isVisible) => {
        if (this._trouble === undefined) this._status = isVisible ? LIVE : 'Paused';
        this._render();
      },
    });
    this._stopListening = source.onChange?.(() => this._poll?.wake());
  }

  private async _read(source: Source): Promise<void> {
    const { _filter: filter } = this;
    // Both tabs, so that the counts beside them show events cross over at the moment of an identify.
    const pages = await Promise.all(TABS.map((tab) => source.read({ tab, person: tab === 'identified' ? filter.person : undefined, limit: this._limits[tab] })));
    // Meanwhile the reader asked for something else: what arrived answers a question nobody has any more.
    if (source !== this._source || filter !== this._filter) return;
    TABS.forEach((tab, index) => {
      const { items, next } = pages[index]!;
      this._feeds[tab] = { lines: items, hasOlder: next !== null, isRead: true };
    });
    this._status = LIVE;
    this._trouble = undefined;
    this._render();
  }

  private _onTrouble(error: unknown, retryMs: number | undefined): void {
    const message = error instanceof Error ? error.message : String(error);
    this._report(retryMs === undefined ? 'Not connected' : `Trying again in ${retryMs / 1000} s`, message);
    this._render();
    if (retryMs === undefined) this.dispatchEvent(new Event('refused'));
  }

  private _report(status: string, trouble: string): void {
    this._status = status;
    this._trouble = trouble;
  }

  /** Changes what is asked for: shows at once what is at hand of it, and reads the rest. */
  private _show(change: () => void): void {
    change();
    this._render();
    this._poll?.wake();
  }

  private _render(): void {
    const { _tab: tab, _filter: filter, _feeds: feeds, _status: status, _trouble: trouble } = this;
    this._draw?.({ tab, filter, feeds, status, trouble });
  }

  private _stop(): void {
    this._poll?.stop();
    this._stopListening?.();
    this._source = undefined;
  }
}

function noFeeds(): Record<ActivityTab, Feed> {
  const feed = { lines: [], hasOlder: false, isRead: false };
  return { identified: feed, anonymous: feed };
}
