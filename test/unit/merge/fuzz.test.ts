import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEngine, type Engine, type EngineOptions, type Message } from '../../../src/engine.js';
import { RUNS } from '../../simulation/histories.js';
import { at } from '../../simulation/moments.js';

const OPTIONS: EngineOptions = {
  campaigns: [{ name: 'cart', event: 'addedToCart', where: { price: { gte: 1 } } }],
  segments: [{ name: 'buyers', event: 'addedToCart' }, { name: 'pros', traits: { plan: 'pro' } }],
};
const NEIGHBOUR: Message = { type: 'track', event: 'signedUp', anonymousId: 'neighbour' };

describe('a message that is wrong in any way', () => {
  it('never makes the engine throw, neither then nor when it is read', () => {
    fc.assert(
      fc.property(fc.array(wrongMessages(), { maxLength: 6 }), (messages) => {
        const engine = createEngine(OPTIONS);
        for (const message of messages) {
          engine.receive(built(message), { receivedAt: at('0:00') });
          engine.receive({ type: 'identify', userId: 'p', anonymousId: 'a', traits: { email: 'p@example.com' } }, { receivedAt: at('0:01') });
        }
        readAll(engine);
      }),
      RUNS,
    );
  });

  it('does no harm to its neighbours in the batch', () => {
    fc.assert(
      fc.property(wrongMessages(), (message) => {
        const engine = createEngine(OPTIONS);
        const [before, , after] = engine.receive([NEIGHBOUR, built(message), NEIGHBOUR], { receivedAt: at('0:00') });
        expect([before!.status, after!.status]).toEqual(['stored', 'stored']);
        expect(engine.events().filter(({ anonymousId }) => anonymousId === 'neighbour')).toHaveLength(2);
      }),
      RUNS,
    );
  });
});

function readAll(engine: Engine): void {
  const people = engine.people().map(({ id }) => id);
  const messageIds = engine.activity().flatMap(({ messageId }) => messageId ?? []);
  for (const id of ['p', '__proto__', 'constructor', '', 'cio_', '@', ...people]) {
    engine.person(id);
    engine.activity({ person: id });
    engine.preview(id, 'a');
    engine.preview(id, 'b');
  }
  for (const id of ['__proto__', 'constructor', '', ...messageIds]) engine.explain(id);
  engine.events();
  engine.triggers();
  for (const name of ['buyers', 'pros']) engine.segment(name, at('1:00'));
}

interface Wrong {
  good: object;
  changes: [string, unknown][];
}

/** A good message of which some fields are wrong. */
function wrongMessages(): fc.Arbitrary<Wrong> {
  const good = fc.constantFrom<object[]>(
    { type: 'track', event: 'addedToCart', anonymousId: 'a', messageId: 'm', timestamp: '2026-05-20T12:00:00Z', properties: { price: 1 } },
    { type: 'identify', userId: 'p', anonymousId: 'a', messageId: 'm', traits: { email: 'p@example.com', plan: 'pro' } },
    { type: 'identify', anonymousId: 'b', traits: { plan: 'pro', _update: true } },
    { type: 'page', anonymousId: 'a', properties: { name: 'Pricing' } },
    { type: 'alias', userId: 'p', anonymousId: 'a', previousId: 'a' },
    { type: 'group', userId: 'p', groupId: 'g', traits: {} },
  );
  const fields = fc.constantFrom(...'type messageId userId anonymousId event name category properties traits context timestamp sentAt originalTimestamp previousId groupId __proto__'.split(' '));
  const changes = fc.array(fc.tuple(fields, wrongValues), { minLength: 1, maxLength: 3 });
  return fc.record({ good, changes });
}

/** Built only when it is used: fast-check reads whatever it is to print. */
function built({ good, changes }: Wrong): Message {
  const wrong = { ...good };
  for (const [name, value] of changes) Object.defineProperty(wrong, name, describedAs(isScrap(value) ? withGetters(value.scrap) : value));
  return wrong as Message;
}

function isScrap(value: unknown): value is { scrap: object } {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'scrap');
}

/** Stands for a value that throws when it is read. */
const THROWING = Symbol('throwing');

const wrongValues = fc.oneof(
  fc.constantFrom(undefined, null, '', ' ', 'null', '__proto__', 'constructor', 0, -1, NaN, Infinity, 1e300, 1n, true, Symbol('s'), THROWING, Object.create(null)),
  fc.constantFrom('x'.repeat(100), 'x'.repeat(101), 'x'.repeat(255), 'x'.repeat(256), 'é'.repeat(75), 'é'.repeat(76), 'x'.repeat(100_000)),
  fc.constantFrom([], {}, () => {}, new Date(NaN), new Map(), /x/),
  fc.dictionary(fc.constantFrom('email', 'anonymous_id', '_update', 'name', '__proto__', 'plan'), fc.oneof(fc.constant(THROWING), fc.anything()), { maxKeys: 3 }).map((scrap) => ({ scrap })),
  fc.anything(),
);

function withGetters(values: object): object {
  const object = {};
  for (const [name, value] of Object.entries(values)) Object.defineProperty(object, name, describedAs(value));
  return object;
}

function describedAs(value: unknown): PropertyDescriptor {
  if (value !== THROWING) return { value, enumerable: true, configurable: true };
  return {
    enumerable: true,
    configurable: true,
    get() {
      throw new Error('This cannot be read.');
    },
  };
}
