import type { JsonObject } from '../wire/index.js';
import type { CallOptions, Callback, OrCallback } from './arguments.js';
import type { Report } from './report.js';

/** What a page gives as traits or properties: an object of any type, an interface too, which has no index signature. */
// oxlint-disable-next-line typescript/no-explicit-any -- `unknown` would ask for that signature
export type AnyObject = Record<string, any>;

/** What a page tracks when it has not said what it tracks: anything. */
export type AnyEvents = Record<string, AnyObject>;

/**
 * A schema as many libraries make them (zod, valibot, arktype, …), by their common interface:
 * https://standardschema.dev, version 1.
 */
export interface StandardSchema<Input = unknown, Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    /** Looks at a value: what it is, or what is wrong with it. */
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

type SchemaResult<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Event names and the schemas of their properties. */
export type EventSchemas = Record<string, StandardSchema>;

/** Event names and properties, out of schemas. */
export type EventsOf<Schemas extends EventSchemas> = {
  [Name in keyof Schemas]: NonNullable<Schemas[Name]['~standard']['types']>['input'];
};

/** What follows the name in `track()`: properties, where the event must have some. */
export type TrackArguments<Properties> = {} extends Properties
  ? [properties?: OrCallback<Properties>, options?: OrCallback<CallOptions>, callback?: Callback]
  : [Properties] extends [undefined | null | void]
    ? [properties?: Callback | null, options?: OrCallback<CallOptions>, callback?: Callback]
    : [properties: Properties, options?: OrCallback<CallOptions>, callback?: Callback];

/** The one object in `track({ event, properties })`. */
export type TrackMessage<Events> = {
  [Name in keyof Events & string]: [] extends TrackArguments<Events[Name]>
    ? { event: Name; properties?: Events[Name] }
    : { event: Name; properties: Events[Name] };
}[keyof Events & string];

export type Validate = (schemas: EventSchemas, event: string, properties: JsonObject, report: Report) => Promise<void>;

/**
 * Tells the page's developer of an event that is not what its schema says, or that has none. It is sent all the same:
 * what a visitor did is not lost over a misspelling.
 */
export const validate: Validate = async (schemas, event, properties, report) => {
  const schema = Object.hasOwn(schemas, event) ? schemas[event] : undefined;
  if (!schema) return report('unknown_event', `track("${event}") is none of the events of this client (${Object.keys(schemas).join(', ')}). It was sent as it is.`);
  try {
    const { issues } = await schema['~standard'].validate(properties);
    if (issues) report('invalid_event', `track("${event}"): ${issues.map(sentence).join('; ')}. It was sent as it is.`);
  } catch (error) {
    report('schema_failed', `the schema of "${event}" threw ${String(error)}. It was sent as it is.`, error);
  }
};

function sentence({ message, path = [] }: SchemaIssue): string {
  const place = path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
  return place ? `${place}: ${message}` : message;
}
