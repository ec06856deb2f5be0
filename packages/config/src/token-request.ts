import * as z from 'zod';

import { id, parameterName, path, pointer } from './field.ts';

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const status = z.int().min(200).max(499);

/** What an answer says by a field: it holds one of `values`, or, without them, anything that is not empty. */
export const condition = z.strictObject({ at: pointer, values: z.array(scalar).nonempty().optional() });
export type Condition = z.output<typeof condition>;

export const meanings = [
  'refused',
  'missing',
  'target-missing',
  'quota',
  'denied',
  'unauthenticated',
  'busy',
  'done',
] as const;
export type Meaning = (typeof meanings)[number];

const failure = z
  .strictObject({
    status: z.array(status).nonempty().optional().meta({ description: 'With one of these statuses; any unless given' }),
    at: pointer.optional().meta({ description: 'JSON: where the answer tells it' }),
    values: z.array(scalar).nonempty().optional(),
    means: z.enum(meanings).default('refused').meta({
      description:
        'missing: there is no such key. target-missing: no such target. quota: no room for another key. denied: the master may not. busy: later. done: it is so already',
    }),
  })
  .refine(({ status, at }) => status !== undefined || at !== undefined, 'needs status or at');

/** What goes over. Placeholders such as {target} stand in path, query, headers and body. */
export const sentFields = {
  url: id.default('api').meta({ description: "One of the provider's `urls`, by id" }),
  path,
  query: z.record(z.string(), z.string()).default({}),
  headers: z.record(parameterName, z.string()).default({}),
  json: z.record(z.string(), z.unknown()).optional(),
  form: z.record(z.string(), z.string()).optional(),
};

const requestFields = {
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  ...sentFields,
  failsWhen: z.array(failure).default([]).meta({
    description: 'Which answers are failures besides 4xx, such as a 200 with an error in it, and what failures mean',
  }),
};

const request = z.strictObject(requestFields);
const making = z.strictObject({
  ...requestFields,
  at: pointer.optional().meta({ description: 'Where the new key stands in the answer; all of it unless given' }),
});

const paging = z.discriminatedUnion('as', [
  z
    .strictObject({ as: z.literal('page'), query: z.string(), first: z.int().min(0).max(1).default(1) })
    .meta({ description: 'Page by number, until one is empty' }),
  z
    .strictObject({ as: z.literal('cursor'), query: z.string(), at: pointer })
    .meta({ description: 'The answer holds what asks for the next page; nothing, or an empty text, on the last' }),
  z
    .strictObject({ as: z.literal('link'), query: z.string() })
    .meta({ description: 'The header Link names the next page; this parameter is taken out of it, and nothing else' }),
]);

const listing = z.strictObject({
  ...requestFields,
  method: requestFields.method.default('GET'),
  items: pointer.optional().meta({
    description: 'Where the keys stand in the answer; all of it unless given. An object is the only key there is',
  }),
  paging: paging.optional(),
});

const reading = z.strictObject({ ...making.shape, method: requestFields.method.default('GET') });

/** Undefined: the API has no such request. docs/token-apis.md says which ones a model needs. */
export const requests = z.strictObject({
  create: making.optional(),
  list: listing.optional(),
  read: reading.optional().meta({ description: 'One key, where it tells more than the list' }),
  replace: making.optional().meta({ description: 'model none: a new key in place of {keyId}, which ends at once' }),
  label: request.optional().meta({ description: 'Writes {label} on a key, and changes nothing else of it' }),
  entitle: request.optional().meta({ description: 'Gives a key {entitlements}, which are all that it has then' }),
  disable: request.optional(),
  enable: request.optional(),
  revoke: request.optional().meta({ description: 'Deletes a key for good' }),
});
export type TokenRequest = z.output<typeof request>;

export type Listing = z.output<typeof listing>;
export type TokenRequests = z.output<typeof requests>;
export type RequestName = keyof TokenRequests;

/** Where a key as the API shows it has what. Pointers are of the key itself, not of the whole answer. */
export const keyFields = z.strictObject({
  keyId: z.union([pointer, z.strictObject({ hashOf: pointer })]).meta({
    description:
      'hashOf: the key has no id that applications know; the first 32 hex digits of the SHA-256 of this field',
  }),
  handle: pointer
    .optional()
    .meta({ description: 'What requests call the key by, as {handle}; the key id unless given' }),
  secret: pointer,
  label: pointer.optional().meta({ description: 'A name or note that people can choose; Keyturn adds its mark to it' }),
  group: z.string().optional().meta({
    description:
      'Where all keys stand side by side: what the labels of a target begin with, such as {target}. Other keys of the list are not of it',
  }),
  enabled: condition.optional().meta({ description: 'When a key is switched on; always unless given' }),
  gone: condition.optional().meta({ description: 'When a listed key is one that was deleted' }),
  created: pointer.optional(),
  expires: pointer.optional(),
  lastUsed: pointer.optional(),
  entitlements: pointer.optional().meta({ description: 'A list, or a text with spaces between them' }),
  entitlementName: pointer.optional().meta({ description: 'In each of the list; it is a text itself unless given' }),
});
