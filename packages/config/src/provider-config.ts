import * as z from 'zod';

import { duration } from './duration.ts';
import { hostname, id, path, secretName } from './field.ts';

const parameterName = z.string().regex(/^[\w-]+$/, 'letters, digits, dashes and underscores');

/** A request that tells whether a key works: where, and how the key is sent. `urls` of the provider allow the host; only its id stands here. */
const probe = z.strictObject({
  id,
  products: z.array(z.string().min(1)).default([]).meta({
    description: 'Apigee API products that the probed resource belongs to. Without them the probe fits every target',
  }),
  url: z.string().meta({ description: "One of the provider's `urls`, by id" }),
  path,
  method: z.enum(['GET', 'HEAD', 'POST']).default('GET'),
  send: z.discriminatedUnion('as', [
    z.strictObject({ as: z.literal('header'), name: parameterName.default('x-apikey') }),
    z.strictObject({ as: z.literal('query'), name: parameterName.default('apikey') }),
    z
      .strictObject({ as: z.literal('clientCredentials'), tokenPath: path })
      .meta({ description: 'Exchange key and secret for a token at `tokenPath`, then call `path` with it' }),
  ]),
  expect: z
    .array(
      z
        .int()
        .min(200)
        .max(499)
        .refine((status) => status < 300 || status >= 400, 'a redirect tells nothing of a key'),
    )
    .nonempty()
    .default([200])
    .meta({ description: 'Statuses that mean the key was accepted' }),
});
export type ProbeConfig = z.output<typeof probe>;

const apigee = z.strictObject({
  kind: z.literal('apigee'),
  organization: z.string().regex(/^[\w-]+$/, 'the name of an organization'),
  managementUrl: z
    .url()
    .default('https://apigee.googleapis.com/v1')
    .meta({ description: 'Of the management API, /v1 included' }),
  tokenUrl: z
    .url()
    .default('https://oauth2.googleapis.com/token')
    .meta({ description: 'Where access tokens come from' }),
  adminSecret: secretName.meta({ description: "Name or ARN of the secret that holds the service account's key file" }),
  urls: z
    .record(id, z.url())
    .default({})
    .meta({ description: 'Base URLs of API gateways that probes may call, by id' }),
  probes: z.array(probe).default([]),
  allowHttp: z.array(hostname).default([]).meta({ description: 'Hosts that may be called without TLS' }),
  propagation: duration
    .prefault('3m')
    .meta({ description: "No node needs longer to accept a new key. The runtime's cache: 180s unless it was changed" }),
  revocation: duration.prefault('3m').meta({ description: 'No node accepts a disabled key for longer' }),
});
export type ApigeeConfig = z.output<typeof apigee>;

export const provider = z.discriminatedUnion('kind', [apigee]);
