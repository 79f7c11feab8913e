import { isObject, type JsonObject } from '../../wire/index.js';
import { invalid, message, required, type Call, type Translated } from './call.js';
import { deliveryCall, deviceCall, deviceDeletedCall, eventCall, isAbsent, NOBODY, reported, when, whenAndWhich } from './calls.js';
import { identifyOf, personIn, textOf, whoIn, type Who } from './who.js';

/** One item of Track v2, `{ type, action, identifiers, … }`, as what it comes to here. */
export function entityCalls(item: unknown): Translated {
  if (!isObject(item)) return invalid('type', 'An item is an object: { "type": "person", "action": "identify", … }.');
  const { attributes } = item;
  if (!isAbsent(attributes) && !isObject(attributes)) return invalid('attributes', 'attributes are an object, as in { "plan": "pro" }.');
  switch (item['type']) {
    case 'person':
      return personCalls(item);
    case 'object':
      return objectCalls(item);
    case 'delivery':
      return deliveryCall({ ...nameOfDelivery(item), ...attributesIn(item), timestamp: item['timestamp'] });
    default:
      return invalid('type', 'type is "person", "object" or "delivery".');
  }
}

function personCalls(item: JsonObject): Translated {
  const { action } = item;
  if (action === 'merge') return mergeCalls(item);
  const { who, fault } = whoIn(item['identifiers']);
  if (fault) return { fault };
  switch (action) {
    case 'identify': {
      const identify = message({ ...identifyOf(who, attributesIn(item)), ...whenAndWhich(item) });
      return withRelationships([identify], item, (related) => groupOf(related, who, item));
    }
    case 'event':
    case 'page':
    case 'screen':
      return eventCall(who, item, action);
    case 'add_device':
      return deviceCall(who, item);
    case 'delete_device':
      return deviceDeletedCall(who, isObject(item['device']) ? (item['device']['token'] ?? item['device']['id']) : undefined, item);
    case 'add_relationships':
      return hasRelationships(item) ? withRelationships([], item, (related) => groupOf(related, who, item)) : NO_RELATIONSHIPS;
    case 'delete_relationships':
      return hasRelationships(item) ? withRelationships([], item, (related) => relationshipDeleted(related, who, item)) : NO_RELATIONSHIPS;
    case 'delete':
    case 'suppress':
    case 'unsuppress':
      return 'userId' in who ? { calls: [{ kind: action, person: who.userId }] } : invalid('identifiers', `${action} is about a person: an id, an email or a cio_id.`);
    default:
      return invalid('action', `A person can be ${PERSON_ACTIONS.join(', ')}.`);
  }
}

/** The relationships of an object are its members: each is a group message of theirs. */
function objectCalls(item: JsonObject): Translated {
  const { action, identifiers } = item;
  const object = objectOf(identifiers);
  if (object['objectId'] === undefined) return required('identifiers', 'An object is named by "identifiers": { "object_type_id": "1", "object_id": "acme" }.');
  const ofMembers = (build: (related: JsonObject, who: Who) => Translated): Translated =>
    withRelationships([], item, (related) => {
      const { who, fault } = whoIn(related['identifiers']);
      return fault ? { fault } : build({ ...related, identifiers }, who);
    });
  switch (action) {
    case 'identify':
    case 'identify_anonymous':
      return hasRelationships(item) ? ofMembers((related, who) => groupOf(related, who, item, attributesIn(item))) : groupOf({ identifiers }, NOBODY, item, attributesIn(item));
    case 'add_relationships':
      return hasRelationships(item) ? ofMembers((related, who) => groupOf(related, who, item)) : NO_RELATIONSHIPS;
    case 'delete_relationships':
      return hasRelationships(item) ? ofMembers((related, who) => relationshipDeleted(related, who, item)) : NO_RELATIONSHIPS;
    case 'event': {
      const name = textOf(item['name']);
      return name === undefined ? required('name', 'An event has a name: { "name": "course_started" }.') : reported(name, NOBODY, { ...object, ...attributesIn(item) }, item);
    }
    case 'delete':
      return reported('Object Deleted', NOBODY, object, item);
    default:
      return invalid('action', 'An object can be identify, identify_anonymous, event, delete, add_relationships or delete_relationships.');
  }
}

function mergeCalls(item: JsonObject): Translated {
  const primary = personIn(item['primary'], 'primary');
  if (primary.fault) return primary;
  const secondary = personIn(item['secondary'], 'secondary');
  if (secondary.fault) return secondary;
  return { calls: [{ kind: 'merge', primary: primary.person, secondary: secondary.person }] };
}

function hasRelationships({ cio_relationships }: JsonObject): boolean {
  return !isAbsent(cio_relationships) && !(Array.isArray(cio_relationships) && cio_relationships.length === 0);
}

const NO_RELATIONSHIPS = required('cio_relationships', 'Say which: "cio_relationships": [{ "identifiers": { … } }].');

/** Adds what `cio_relationships`, a list of `{ identifiers }`, comes to. */
function withRelationships(calls: Call[], item: JsonObject, build: (related: JsonObject) => Translated): Translated {
  const { cio_relationships = [] } = item;
  if (!Array.isArray(cio_relationships) || !cio_relationships.every(isObject)) {
    return invalid('cio_relationships', 'cio_relationships is a list of { "identifiers": { … } }.');
  }
  const all = [...calls];
  for (const related of cio_relationships) {
    const built = build(related);
    if (built.fault) return built;
    all.push(...built.calls);
  }
  return { calls: all };
}

/** @param attributes of the object itself; what is said of the relationship stands beside them */
function groupOf({ identifiers, relationship_attributes }: JsonObject, who: Who, item: JsonObject, attributes: JsonObject = {}): Translated {
  const { objectId, objectTypeId } = objectOf(identifiers);
  if (objectId === undefined) return NO_OBJECT;
  if (!isAbsent(relationship_attributes) && !isObject(relationship_attributes)) return invalid('cio_relationships', 'relationship_attributes are an object, as in { "role": "admin" }.');
  const isFirstType = objectTypeId === undefined || objectTypeId === '1';
  const traits = { ...(!isFirstType && { objectTypeId }), ...attributes, ...relationship_attributes };
  return { calls: [message({ type: 'group', groupId: objectId, ...who, traits, ...when(item) })] };
}

function relationshipDeleted({ identifiers }: JsonObject, who: Who, item: JsonObject): Translated {
  const object = objectOf(identifiers);
  return object['objectId'] === undefined ? NO_OBJECT : { calls: [message({ type: 'track', event: 'Relationship Deleted', ...who, properties: object, ...when(item) })] };
}

const NO_OBJECT = required('cio_relationships', 'A relationship names its object: { "identifiers": { "object_id": "acme" } }.');

function objectOf(identifiers: unknown): JsonObject {
  const { object_id, object_type_id } = isObject(identifiers) ? identifiers : {};
  return { objectId: textOf(object_id), objectTypeId: textOf(object_type_id) };
}

function attributesIn({ attributes }: JsonObject): JsonObject {
  return isObject(attributes) ? attributes : {};
}

function nameOfDelivery({ identifiers, action, name }: JsonObject): JsonObject {
  const { id, delivery_id = id } = isObject(identifiers) ? identifiers : {};
  return { delivery_id, metric: name ?? action };
}

const PERSON_ACTIONS = [
  'identify',
  'event',
  'page',
  'screen',
  'add_device',
  'delete_device',
  'add_relationships',
  'delete_relationships',
  'merge',
  'delete',
  'suppress',
  'unsuppress',
];
