import type { Campaign, CommandResult, Outcome, Preview, Segment, SegmentChange, Settings, Trigger } from '../merge/index.js';
import type { AcceptedMessage, Activity, ActivityFilter, ActivityPage, Counts, Explanation, JsonObject, Person, PeoplePage, Standing } from '../wire/index.js';

/** When a request arrived, and when its sender says it left. */
export interface RequestTime {
  /** Milliseconds, by the ledger's clock where it has one, and else by the collector's. */
  receivedAt: number;
  /** As sent; corrects the sender's clock (RULES R15). */
  sentAt?: string | number | undefined;
}

/** Which lines of the log, and from where on. */
export interface ActivityQuery extends ActivityFilter {
  /** Only what is older than this cursor: the `next` of an earlier page. */
  before?: string;
  /** Only lines with this in their name, in whatever case. */
  name?: string;
  /** Only lines of this anonymous id. */
  anonymousId?: string;
  /** Only what was received from then on; milliseconds. */
  since?: number;
  /** Only what was received before then; milliseconds. */
  until?: number;
  /** How many lines a page has, at most. Fewer, and yet a `next`, where a name or an anonymous id is rare. */
  limit: number;
}

export interface PeopleQuery {
  /** How an id begins; or the whole of an email, of another name, or of an anonymous id. Everybody when absent. */
  search?: string;
  /** The `next` of an earlier page. */
  before?: string;
  limit: number;
}

/** A part of what came into the log. */
export interface LiveQuery {
  /** So many lines behind the cursor, at most. */
  limit: number;
  /** So much in front of the cursor as well, in milliseconds, and again at most so many lines: collectors that share a database do not commit in the order of their clocks. */
  lookBackMs: number;
}

/** What came into the log behind a cursor. */
export interface LiveActivity {
  /** What stands behind the cursor, oldest first; without a cursor, the newest. */
  lines: { cursor: string; line: Activity }[];
  /** What was asked for in front of it, with the line of the cursor itself. */
  before: Activity[];
  /** There was more behind the cursor than the limit, and these are the newest. */
  isGap: boolean;
}

/**
 * A message as it is kept, with when it was received and when it happened, as ISO 8601. One that came from the future has that as
 * its `originalTimestamp`, unless it has one of its own, and when it was received as its `timestamp`.
 */
export type StoredMessage = AcceptedMessage & { receivedAt: string; occurredAt: string };

/** Some of the stored messages, and where the next ones begin. */
export interface MessagePage {
  items: StoredMessage[];
  /** Give it as `after` to get what is newer; `null` behind the newest. */
  next: string | null;
}

/**
 * What the collector keeps: every accepted message once, and the claims that say whose they are.
 *
 * The rules live in `merge`; a ledger looks up the facts, asks `decide`, and writes what it says in one transaction.
 */
export interface Ledger {
  /**
   * Stores messages in their order, all of them or none. The order of the log is that of the appends: what a slow clock
   * stamps counts as received when the message before it was.
   *
   * @returns one outcome a message, once they are durable
   * @throws when nothing was stored; the same messages may be appended again
   */
  append(messages: AcceptedMessage[], at: RequestTime): Promise<Outcome[]>;
  /**
   * The activity log, newest first, a page at a time. Pages neither repeat nor skip a line while new ones arrive.
   *
   * @throws LedgerError `bad_cursor` when `before` is not the `next` of an earlier page
   */
  activity(query: ActivityQuery): Promise<ActivityPage>;
  /** @param id an id, else `email:…` or `cio_…` */
  /** Somebody, with everything they did hitherto. */
  person(id: string): Promise<Person | undefined>;
  /** Changes whenever something was stored; two equal values mean that nothing has. It may change for nothing, too. No two ledgers share one. Cheap. */
  version(): Promise<string>;
  /**
   * What came into the log behind a line that was seen; without a cursor, the newest lines. A ledger that nobody can follow has
   * none of it.
   *
   * @throws LedgerError `bad_cursor`
   */
  live?(after: string | undefined, query: LiveQuery): Promise<LiveActivity>;
  /** Calls back when another process has stored something, where the database says so by itself. @returns stops it */
  watch?(onChange: () => void): () => void;
  /** The time, in milliseconds, where the database has a clock that several collectors go by (RULES R16). At once, and without asking it. */
  now?(): number;
  /**
   * Every message that is kept, oldest first, a page at a time.
   *
   * @throws LedgerError `bad_cursor` when `after` is not the `next` of an earlier page
   */
  messages?(query: { after?: string; limit: number }): Promise<MessagePage>;
  /** Everybody known, a page at a time. */
  people?(query: PeopleQuery): Promise<PeoplePage>;
  /**
   * The segments a person is in, and the campaigns they started. Worked out when asked.
   *
   * @param now milliseconds
   */
  standing?(id: string, now: number): Promise<Standing | undefined>;
  /** What was received from one moment on until before another; milliseconds. */
  counts?(from: number, until: number): Promise<Counts>;
  /**
   * How many events belong to somebody through the claims that were made from one moment on until before another; milliseconds.
   * A claim writes no number down, so each of those events is looked at. Final once the late windows are over, undoing and erasing aside.
   */
  merged?(from: number, until: number): Promise<number>;
  /** What an administrator may ask and do. A ledger that only takes in and shows has none of it. */
  administration?: Administration;
  /** What campaigns have started and nobody was told yet. A ledger without campaigns has none. */
  triggers?: TriggerQueue;
  /** Lets go of files and connections; what was appended is kept. Whatever is asked afterwards is rejected as `closed`. */
  close(): Promise<void>;
}

