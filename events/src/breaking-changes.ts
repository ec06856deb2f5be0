import * as z from 'zod';

type Schema = {
  readonly type?: string | string[] | undefined;
  readonly properties?: Record<string, Schema> | undefined;
  readonly required?: string[] | undefined;
  readonly items?: Schema | undefined;
  readonly anyOf?: Schema[] | undefined;
  readonly enum?: unknown[] | undefined;
  readonly const?: unknown;
  readonly format?: string | undefined;
};

const schema: z.ZodType<Schema> = z.lazy(() =>
  z.object({
    type: z.union([z.string(), z.array(z.string())]).optional(),
    properties: z.record(z.string(), schema).optional(),
    required: z.array(z.string()).optional(),
    items: schema.optional(),
    anyOf: z.array(schema).optional(),
    enum: z.array(z.unknown()).optional(),
    const: z.unknown().optional(),
    format: z.string().optional(),
  }),
);

/**
 * What a consumer who relies on `before`, or an archived event that was published by it, would trip over in `after`; both are JSON Schemas as
 * `eventJsonSchema` writes them. A new optional property and a new value of an enum are none.
 */
export function breakingChanges(before: unknown, after: unknown): readonly string[] {
  return [...compare('', schema.parse(before), schema.parse(after))];
}

function* compare(at: string, before: Schema, after: Schema): Iterable<string> {
  const [was, is] = [plain(before), plain(after)];
  const name = at === '' ? 'the event' : at;
  const describe = ({ types, format, constant }: Plain) =>
    [types.join(' or '), format, constant].filter((part) => part !== undefined).join(' ');
  if (describe(was) !== describe(is)) yield `${name} was ${describe(was)} and is ${describe(is)}`;
  const lost = (was.enum ?? []).filter((value) => is.enum !== undefined && !is.enum.includes(value));
  if (lost.length > 0) yield `${name} can no longer be ${lost.join(', ')}`;
  if (was.enum === undefined && is.enum !== undefined) yield `${name} can only be ${is.enum.join(', ')}`;
  yield* compareProperties(at, was, is);
  if (was.items !== undefined && is.items !== undefined) yield* compare(`${at}[]`, was.items, is.items);
}

function* compareProperties(at: string, was: Plain, is: Plain): Iterable<string> {
  const path = (name: string) => (at === '' ? name : `${at}.${name}`);
  for (const [name, property] of Object.entries(was.properties)) {
    const next = is.properties[name];
    if (next === undefined) yield `${path(name)} was removed`;
    else yield* compare(path(name), property, next);
    if (next !== undefined && was.required.includes(name) && !is.required.includes(name)) {
      yield `${path(name)} may be missing`;
    }
  }
  for (const name of is.required) {
    if (!was.required.includes(name)) yield `${path(name)} became required`;
  }
}

type Plain = {
  readonly types: readonly string[];
  readonly format: string | undefined;
  readonly constant: string | undefined;
  readonly enum: readonly unknown[] | undefined;
  readonly properties: Readonly<Record<string, Schema>>;
  readonly required: readonly string[];
  readonly items: Schema | undefined;
};

/** `anyOf: [X, null]` is X that may be null. */
function plain(node: Schema): Plain {
  const variants = node.anyOf ?? [node];
  const main = variants.find(({ type }) => type !== 'null') ?? node;
  return {
    types: [...new Set(variants.flatMap(({ type = 'anything' }) => type))].sort(),
    format: main.format,
    constant: main.const === undefined ? undefined : JSON.stringify(main.const),
    enum: main.enum,
    properties: main.properties ?? {},
    required: main.required ?? [],
    items: main.items,
  };
}
