import { createEngine, namesMeantBy, streamOf, type CommandResult, type PlacedTrigger, type Settings } from '../merge/index.js';
import type { AcceptedMessage } from '../wire/index.js';
import { LedgerError } from './error.js';
import type { Administration, LedgerOptions, StartedTrigger, TriggerQueue, WholeLedger } from './ledger.js';
import { exportedPage, isAsked, isBelow, liveOf, newestStartFirst, pageOf, readCursor } from './page.js';
import { compareColumns, toColumn } from './sql/text.js';

/**
 * A ledger in memory: for tests, demonstrations and hosts that keep nothing. Everything is gone with the process.
 *
 * @example
 * ```ts
 * const collector = createCollector({ ledger: memoryLedger(), writeKeys: ['demo'] });
 * ```
 */
export function memoryLedger(options: LedgerOptions = {}): WholeLedger {
  const engine = createEngine(options);
  // Two ledgers never share a version, so that nobody takes a new one for an old one that has not changed.
  const name = crypto.randomUUID();
  let lastSequence = 0;
  let lastReceivedAt = -Infinity;
  let isClosed = false;

  function open(): void {
    if (isClosed) throw new LedgerError('closed', 'This ledger is closed; create another one.');
  }

  /** Gives a command its place, behind everything that is there. One that does nothing takes none. */
  function enter(at: number, run: (place: { receivedAt: number; sequence: number }) => CommandResult): CommandResult {
    open();
    const place = { receivedAt: Math.max(lastReceivedAt, at), sequence: lastSequence + 1 };
    const result = run(place);
    if (result.done) ({ receivedAt: lastReceivedAt, sequence: lastSequence } = place);
    return result;
  }

  function currentSettings(): Settings {
    return engine.settings({}, 0);
  }

  const administration: Administration = {
    async explain(messageId, anonymousId, now) {
      open();
      return engine.explain(messageId, anonymousId, now);
    },
    async message(messageId, anonymousId) {
      open();
      return engine.message(messageId, anonymousId) as AcceptedMessage | undefined;
    },
    async preview(person, anonymousId, now) {
      open();
      return engine.preview(person, anonymousId, now);
    },
    async nameMeantBy(id) {
      open();
      const known = engine.names(id);
      return namesMeantBy(id).find((name) => known.includes(name));
    },
    mergePeople: async (primary, secondary, at) => enter(at, (place) => engine.mergePeople(primary, secondary, place)),
    undoMerge: async (anonymousId, at) => enter(at, (place) => engine.undoMerge(anonymousId, place)),
    deletePerson: async (id, at) => enter(at, (place) => engine.deletePerson(id, place)),
    suppress: async (id, at) => enter(at, (place) => engine.suppress(id, place)),
    unsuppress: async (id, at) => enter(at, (place) => engine.unsuppress(id, place)),
    async settings() {
      open();
      return currentSettings();
    },
    async changeSettings(change, at) {
      open();
      const { anonymousEventMerge } = currentSettings();
      if ((change.anonymousEventMerge ?? anonymousEventMerge) !== anonymousEventMerge) {
        enter(at, (place) => {
          engine.settings(change, place);
          return { done: true };
        });
      }
      return currentSettings();
    },
    async segment(name, now) {
      open();
      return options.segments?.some((segment) => segment.name === name) ? engine.segment(name, now) : undefined;
    },
    async purge(now) {
      open();
      return { deleted: engine.purge(now), isDone: true };
    },
  };

  const delivered = new Set<string>();
  // Nobody else can have this memory, so that there is no lease, and nothing is stored at once.
  const triggers: TriggerQueue = {
    async take(_, { limit }) {
      open();
      const suppressed = new Set(engine.suppressed());
      return engine
        .placedTriggers()
        .map(startedIn)
        .filter((trigger) => !delivered.has(markOf(trigger)) && !suppressed.has(trigger.person))
        .slice(0, limit);
    },
    async delivered(these) {
      for (const trigger of these) delivered.add(markOf(trigger));
    },
    async settle() {},
  };

  return {
    administration,
    triggers,
    async append(messages, { receivedAt, sentAt }) {
      open();
      return messages.flatMap((message) => {
        // The order of the log is the order of the appends, whatever the clock does.
        const place = { receivedAt: Math.max(lastReceivedAt, receivedAt), sequence: lastSequence + 1 };
        const outcomes = engine.receive(message, { ...place, sentAt });
        if (outcomes[0]?.status === 'stored') {
          lastSequence = place.sequence;
          lastReceivedAt = place.receivedAt;
        }
        return outcomes;
      });
    },
    async activity({ before, limit, name, anonymousId, since, until, ...filter }) {
      open();
      const cursor = readCursor(before);
      const asked = {
        ...(name !== undefined && { name }),
        ...(anonymousId !== undefined && { anonymousId }),
        ...(since !== undefined && { since }),
        ...(until !== undefined && { until }),
      };
      return pageOf(engine.placedActivity(filter).filter((placed) => isBelow(placed, cursor) && isAsked(placed.line, asked)), limit);
    },
    async live(after, query) {
      open();
      return liveOf(engine.placedActivity(), after, query);
    },
    async messages({ after, limit }) {
      open();
      const cursor = readCursor(after);
      const behind = engine.log().filter(({ receivedAt, sequence }) => !cursor || (receivedAt - cursor.receivedAt || sequence - cursor.sequence) > 0);
      return exportedPage(behind.slice(0, limit), limit);
    },
    async person(id) {
      open();
      return engine.person(id);
    },
    async people({ search = '', before, limit }) {
      open();
      const everybody = engine.people().sort((a, b) => compareIds(a.id, b.id));
      const named = search === '' ? undefined : engine.person(search)?.id;
      // By their name ahead of by an anonymous id.
      const exact = [...everybody.filter(({ id }) => id === named), ...everybody.filter(({ id, anonymousIds }) => id !== named && anonymousIds.includes(search))];
      const others = everybody.filter((person) => person.id.startsWith(search) && !exact.includes(person));
      const top = exact.findIndex(({ id }) => id === before);
      const isAtTop = before === undefined || top >= 0;
      const found = isAtTop ? [...exact.slice(top + 1), ...others] : others.filter(({ id }) => compareIds(id, before) > 0);
      const lastAt = new Map(engine.placedActivity().map(({ line }) => [line.person, line.at] as const).reverse());
      const items = found.slice(0, limit).map(({ id, anonymousIds }) => ({
        id,
        names: engine.names(id).slice(1),
        anonymousIds: anonymousIds.length,
        ...(lastAt.has(id) && { lastAt: lastAt.get(id)! }),
      }));
      return { items, next: found.length > limit ? items.at(-1)!.id : null };
    },
    async standing(id, now) {
      open();
      const names = engine.names(id);
      if (names.length === 0) return undefined;
      const theirs = engine.placedTriggers().map(startedIn).filter(({ person }) => names.includes(person));
      return {
        segments: (options.segments ?? []).map(({ name }) => name).filter((name) => engine.segment(name, now).members.includes(names[0]!)),
        triggers: theirs
          .map((trigger) => ({ campaign: trigger.campaign, messageId: trigger.messageId, at: trigger.at, occurredAt: trigger.occurredAt, isDelivered: delivered.has(markOf(trigger)) }))
          .sort(newestStartFirst),
      };
    },
    async counts(from, until) {
      open();
      const isIn = (at: number): boolean => at >= from && at < until;
      return {
        events: engine.events().filter(({ receivedAt }) => isIn(receivedAt)).length,
        merges: engine.claims().filter(({ at }) => isIn(at)).length,
      };
    },
    async merged(from, until) {
      open();
      const claimed = new Set(engine.claims().flatMap(({ anonymousId, at }) => (at >= from && at < until ? anonymousId : [])));
      return engine.events().filter(({ previouslyAnonymous, anonymousId }) => previouslyAnonymous && claimed.has(anonymousId!)).length;
    },
    async version() {
      open();
      return `${name}-${lastSequence}`;
    },
    async close() {
      isClosed = true;
    },
  };
}

/** As the databases do, so that they all give the same pages. */
function compareIds(a: string, b: string): number {
  return compareColumns(toColumn(a), toColumn(b));
}

/** With its time: what is sent again after its person was deleted is another event. */
function markOf({ key, campaign, at }: StartedTrigger): string {
  return JSON.stringify([key, campaign, at]);
}

function startedIn({ trigger, at, record }: PlacedTrigger): StartedTrigger {
  const { messageId, anonymousId, event, properties, context } = record.message;
  return {
    ...trigger,
    key: JSON.stringify([streamOf(record.message), messageId]),
    at: at.receivedAt,
    occurredAt: record.occurredAt,
    ...(anonymousId !== undefined && { anonymousId }),
    ...(event !== undefined && { event }),
    ...(properties && { properties }),
    ...(context && { context }),
  };
}
