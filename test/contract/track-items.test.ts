import fc from 'fast-check';
import { expect, it } from 'vitest';
import { entityCalls } from '../../src/collector/track/entity.js';
import { perform } from '../../src/collector/track/perform.js';
import type { Store } from '../../src/collector/store.js';
import type { AcceptedMessage } from '../../src/wire/index.js';

const anything = fc.jsonValue({ maxDepth: 2 });
const id = fc.oneof(fc.constantFrom('ada', 7, '', ' ', null, 'cio_ada', 'a@b', 'x'.repeat(200)), anything);
const identifiers = fc.oneof(
  anything,
  fc.record({ id, email: id, cio_id: id, anonymous_id: id, object_id: id, object_type_id: id, delivery_id: id }, { requiredKeys: [] }),
);
const relationships = fc.oneof(anything, fc.array(fc.record({ identifiers, relationship_attributes: anything }, { requiredKeys: [] }), { maxLength: 3 }));
const item = fc.oneof(
  { weight: 1, arbitrary: anything },
  {
    weight: 9,
    arbitrary: fc.record(
      {
        type: fc.oneof(fc.constantFrom('person', 'object', 'delivery'), anything),
        action: fc.oneof(
          fc.constantFrom('identify', 'identify_anonymous', 'event', 'page', 'screen', 'delete', 'suppress', 'unsuppress', 'merge', 'add_device', 'delete_device', 'add_relationships', 'delete_relationships'),
          anything,
        ),
        identifiers,
        attributes: fc.oneof(fc.dictionary(fc.constantFrom('id', 'email', 'anonymous_id', 'metric', '__proto__', 'plan'), anything), anything),
        name: fc.oneof(fc.constantFrom('it', '', 7), anything),
        id,
        timestamp: fc.oneof(fc.constantFrom('1700000000', 1_700_000_000, '1700000000.5'), anything),
        cio_relationships: relationships,
        device: fc.oneof(anything, fc.record({ id, token: id, platform: anything, attributes: anything }, { requiredKeys: [] })),
        primary: identifiers,
        secondary: identifiers,
      },
      { requiredKeys: [] },
    ),
  },
);

it('whatever an item of Track v2 looks like, it is kept, or done, or refused with the field that is wrong: nothing is dropped in silence', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(item, { maxLength: 8 }), async (items) => {
      const kept: AcceptedMessage[] = [];
      let commands = 0;
      const store: Store = {
        append: async (messages) => {
          kept.push(...messages);
          return [];
        },
        command: async () => {
          commands++;
          return { done: true };
        },
        nameMeantBy: async (_, otherwise) => otherwise,
      };
      const translated = items.map(entityCalls);
      const performed = (await perform(translated.map(({ calls }) => calls ?? []), store, 32_768))!;
      expect(performed.length).toBe(items.length);
      let expected = 0;
      translated.forEach(({ calls, fault }, index) => {
        const found = fault ?? performed[index]!.fault;
        if (found) expect([['required', 'invalid'].includes(found.reason), typeof found.field, found.message]).toEqual([true, 'string', expect.stringMatching(/\.$/)]);
        else expect(calls!.length).toBeGreaterThan(0);
        if (!found) expected += calls!.length;
      });
      expect(kept.length + commands).toBe(expected);
      for (const { userId, anonymousId, traits } of kept) expect(userId !== undefined || anonymousId !== undefined || traits?.['email'] !== undefined).toBe(true);
    }),
    { numRuns: 500 },
  );
});
