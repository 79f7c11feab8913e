import type { AcceptedMessage } from '../wire/index.js';
import { checkEventFilter, checkKeys, isAmong, parseDefinitions, type EventFilter } from './conditions.js';

/** Something that a track call sets off for the person whose it is. */
export interface Campaign extends EventFilter {
  /** No two have the same; at most 150 bytes. */
  name: string;
}

/**
 * Reads campaigns as somebody wrote them down: at most 1,000, each `{ name, event, where? }`.
 *
 * @throws TypeError with a sentence that names the place and the remedy
 */
export function parseCampaigns(value: unknown): Campaign[] {
  return parseDefinitions(value, 'campaigns', (campaign, place) => {
    checkKeys(campaign, place, ['name', 'event', 'where']);
    checkEventFilter(campaign, place);
  });
}

/** Whether a message is one that starts the campaign; whether it still may is for `canTrigger` to say. */
export function isStartedBy(campaign: Campaign, message: AcceptedMessage): boolean {
  return isAmong(campaign, message);
}
