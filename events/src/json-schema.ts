import * as z from 'zod';

import type { KeyturnEvent } from './define-event.ts';

type Described = {
  readonly type: string;
  readonly schemaVersion: string;
  readonly detail: z.ZodType<KeyturnEvent['detail']>;
};

/**
 * The JSON Schema (2020-12) of an event as a rule delivers it. Open: fields that it does not name are allowed everywhere, so that a later minor
 * version does not break who validates by this one.
 */
export function eventJsonSchema({ type, schemaVersion, detail }: Described) {
  const delivered = z.object({
    version: z.string(),
    id: z.string(),
    'detail-type': z.literal(type),
    source: z.literal('keyturn'),
    account: z.string(),
    time: z.iso.datetime(),
    region: z.string(),
    resources: z.array(z.string()),
    detail,
  });
  const schema = z.toJSONSchema(delivered, {
    io: 'input',
    override: ({ jsonSchema }) => {
      // The pattern of a date-time says no more than its format, in 300 characters.
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
    },
  });
  return { title: `${type} ${schemaVersion}`, ...schema };
}
