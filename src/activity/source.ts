import type { Activity, ActivityPage, ActivityTab, Explanation, JsonObject, PeoplePage, PersonTrigger } from '../wire/index.js';

/** Where the lines come from. There are two: a collector over HTTP, and a client in the page. What one of them cannot tell is not offered. */
export interface Source {
  /**
   * A page of a tab, newest first. While nothing has changed, the same question may get the very same page.
   * Like everything here, it rejects with a {@link SourceError} whose message tells the reader what to do.
   */
  read(query: Query): Promise<ActivityPage>;
  /** Calls back at each change, where the source can tell. @returns stops it */
  onChange?(changed: () => void): () => void;
  /** Whether it tells of each change at the moment, so that nobody need ask. */
  isLive?(): boolean;
  explain?(messageId: string, anonymousId: string | undefined): Promise<Explanation | undefined>;
  /** A message with whatever it carried. */
  message?(messageId: string, anonymousId: string | undefined): Promise<JsonObject | undefined>;
  people?(query: { search: string; before?: string | undefined }): Promise<PeoplePage>;
  profile?(id: string): Promise<Profile | undefined>;
  preview?(person: string, anonymousId: string): Promise<Preview>;
  queue?(): Queue;
  /** The log is kept elsewhere, and is not asked for here. */
  isQueueOnly?: boolean;
  erase?(id: string): Promise<void>;
}

export interface Query {
  tab: ActivityTab;
  person?: string | undefined;
  anonymousId?: string | undefined;
  name?: string | undefined;
  /** Milliseconds. */
  since?: number | undefined;
  /** Milliseconds; what came in at that moment is later. */
  until?: number | undefined;
  /** The `next` of an earlier page. */
  before?: string | undefined;
  limit: number;
}

/** What is known of a person, as far as the source knows it. */
export interface Profile {
  id: string;
  traits?: JsonObject;
  anonymousIds: string[];
  segments?: string[];
  triggers?: PersonTrigger[];
}

/** What identifying a person with an anonymous id would do now. */
export interface Preview {
  claims: boolean;
  reason?: string;
  count: number;
  /** Unix seconds. */
  oldest?: number;
  triggers: { campaign: string }[];
  traits: JsonObject;
}

/** What waits in this browser for delivery. */
export interface Queue {
  endpoint: string | undefined;
  /** Why the last attempt failed; absent when it did not. */
  failure: string | undefined;
  messages: Queued[];
}

export interface Queued {
  message: JsonObject;
  isSending: boolean;
}

/** Any object that knows the log: the in-page client, or one of your own. */
export interface ActivityClient {
  /** The lines of a tab, newest first. */
  activity(filter: { tab: ActivityTab }): Promise<Activity[]> | Activity[];
  /** `on('activity', …)` is called at each change; without it the log asks every second. */
  on?(event: string, changed: () => void): unknown;
  /** Listens no longer. */
  off?(event: string, changed: () => void): unknown;
  /** Why a message is, or is not, somebody's; without it nobody is told. */
  explain?(messageId: string): Promise<Explanation | undefined>;
  /** What a message carried; without it nobody sees. */
  message?(messageId: string): Promise<JsonObject | undefined>;
  /** What waits for delivery; without it there is no queue to see. */
  inspect?(): { endpoint: string | undefined; consent?: string; failure?: string | undefined; queue?: { text: string; isSending: boolean }[] };
  /** The visitor, whose traits the profile of that person shows. */
  user?(): {
    /** Their id; `null` while nobody is known. */
    id(): string | null;
    /** What is known about them. */
    traits(): JsonObject;
  };
}

/** Why there is nothing to show, in a sentence that names the remedy. */
export class SourceError extends Error {
  /**
   * @param code `refused` is final: asking again with the same token would be refused again
   */
  constructor(
    readonly code: 'refused' | 'unreachable' | 'failed' | 'malformed',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A line is an object; anything else in a list is left out rather than drawn. */
export function readLines(value: unknown): Activity[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.filter((line): line is Activity => typeof line === 'object' && line !== null);
}
