import { PermanentError } from '@keyturn/rotation/errors';
import type { Shape, TextForm } from '@keyturn/rotation/shape';
import { parseTemplate, type Template } from '@keyturn/rotation/template';
import { usualPlaceholders } from '@keyturn/rotation/place';
import * as z from 'zod';

import { pointer } from './field.ts';
import type { Problems } from './problem.ts';

const longestTemplate = 4096;
const mostTemplates = 20;

const template = z
  .string()
  .max(longestTemplate, { abort: true })
  .transform((source, context) => {
    try {
      return parseTemplate(source);
    } catch (error) {
      if (!(error instanceof PermanentError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  });

const pair = z.strictObject({ keyId: pointer, secret: pointer });
const templates = z.array(template).nonempty().max(mostTemplates);

/** Where key id and secret stand in a secret; docs/shapes.md has an example of each kind. */
export const shape = z
  .strictObject({
    keyId: pointer
      .optional()
      .meta({ description: 'JSON: pointer to the key id. It may lead into a string that holds JSON' }),
    secret: pointer.optional().meta({ description: 'JSON: pointer to the secret' }),
    also: z
      .array(pair)
      .max(mostTemplates)
      .default([])
      .meta({ description: 'JSON: where the same credential stands once more' }),
    derived: z.record(pointer, template).default({}).meta({
      description: "JSON: pointer to a field that is made of the credential, and how, such as 'Basic {basic}'",
    }),
    text: template.optional().meta({ description: "The whole secret is text, such as '{keyId}:{secret}'" }),
    lines: templates
      .optional()
      .meta({ description: "The secret is text in which these lines stand, such as 'API_KEY={keyId}'" }),
    snippets: templates.optional().meta({
      description: "The secret is text in which these pieces stand anywhere, such as '<key>{keyId}</key>'",
    }),
    group: z
      .array(pair)
      .max(mostTemplates)
      .default([])
      .meta({ description: 'Other credentials in the secret, known and left as they are' }),
    placeholders: z
      .array(z.string().min(1))
      .default([...usualPlaceholders])
      .meta({ description: 'Values that mean that nothing was issued yet, as an empty one does' }),
  })
  .superRefine((given, context) => {
    for (const { field, message } of shapeProblems(given)) {
      context.addIssue({ code: 'custom', path: field.split('.'), message });
    }
  })
  .transform(({ keyId, secret, derived, text, lines, snippets, ...same }): Omit<Shape, 'id'> => ({
    ...same,
    keyId: keyId ?? '{keyId}',
    secret: secret ?? '{secret}',
    derived: Object.entries(derived).map(([at, made]) => ({ pointer: at, template: made })),
    text: textForm({ text, lines, snippets }),
  }));

type Pair = z.output<typeof pair>;
type Texts = {
  readonly text?: Template | undefined;
  readonly lines?: readonly Template[] | undefined;
  readonly snippets?: readonly Template[] | undefined;
};
type Given = Texts & {
  readonly keyId?: string | undefined;
  readonly secret?: string | undefined;
  readonly also: readonly Pair[];
  readonly derived: Readonly<Record<string, Template>>;
  readonly group: readonly Pair[];
};

function textForm({ text, lines, snippets }: Texts): TextForm | undefined {
  if (text !== undefined) return { as: 'whole', templates: [text] };
  if (lines !== undefined) return { as: 'lines', templates: lines };
  return snippets && { as: 'snippets', templates: snippets };
}

function* shapeProblems(given: Given): Problems {
  const kinds = (['text', 'lines', 'snippets'] as const).filter((kind) => given[kind] !== undefined);
  const [kind, another] = kinds;
  if (another !== undefined) yield { field: another, message: `is another kind of shape than ${kind}` };
  if (kind === undefined) yield* jsonProblems(given);
  else yield* textProblems(kind, given);
}

function* jsonProblems(given: Given): Problems {
  for (const field of ['keyId', 'secret'] as const) {
    if (given[field] === undefined)
      yield { field, message: 'is missing: a JSON Pointer, or give text, lines or snippets' };
  }
  const fields = fieldsOf(given);
  for (const [index, { field, at }] of fields.entries()) {
    const other = fields.slice(0, index).find((before) => overlap(before.at, at));
    if (other?.at === at) yield { field, message: `is the same field as ${other.field}` };
    else if (other !== undefined) yield { field, message: `overlaps with ${other.field}: one stands in the other` };
  }
}

function fieldsOf({ keyId, secret, also, derived, group }: Given): { field: string; at: string }[] {
  const pairs = (name: string, of: readonly Pair[]) =>
    of.flatMap((pair, index) => [
      { field: `${name}.${index}.keyId`, at: pair.keyId },
      { field: `${name}.${index}.secret`, at: pair.secret },
    ]);
  return [
    ...(keyId === undefined ? [] : [{ field: 'keyId', at: keyId }]),
    ...(secret === undefined ? [] : [{ field: 'secret', at: secret }]),
    ...pairs('also', also),
    ...Object.keys(derived).map((at) => ({ field: `derived.${at}`, at })),
    ...pairs('group', group),
  ];
}

function overlap(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`);
}

function* textProblems(kind: 'text' | 'lines' | 'snippets', given: Given): Problems {
  for (const field of ['keyId', 'secret'] as const) {
    if (given[field] !== undefined) yield { field, message: `is for JSON; ${kind} has {${field}} in its template` };
  }
  if (given.also.length > 0) yield { field: 'also', message: `is for JSON; ${kind} may have {keyId} twice` };
  if (Object.keys(given.derived).length > 0) yield { field: 'derived', message: `is for JSON; put it into ${kind}` };
  const all = textForm(given)?.templates ?? [];
  for (const form of ['keyId', 'secret'] as const) {
    if (!all.some(({ forms }) => forms.includes(form))) yield { field: kind, message: `has no {${form}}` };
  }
  for (const [index, one] of all.entries()) {
    const message = templateProblem(kind, one);
    if (message !== undefined) yield { field: kind === 'text' ? kind : `${kind}.${index}`, message };
  }
}

function templateProblem(kind: 'text' | 'lines' | 'snippets', { source, literals }: Template): string | undefined {
  if (literals.slice(1, -1).includes('')) return 'has two placeholders with nothing between them';
  if (kind === 'lines' && /[\r\n]/.test(source)) return 'is more than one line; give snippets';
  if (kind === 'snippets' && literals[0] === '') return 'begins with a placeholder, so nothing tells where it stands';
  return undefined;
}
