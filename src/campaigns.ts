import type { CampaignWatch } from './client/index.js';
import { byTrigger, parseCampaigns, RETENTION_MS, triggersOf, type Campaign, type Core, type PlacedTrigger } from './merge/index.js';
import type { JsonObject } from './wire/index.js';

export type { CampaignWatch } from './client/index.js';
export type { Campaign, Condition, Conditions, Scalar } from './merge/index.js';

/** A campaign that something has started, now that it is known who did it. */
export interface StartedCampaign {
  campaign: string;
  person: string;
  messageId: string;
  event: string;
  properties: JsonObject;
  /** When it happened. */
  occurredAt: Date;
}

/** What this browser has told: since when, and under what marks. */
interface Told {
  since: number;
  marks: string[];
}

/** In localStorage, and the name of the lock on it. */
const KEY = 'hitherto.campaigns';

/**
 * Watches for campaigns in the page, where the merge engine runs there: for `createClient`, as its option `campaigns`.
 *
 * Nothing starts while a visitor is anonymous. When they sign in, what they did in the 72 hours before does, in the order in which
 * it happened; from then on, whatever they do. Each event starts a campaign once in this browser, however many tabs are open.
 * What joined before the first watch starts nothing.
 *
 * @throws TypeError with a sentence that names the place and the remedy, when the campaigns are not well-formed
 * @example
 * ```ts
 * const campaigns = watchCampaigns([{ name: 'basket', event: 'addedToCart', where: { price: { gt: 100 } } }], ({ person, event }) => {
 *   console.log(`${person} did ${event}`);
 * });
 * const hitherto = createClient({ campaigns });
 * ```
 */
export function watchCampaigns(campaigns: Campaign[], onStart: (started: StartedCampaign) => void): CampaignWatch {
  const parsed = parseCampaigns(campaigns);
  let told: Told = { since: Date.now(), marks: [] };

  return (engine) => {
    const core = engine as Core;

    function tell(): void {
      told = read() ?? told;
      const fresh = triggersIn(core, parsed).filter(({ at }) => at.receivedAt >= told.since);
      const untold = fresh.filter((placed) => !told.marks.includes(markOf(placed)));
      // What is older than the log keeps anonymous events needs no mark: nothing can join that far back.
      const since = Math.max(told.since, Date.now() - RETENTION_MS);
      told = { since, marks: [...told.marks, ...untold.map(markOf)].filter((mark) => parseInt(mark) >= since) };
      write(told);
      for (const placed of untold) callPage(onStart, startedBy(placed));
    }

    return () => void alone(tell);
  };
}

function triggersIn(core: Core, campaigns: Campaign[]): PlacedTrigger[] {
  core.settle();
  return core
    .log()
    .flatMap((record) => triggersOf(record, core.claimFor(record), campaigns, core.directory))
    .sort(byTrigger);
}

function startedBy({ trigger, record }: PlacedTrigger): StartedCampaign {
  const { event, properties } = record.message;
  return { ...trigger, event: event!, properties: properties ?? {}, occurredAt: new Date(record.occurredAt) };
}

function markOf({ trigger, at }: PlacedTrigger): string {
  return `${at.receivedAt} ${trigger.messageId} ${trigger.campaign}`;
}

/**
 * One tab at a time, where the browser can see to that. Where it refuses locks, because it keeps nothing for this page, other tabs know
 * as little.
 */
async function alone(work: () => void): Promise<void> {
  let isBegun = false;
  try {
    await navigator.locks.request(KEY, () => {
      isBegun = true;
      work();
    });
  } catch (error) {
    if (isBegun) throw error;
    work();
  }
}

function read(): Told | undefined {
  try {
    const { since, marks } = JSON.parse(localStorage.getItem(KEY)!) as Told;
    return typeof since === 'number' && Array.isArray(marks) ? { since, marks } : undefined;
  } catch {
    // Blocked, never written, or written by somebody else: this page knows what it has told itself.
    return undefined;
  }
}

function write(told: Told): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(told));
  } catch {
    // Blocked, or full: the next page may tell it again.
  }
}

/** An error in the page's own code is the page's to see, and keeps nobody else from being told. */
function callPage(onStart: (started: StartedCampaign) => void, started: StartedCampaign): void {
  try {
    onStart(started);
  } catch (error) {
    setTimeout(() => {
      throw error;
    });
  }
}
