import * as z from 'zod';

import { duration } from './duration.ts';
import { id } from './field.ts';
import { probeFields } from './probe-config.ts';
import { tokenAuth } from './token-auth.ts';
import { condition, keyFields, requests, sentFields } from './token-request.ts';

const probe = z.strictObject({
  ...sentFields,
  ...probeFields,
  targets: z.array(z.string().min(1)).default([]).meta({
    description: 'Targets that it is for, whole or with a * at the end. Without them it fits every key',
  }),
  refused: z.array(z.int().min(400).max(499)).default([401, 403]).meta({
    description: 'Statuses that mean the key was refused; any other says nothing of the key',
  }),
  basic: z
    .strictObject({ username: z.string(), password: z.string() })
    .optional()
    .meta({ description: 'Basic authorization of others than {keyId} and {secret}, which are {basic}' }),
  refusedWhen: condition.optional().meta({
    description: 'An answer that is expected and still refuses, such as {"active":false}',
  }),
});
export type TokenProbe = z.output<typeof probe>;

/** What describes an API, in a configuration or in a preset; all of it may come from either. */
export const descriptionFields = {
  model: z.enum(['multi', 'two-slot', 'none']).optional().meta({
    description: 'How many keys of a target work at a time: several, two, or one, which the next one ends',
  }),
  mint: z.enum(['chosen', 'generated']).optional().meta({
    description: 'generated: the API makes the secret. chosen: Keyturn makes {secret}, and the API takes it',
  }),
  auth: tokenAuth.optional(),
  urls: z
    .record(id, z.url())
    .optional()
    .meta({ description: 'Base URLs by id; requests go to `api` unless they say otherwise' }),
  targets: z
    .strictObject({
      form: z.string().optional().meta({
        description: 'A regular expression; its named groups are placeholders, such as {target.group}',
      }),
      known: z.array(z.string().min(1)).optional().meta({
        description: 'All that exist; by them `keyturn adopt` finds the target of a key',
      }),
    })
    .optional(),
  key: keyFields.partial().optional(),
  secretIn: z.enum(['create', 'list', 'read']).optional().meta({
    description: 'Which answers tell the secret of a key: that which makes it and no other, the list, or `read`',
  }),
  longestLabel: z
    .int()
    .min(20)
    .max(10_000)
    .optional()
    .meta({ description: 'How many characters the API takes; 255 unless given' }),
  requests: requests.optional(),
  probes: z.array(probe).optional(),
  propagation: duration.optional().meta({ description: 'No node needs longer to accept a new key; 1m unless given' }),
  revocation: duration.optional().meta({ description: 'No node accepts a disabled key for longer; 1m unless given' }),
};
export const description = z.strictObject(descriptionFields);
export type Description = z.output<typeof description>;
