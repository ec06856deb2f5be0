import { PermanentError } from '@keyturn/rotation/errors';
import type { Shape } from '@keyturn/rotation/shape';
import { parseTemplate } from '@keyturn/rotation/template';
import { usualPlaceholders } from '@keyturn/rotation/place';
import * as z from 'zod';

import { checkShape } from './check-shape.ts';
import { pointer } from './field.ts';
import { placesToRead, textForm } from './shape-places.ts';

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
      description:
        "JSON: pointer to a field that is made of the credential, and how. Without keyId and secret it is read from the first such as 'Basic {basic}'",
    }),
    text: template
      .optional()
      .meta({ description: "The whole secret is text, such as '{keyId}:{secret}' or 'Basic {basic}'" }),
    lines: templates
      .optional()
      .meta({ description: "The secret is text in which these lines stand, such as 'API_KEY={keyId}'" }),
    snippets: templates.optional().meta({
      description: "The secret is text in which these pieces stand anywhere, such as '<key>{keyId}</key>'",
    }),
    group: z.array(pair).max(mostTemplates).default([]).meta({
      description: 'Other credentials in the secret, known and left as they are; a header is both keyId and secret',
    }),
    placeholders: z
      .array(z.string().min(1))
      .default([...usualPlaceholders])
      .meta({ description: 'Values that mean that nothing was issued yet, as an empty one does' }),
  })
  .superRefine((given, context) => {
    for (const { field, message } of checkShape(given)) {
      context.addIssue({ code: 'custom', path: field.split('.'), message });
    }
  })
  .transform(({ keyId, secret, derived, text, lines, snippets, ...same }): Omit<Shape, 'id'> => ({
    ...same,
    ...placesToRead({ keyId, secret, derived, text, lines, snippets }),
    derived: Object.entries(derived).map(([at, made]) => ({ pointer: at, template: made })),
    text: textForm({ text, lines, snippets }),
  }));
