import { createEngine, type Activity, type Engine, type EngineOptions, type Message, type Outcome, type StoredEvent } from '../../../src/engine.js';
import { at } from '../../simulation/moments.js';

/** What a message says beyond its event or its person; `timestamp` is a time of the story. */
interface Details extends Pick<Message, 'anonymousId' | 'userId' | 'messageId' | 'traits'> {
  timestamp?: string;
}

/** A story told with an engine: who did what, received when. Times are relative to noon, when most identifies happen. */
export interface Story extends Omit<Engine, 'receive' | 'events'> {
  engine: Engine;
  track(receivedAt: string, event: string, details: Details): Outcome;
  identify(receivedAt: string, userId: string, details: Details): Outcome;
  /** The event of that name; fails unless there is exactly one. */
  event(name: string): StoredEvent;
  /** The names of all a person's events, oldest first. */
  eventsOf(person: string): string[];
  /** The names of all events that may start campaigns, in the order of the log. */
  triggering(): string[];
  /** The lines "Anonymous Data Merged" of the log, newest first. */
  merges(): Partial<Activity>[];
  /** The names of the events that started the campaign of this name, in the order in which they did. */
  started(campaign: string): string[];
}

export function tell(options?: EngineOptions): Story {
  const engine = createEngine(options);

  function receive(receivedAt: string, message: Message, { timestamp = receivedAt, ...details }: Details): Outcome {
    const happened = new Date(at(timestamp)).toISOString();
    return engine.receive({ ...message, ...details, timestamp: happened }, { receivedAt: at(receivedAt) })[0]!;
  }

  return {
    ...engine,
    engine,
    track: (receivedAt, event, details) => receive(receivedAt, { type: 'track', event }, details),
    identify: (receivedAt, userId, details) => receive(receivedAt, { type: 'identify', userId }, details),
    event(name) {
      const [event, ...others] = engine.events().filter((stored) => stored.name === name);
      if (!event || others.length > 0) throw new Error(`There are ${others.length + (event ? 1 : 0)} events named ${name}.`);
      return event;
    },
    eventsOf: (person) => engine.person(person)?.events.map(({ name }) => name!) ?? [],
    triggering: () => engine.events().flatMap(({ name, canTrigger }) => (canTrigger ? name! : [])),
    started: (campaign) => {
      const names = new Map(engine.events().map(({ messageId, name }) => [messageId, name!]));
      return engine.triggers().flatMap((trigger) => (trigger.campaign === campaign ? names.get(trigger.messageId)! : []));
    },
    merges: () =>
      engine
        .activity()
        .filter(({ type }) => type === 'anon_merge')
        .map(({ anonymousId, person, count, oldest }) => ({ anonymousId, person, count, oldest }) as Partial<Activity>),
  };
}

/** A time of the story in unix seconds, as `oldest` has it. */
export function seconds(text: string): number {
  return Math.floor(at(text) / 1000);
}