/** A ledger that does everything; only a database that several share has a clock for them, and may tell by itself what others store. */
export type WholeLedger = Required<Omit<Ledger, 'watch' | 'now'>> & Pick<Ledger, 'watch' | 'now'>;

/** Who is in a segment, and how everybody came in and left. */
export interface SegmentState {
  /** Their ids, in order. */
  members: string[];
  /** In the order of time. */
  changes: SegmentChange[];
}

/** Reading and changing what was decided; each change is an entry of the log, and durable when it resolves. */
export interface Administration {
  /**
   * Why a message is, or is not, somebody's.
   *
   * @param anonymousId tells copies apart that were sent under several
   * @param now milliseconds
   */
  explain(messageId: string, anonymousId: string | undefined, now: number): Promise<Explanation>;
  /**
   * A message as it was received, with whatever it carried; `undefined` when none of that id is kept.
   *
   * @param anonymousId tells copies apart that were sent under several
   */
  message(messageId: string, anonymousId: string | undefined): Promise<AcceptedMessage | undefined>;
  /** What identifying a person with an anonymous id would do, without doing it. @param now milliseconds */
  preview(person: string, anonymousId: string, now: number): Promise<Preview>;
  /** The name of a person that is meant by an id, an email, `email:…` or `cio_…`: an id before an email. `undefined` when nobody is known by any. */
  nameMeantBy(id: string): Promise<string | undefined>;
  /**
   * Who is in a segment, and how everybody came in and left until then. Worked out when asked: it looks at everybody.
   *
   * @param now milliseconds
   * @returns `undefined` when there is no segment of this name
   */
  segment(name: string, now: number): Promise<SegmentState | undefined>;
  /** Makes two people one: the secondary's past and names become the primary's, suppressed if the primary is. */
  mergePeople(primary: string, secondary: string, at: number): Promise<CommandResult>;
  /** Takes back what an anonymous id brought its person; called again, within 30 days, it restores that exactly. */
  undoMerge(anonymousId: string, at: number): Promise<CommandResult>;
  /** Forgets a person and whatever is theirs; their anonymous ids stay taken. */
  deletePerson(id: string, at: number): Promise<CommandResult>;
  /** Keeps nothing that names a person, from now on. */
  suppress(id: string, at: number): Promise<CommandResult>;
  /** Takes a suppression back. */
  unsuppress(id: string, at: number): Promise<CommandResult>;
  /** The settings of this ledger. */
  settings(): Promise<Settings>;
  /** Changes them. Not retroactive. */
  changeSettings(change: Partial<Settings>, at: number): Promise<Settings>;
  /**
   * One step of deleting what stayed anonymous for more than 30 days. Where it left off is kept; it never changes what merges.
   *
   * @param limit how many messages a step looks at, so that it does not hold up the others
   */
  purge(now: number, limit: number): Promise<{ deleted: number; isDone: boolean }>;
}

/** A campaign that an event of a person started, with the event itself. */
export interface StartedTrigger extends Trigger {
  /** Tells it apart from whatever else starts the same campaign, in this ledger. */
  key: string;
  /** When the event became the person's; milliseconds. */
  at: number;
  /** When it happened; milliseconds. */
  occurredAt: number;
  anonymousId?: string;
  event?: string;
  properties?: JsonObject;
  context?: JsonObject;
}

/** What campaigns have started, until somebody was told: written in the transaction that brings the event to its person. */
export interface TriggerQueue {
  /**
   * The next ones, in the order in which they came out; again, until they are delivered. Those of somebody who is suppressed wait
   * until they are not.
   *
   * @param owner whoever delivers: while they hold the lease, nobody else is given any. With a limit and a lease of 0 they give it back
   * @returns `undefined` when another owner holds the lease
   */
  take(owner: string, at: { limit: number; now: number; leaseMs: number }): Promise<StartedTrigger[] | undefined>;
  /** These need not be told again. @param now milliseconds */
  delivered(triggers: StartedTrigger[], now: number): Promise<void>;
  /** Starts what was missed where an event and its claim were stored at once, by two collectors. @param now milliseconds */
  settle(now: number): Promise<void>;
}

/** What a ledger starts with. */
export interface LedgerOptions {
  /** Whether an identify joins what its visitor did anonymously, until it is switched. @defaultValue true */
  anonymousEventMerge?: boolean;
  /** What starts when a person does something. @defaultValue none */
  campaigns?: Campaign[];
  /** Groups of people by what they did or are. @defaultValue none */
  segments?: Segment[];
}
