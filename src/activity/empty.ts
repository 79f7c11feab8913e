import type { ActivityTab } from '../wire/index.js';
import type { Filter } from './filter.js';
import { make } from './make.js';

export interface Emptiness {
  tab: ActivityTab;
  filter: Filter;
  /** How many lines the other tab has. */
  others: number;
  hasOlder: boolean;
}

/** What stands where lines will be: why there are none, and what would bring one. */
export function drawEmpty({ tab, filter, others, hasOlder }: Emptiness): Node[] {
  if (filter.person !== undefined && tab === 'anonymous') return say('Nothing here is anonymous', 'What this person did before they were identified is theirs now, under Identified.');
  if (filter.person !== undefined || filter.anonymousId !== undefined) {
    return say('Nothing of theirs here', hasOlder ? 'Not among the lines that are loaded. There are older ones.' : 'Look under the other tab, or show everybody again.');
  }
  if (tab === 'anonymous') {
    if (others > 0) return say('Nobody is anonymous', 'Everything so far belongs to a person. What the next visitor does before login will stand here.');
    return say('Nothing yet', 'Call track(), before anybody has logged in:', "cioanalytics.track('addedToCart', { product: 'cool-shoes' })");
  }
  const code = "cioanalytics.identify('ada', { email: 'ada@example.com' })";
  if (others === 0) return say('Nothing yet', 'Call track(), then identify(): what came first joins the person.', `cioanalytics.track('addedToCart', { product: 'cool-shoes' })\n${code}`);
  return say('Nobody is identified yet', 'What waits under Anonymous joins the person as soon as you call identify():', code);
}

function say(title: string, text: string, code?: string): Node[] {
  return [make('h3', {}, title), make('p', {}, text), ...(code === undefined ? [] : [make('pre', {}, make('code', {}, code))])];
}
