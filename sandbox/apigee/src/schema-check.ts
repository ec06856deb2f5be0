import * as z from 'zod';
import facts from './apigee-x-apps.openapi.json' with { type: 'json' };

type Schema = {
  $ref?: string | undefined;
  type?: string | undefined;
  format?: string | undefined;
  items?: Schema | undefined;
  properties?: Record<string, Schema> | undefined;
};
const Schema: z.ZodType<Schema> = z.object({
  $ref: z.string().optional(),
  type: z.enum(['object', 'array', 'string', 'integer', 'boolean']).optional(),
  format: z.string().optional(),
  get items() {
    return Schema.optional();
  },
  get properties() {
    return z.record(z.string(), Schema).optional();
  },
});
const schemas = z.record(z.string(), Schema).parse(facts.components.schemas);
const JsonObject = z.record(z.string(), z.unknown());

/** A request may give an int64 as a number; an answer never does. */
export type Direction = 'request' | 'answer';

/** What Google would find wrong with the body, undefined when nothing. Like Google, it repeats a wrong value in the text. */
export function bodyFault(schemaName: string, body: unknown, direction: Direction): string | undefined {
  const schema = schemas[schemaName];
  if (schema === undefined) {
    throw new Error(`The discovery document has no schema ${schemaName}`);
  }
  const fault = faultOf(schema, body, '', direction);
  return fault === undefined ? undefined : `Invalid JSON payload received. ${fault}`;
}

function faultOf(schema: Schema, value: unknown, path: string, direction: Direction): string | undefined {
  const named = schema.$ref === undefined ? schema : schemas[schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)];
  if (named === undefined) {
    throw new Error(`The discovery document has no schema ${String(schema.$ref)}`);
  }
  // In a request null stands for a field left out.
  if (named.type === undefined || (value === null && direction === 'request' && path !== '')) {
    return undefined;
  }
  if (named.type === 'object') {
    return objectFault(named, value, path, direction);
  }
  if (named.type === 'array') {
    return arrayFault(named, value, path, direction);
  }
  return scalarFits(named, value, direction)
    ? undefined
    : `Invalid value at '${path}' (TYPE_${(named.format ?? named.type).toUpperCase()}), ${JSON.stringify(value)}`;
}

function objectFault(schema: Schema, value: unknown, path: string, direction: Direction): string | undefined {
  const object = JsonObject.safeParse(value);
  if (!object.success) {
    return `Value at '${path}' is no object.`;
  }
  for (const [name, field] of Object.entries(object.data)) {
    const fieldSchema = schema.properties?.[name];
    const at = path === '' ? '' : ` at '${path}'`;
    const fault =
      fieldSchema === undefined
        ? `Unknown name "${name}"${at}: Cannot find field.`
        : faultOf(fieldSchema, field, path === '' ? name : `${path}.${name}`, direction);
    if (fault !== undefined) {
      return fault;
    }
  }
  return undefined;
}

function arrayFault(schema: Schema, value: unknown, path: string, direction: Direction): string | undefined {
  if (!Array.isArray(value)) {
    return `Value at '${path}' is no list.`;
  }
  const items = schema.items ?? {};
  return value
    .map((item: unknown, index) =>
      item === null ? `Null in '${path}'.` : faultOf(items, item, `${path}[${index}]`, direction),
    )
    .find((fault) => fault !== undefined);
}

function scalarFits({ type, format }: Schema, value: unknown, direction: Direction): boolean {
  if (format === 'int64') {
    return typeof value === 'string' ? /^-?\d+$/u.test(value) : direction === 'request' && Number.isInteger(value);
  }
  return type === 'integer' ? Number.isInteger(value) : typeof value === type;
}
