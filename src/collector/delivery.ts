import type { StartedTrigger, TriggerQueue } from '../ledger/index.js';
import type { Log } from './log.js';
import type { Webhook } from './webhook.js';

/** What a burst of requests starts is looked for once. */
const GATHER_MS = 200;
/** Others may have stored what starts something: another collector, or this one before it was killed. */
const LOOK_MS = 10_000;
/** RULES, "Missed trigger": an event and its claim that were stored at once are settled when the late window is over. */
const SETTLE_MS = 5 * 60_000;
/** Longer than several requests that time out; after a crash, another collector waits this long. */
const LEASE_MS = 60_000;
/** How long the request that is on its way is waited for at the end: a host gives all of that 10 seconds. */
const STOP_MS = 5000;
/** So many are looked up at a time. */
const TAKE = 50;
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 5 * 60_000;

/** Tells a webhook of what campaigns start, in order and until it has taken it. */
export interface Delivery {
  /** Something was stored. */
  nudge(): void;
  /** Stops after the request that is on its way, or after five seconds when it is not answered by then. */
  stop(): Promise<void>;
}

/**
 * Each trigger is sent until the webhook takes it, and none before the one ahead of it: at least once, since an answer may be
 * lost, always under the same id. Of several collectors, one at a time delivers.
 */
export function createDelivery(queue: TriggerQueue, webhook: Webhook, now: () => number, log: Log): Delivery {
  const owner = crypto.randomUUID();
  let isStopped = false;
  let isLetGo = false;
  let running: Promise<void> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isNudged = false;
  let failures = 0;

  const looking = setInterval(nudge, LOOK_MS);
  const settling = setInterval(() => void settle(), SETTLE_MS);
  for (const interval of [looking, settling]) letExit(interval);
  nudge();

  function nudge(): void {
    isNudged = true;
    // While it fails, the time of the next attempt is set.
    if (!timer && !running) schedule(GATHER_MS);
  }

  function schedule(ms: number): void {
    if (isStopped) return;
    timer = setTimeout(() => {
      timer = undefined;
      isNudged = false;
      running = run().finally(() => {
        running = undefined;
        if (failures > 0) schedule(backoff(failures));
        else if (isNudged) schedule(GATHER_MS);
      });
    }, ms);
    letExit(timer);
  }

  async function run(): Promise<void> {
    try {
      while (await deliverSome());
    } catch (error) {
      fail('Triggers cannot be read or marked in the ledger; they are kept, and it is tried again.', error);
    }
  }

  /** @returns whether there may be more */
  async function deliverSome(): Promise<boolean> {
    if (isStopped) return false;
    const until = now() + LEASE_MS / 2;
    const triggers = await queue.take(owner, { limit: TAKE, now: now(), leaseMs: LEASE_MS });
    for (const trigger of triggers ?? []) {
      if (isStopped) return false;
      if (now() > until) return true;
      if (!(await deliver(trigger))) return false;
    }
    // Also when there is nothing to tell: the ledger answers again, and what comes next need not wait. Behind another's lease one does
    // not know whether it would.
    if (triggers) failures = 0;
    return triggers?.length === TAKE;
  }

  async function deliver(trigger: StartedTrigger): Promise<boolean> {
    const answer = await webhook.send(trigger, now());
    // The ledger is closed by now; whoever delivers next sends it again.
    if (isLetGo) return false;
    if (!answer.isTaken && !answer.isFinal) {
      fail(`The webhook does not take triggers: ${answer.reason}. They are kept, and it is tried again.`);
      return false;
    }
    if (!answer.isTaken) {
      const { campaign, messageId } = trigger;
      log({ level: 'error', code: 'trigger_refused', message: `The webhook refuses what message ${messageId} started in ${campaign}: ${answer.reason}. It is not sent again.` });
    }
    await queue.delivered([trigger], now());
    failures = 0;
    return true;
  }

  /** Told once, and not at every attempt. */
  function fail(message: string, error?: unknown): void {
    if (failures++ === 0) log({ level: 'error', code: 'triggers_waiting', message, error });
  }

  async function settle(): Promise<void> {
    try {
      await queue.settle(now());
      nudge();
    } catch (error) {
      log({ level: 'error', code: 'not_settled', message: 'Claims could not be gone through for triggers that were missed; it is tried again in five minutes.', error });
    }
  }

  return {
    nudge,
    async stop() {
      isStopped = true;
      clearInterval(looking);
      clearInterval(settling);
      clearTimeout(timer);
      await Promise.race([running, patience()]);
      isLetGo = true;
      // Whoever comes next need not wait for it to run out. When that fails, they do.
      await queue.take(owner, { limit: 0, now: now(), leaseMs: 0 }).catch(() => undefined);
    },
  };
}

/** From a second to five minutes, doubled each time; spread, so that many collectors do not come back at once. */
function backoff(failures: number): number {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);
}

function patience(): Promise<void> {
  return new Promise((resolve) => letExit(setTimeout(resolve, STOP_MS)));
}

/** In Node a timer keeps the process alive; elsewhere it is a number. */
function letExit(timer: unknown): void {
  (timer as { unref?(): void }).unref?.();
}
