import type { JsonObject, MessageType } from './message.js';

/** One line of the activity log. Times are milliseconds, except `oldest`. */
export interface Activity {
  /**
   * `event`, `page`, `screen`, `identify`, `group`, `alias`: a call.
   * `anon_merge`: anonymous events joined a person, shown as "Anonymous Data Merged".
   * `failed_attribute_change`: an identify named an anonymous id, or an email, that belongs to somebody else.
   * The others: what an administrator did.
   */
  type:
    | 'event'
    | Exclude<MessageType, 'track'>
    | 'anon_merge'
    | 'failed_attribute_change'
    | 'merge_undone'
    | 'merge_restored'
    | 'people_merged'
    | 'person_deleted'
    | 'person_suppressed'
    | 'person_unsuppressed'
    | 'settings_changed';
  /** When it was received; the log is in this order. */
  at: number;
  /** When it happened, by the sender's word, never later than `at`. */
  occurredAt?: number;
  name?: string;
  messageId?: string;
  /** Whose it is: an id, else `email:…` or `cio_…`. Absent while it is anonymous. */
  person?: string;
  anonymousId?: string;
  /** It was anonymous until the person was identified. */
  previouslyAnonymous?: boolean;
  /** `anon_merge`: how many events joined. */
  count?: number;
  /** `anon_merge`: when the oldest of them happened, in unix seconds, rounded down. */
  oldest?: number;
  /** `failed_attribute_change`: which attribute could not be set, and why. */
  attribute?: string;
  reason?: string;
}

/** The two halves of the log: what belongs to a person, and what does not. */
export type ActivityTab = 'identified' | 'anonymous';

/** Which lines of the log. */
export interface ActivityFilter {
  /** `identified`: attached to a person; `anonymous`: not. Both when absent. */
  tab?: ActivityTab;
  person?: string;
}

/** The answer of `GET /api/activity`. */
export interface ActivityPage {
  /** Newest first. */
  items: Activity[];
  /** Give it as `before` to get what is older; `null` when there is nothing older. */
  next: string | null;
}

/** A track, page or screen call as it is kept, and whose it is now. Times are milliseconds. */
export interface StoredEvent {
  messageId: string;
  type: 'track' | 'page' | 'screen';
  name?: string;
  anonymousId?: string;
  person?: string;
  previouslyAnonymous: boolean;
  occurredAt: number;
  receivedAt: number;
  /** It may start campaigns: it belongs to a person, and happened within the 72 hours before it joined them (RULES R9). */
  canTrigger: boolean;
}

/** Somebody known, and everything they did hitherto. */
export interface Person {
  id: string;
  traits: JsonObject;
  /** Every anonymous id that is theirs, in the order in which they were claimed. */
  anonymousIds: string[];
  /** Oldest first. */
  events: StoredEvent[];
}

/** Somebody known, in short. */
export interface PersonSummary {
  id: string;
  /** The other names they go by: `email:…`, `cio_…`, and the ids of whoever was merged into them. */
  names: string[];
  /** How many anonymous ids are theirs. */
  anonymousIds: number;
  /** When the newest line of their log came in; milliseconds. */
  lastAt?: number;
}

/** The answer of `GET /api/people`. */
export interface PeoplePage {
  /** In the order of their ids; whoever was found by an email or an anonymous id stands first. */
  items: PersonSummary[];
  /** Give it as `before` to get those that follow; `null` when there are none. */
  next: string | null;
}

/** A campaign that something a person did has started. Times are milliseconds. */
export interface PersonTrigger {
  campaign: string;
  messageId: string;
  /** When the event became the person's, and when it happened. */
  at: number;
  occurredAt: number;
  /** Whether the webhook was told. */
  isDelivered: boolean;
}

/** The answer of `GET /api/people/:id/standing`: what follows from what a person did. */
export interface Standing {
  /** The segments they are in, in the order of the configuration. */
  segments: string[];
  /** Newest first. */
  triggers: PersonTrigger[];
}

/** What came in between two moments. */
export interface Counts {
  /** Track, page and screen calls. */
  events: number;
  /** Anonymous ids that became somebody's. */
  merges: number;
}

/** The answer of `GET /api/stats`. */
export interface Stats {
  /** Milliseconds that each item stands for. */
  step: number;
  /** Oldest first; `at` is where the step begins. */
  items: (Counts & { at: number })[];
}

/** Why a message is, or is not, somebody's. */
export type Reason =
  | 'identified'
  | 'merged_retroactively'
  | 'merged_late'
  | 'unclaimed'
  | 'too_old'
  | 'late_window_passed'
  | 'blank_id'
  | 'bad_id'
  | 'merging_off'
  | 'expired'
  | 'unknown';

/** The answer to "why did this not merge?". */
export interface Explanation {
  /** Stable, for programs. */
  reason: Reason;
  /** Whose it is. */
  person?: string;
  /** A sentence, for people, with the numbers behind the reason. */
  detail: string;
}
