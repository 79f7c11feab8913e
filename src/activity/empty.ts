import type { ActivityTab } from '../wire/index.js';
import { make } from './make.js';

export interface Emptiness {
  tab: ActivityTab;
  isFiltered: boolean;
  /** The time that was asked for ends before it begins. */
  isBackwards: boolean;
  /** How many lines the other tab has. */
  others: number;
  hasOlder: boolean;
}

/** What stands where lines will be: why there are none, and what would bring one. */
export function drawEmpty({ tab, isFiltered, isBackwards, others, hasOlder }: Emptiness): Node[] {
  if (isBackwards) return say('Nothing of that here', 'The time ends before it begins.');
  if (isFiltered) return say('Nothing of that here', hasOlder ? 'Not among the newest lines. There are older ones.' : `${others > 0 ? 'Look under the other tab, or take' : 'Take'} the filter away.`);
  if (tab === 'anonymous') {
    if (others > 0) return say('Nobody is anonymous', 'Everything so far belongs to a person. What the next visitor does before login will stand here.');
    return say('Nothing yet', 'Call track(), before anybody has logged in:', "cioanalytics.track('addedToCart', { product: 'cool-shoes' })");
  }
  const code = "cioanalytics.identify('ada', { email: 'ada@example.com' })";
  if (others === 0) return say('Nothing yet', 'Call track() on your page, then identify(): what came first joins the person.', `cioanalytics.track('addedToCart', { product: 'cool-shoes' })\n${code}`);
  return say('Nobody is identified yet', 'What waits under Anonymous joins the person as soon as you call identify():', code);
}

function say(title: string, text: string, code?: string): Node[] {
  return [make('h2', {}, title), make('p', {}, text), ...(code === undefined ? [] : [make('pre', {}, make('code', {}, code))])];
}
