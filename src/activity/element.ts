import { clientSource } from './client-source.js';
import { collectorSource } from './collector-source.js';
import { createFeed, NO_FEED, type FeedReader } from './feed.js';
import { startPoll, type Poll } from './poll.js';
import { SourceError, type ActivityClient, type Source } from './source.js';
import { activitySheet } from './style.js';
import { createView, LIVE, type State } from './view.js';

/** On a server there is no HTMLElement; there the class is never made into an element, but importing it must not fail. */
const Base = (globalThis.HTMLElement ?? Object) as typeof HTMLElement;

/**
 * The activity log: `<hitherto-activity src="https://collector.example" token="…">`, or with {@link client} the log of a client in the page.
 * It reads while the page can be seen, and stops when it is taken out of the document.
 *
 * With the attribute `erasable`, whoever reads it may erase a person.
 * It is as high as the custom property `--hitherto-height` says, 640 pixels at most when that is not set.
 *
 * Fires `activity` when lines have come in or changed, and `refused` when the collector does not accept the token.
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
  private _state: State = newState();
  private _feeds: Record<'identified' | 'anonymous', FeedReader> | undefined;
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
        onTab: (tab) => this._show({ tab }),
        onFilter: (filter) => {
          this._ask();
          this._show({ filter, feeds: { identified: NO_FEED, anonymous: NO_FEED } });
        },
        onSearch: (search) => this._show({ search, people: { ...this._state.people, isRead: false } }),
        onSubject: (subject) => this._show({ subject }, false),
        onOlder: () => void this._readOlder(),
        onMorePeople: () => void this._readPeople(this._state.people.items.at(-1)?.id),
        onErased: () => {
          this._ask();
          this._show({ subject: undefined, people: { ...this._state.people, isRead: false } });
        },
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
    const source = this._newSource();
    this._state = { ...newState(), source, tab: source?.isQueueOnly ? 'queue' : this._state.tab, canErase: this.hasAttribute('erasable') };
    if (source) this._follow(source);
    else this._report('Not connected', 'Give the address of a collector, <hitherto-activity src="…" token="…">, or set the element\'s client.');
    this._render();
  }

  private _newSource(): Source | undefined {
    if (this._client) return clientSource(this._client);
    const src = this.getAttribute('src');
    return src === null ? undefined : collectorSource({ src, token: this.getAttribute('token') });
  }

  private _follow(source: Source): void {
    this._ask();
    this._poll = startPoll({
      read: () => this._read(source),
      isLive: () => source.isLive?.() ?? false,
      isFinal: (error) => error instanceof SourceError && error.code === 'refused',
      onTrouble: (error, retryMs) => this._onTrouble(error, retryMs),
      onVisibility: (isVisible) => {
        if (this._state.trouble === undefined) this._state.status = isVisible ? LIVE : 'Paused';
        this._render();
      },
    });
    this._stopListening = source.onChange?.(() => this._poll?.wake());
  }

  /** Asks anew: what was loaded answers a question nobody has any more. */
  private _ask(): void {
    const { source } = this._state;
    if (!source) return;
    const question = (tab: 'identified' | 'anonymous') => () => {
      const { withinMs, ...filter } = this._state.filter;
      // Whose it is stands on the other tab only.
      const person = tab === 'identified' ? filter.person : undefined;
      return { ...filter, tab, person, ...(withinMs !== undefined && { since: minutesAgo(withinMs) }) };
    };
    this._feeds = { identified: createFeed(source, question('identified')), anonymous: createFeed(source, question('anonymous')) };
  }

  private async _read(source: Source): Promise<void> {
    const { _feeds: feeds } = this;
    if (!feeds) return;
    const isStale = !source.isQueueOnly && (await refresh(feeds));
    if (source.queue) this._state.queue = source.queue();
    const { tab, people } = this._state;
    if (tab === 'people' && (!people.isRead || isStale)) await this._readPeople();
    if (feeds !== this._feeds || source !== this._state.source) return;
    const { identified, anonymous } = this._state.feeds;
    const read = feedsOf(feeds);
    Object.assign(this._state, { feeds: read, status: LIVE, trouble: undefined });
    this._render();
    if (read.identified.lines !== identified.lines || read.anonymous.lines !== anonymous.lines) this.dispatchEvent(new Event('activity'));
  }

  private async _readOlder(): Promise<void> {
    const { _feeds: feeds } = this;
    const { tab } = this._state;
    if (!feeds || (tab !== 'identified' && tab !== 'anonymous')) return;
    await this._attempt(() => feeds[tab].older());
    if (feeds !== this._feeds) return;
    this._state.feeds = feedsOf(feeds);
    this._render();
  }

  private async _readPeople(before?: string): Promise<void> {
    const { source, search, people } = this._state;
    await this._attempt(async () => {
      const page = await source?.people?.({ search, before });
      if (!page || source !== this._state.source || search !== this._state.search) return;
      this._state.people = { items: [...(before === undefined ? [] : people.items), ...page.items], hasMore: page.next !== null, isRead: true };
      this._render();
    });
  }

  private async _attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this._onTrouble(error, 0);
    }
  }

  private _onTrouble(error: unknown, retryMs: number | undefined): void {
    const message = error instanceof Error ? error.message : String(error);
    this._report(retryMs === undefined ? 'Not connected' : `Trying again${retryMs > 0 ? ` in ${retryMs / 1000} s` : ''}`, message);
    this._render();
    if (retryMs === undefined) this.dispatchEvent(new Event('refused'));
  }

  private _report(status: string, trouble: string): void {
    Object.assign(this._state, { status, trouble });
  }

  /** Changes what is shown, at once as far as it is at hand, and reads the rest. */
  private _show(change: Partial<State>, isAsked = true): void {
    Object.assign(this._state, change);
    this._render();
    if (isAsked) this._poll?.wake();
  }

  private _render(): void {
    this._draw?.(this._state);
  }

  private _stop(): void {
    this._poll?.stop();
    this._stopListening?.();
    this._stopListening = undefined;
    this._feeds = undefined;
  }
}

/** To the minute, so that the same question is asked for a while, and its answer may be known. */
function minutesAgo(ms: number): number {
  return Math.floor((Date.now() - ms) / 60_000) * 60_000;
}

/** Both tabs, so that the counts beside them show events cross over at the moment of an identify. @returns whether either was out of date */
async function refresh({ identified, anonymous }: Record<'identified' | 'anonymous', FeedReader>): Promise<boolean> {
  const isStale = await identified.refresh(false);
  await anonymous.refresh(isStale);
  return isStale;
}

function feedsOf(feeds: Record<'identified' | 'anonymous', FeedReader>): State['feeds'] {
  return { identified: feeds.identified.feed(), anonymous: feeds.anonymous.feed() };
}

function newState(): State {
  return {
    source: undefined,
    tab: 'identified',
    filter: {},
    feeds: { identified: NO_FEED, anonymous: NO_FEED },
    people: { items: [], hasMore: false, isRead: false },
    search: '',
    queue: undefined,
    subject: undefined,
    canErase: false,
    status: 'Connecting',
  };
}
