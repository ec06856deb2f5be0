import * as z from 'zod';

import { duration } from './duration.ts';

const id = z.string().regex(/^[a-z][a-z0-9-]{0,29}$/, 'lower case letters, digits and dashes, 30 at most');
const pointer = z.string().regex(/^(\/([^~/]|~[01])*)+$/, 'a JSON Pointer such as /api_key');

/** A request that tells whether a key works: where, and how the key is sent. `urls` of the provider allow the host; only its id stands here. */
const probe = z.strictObject({
  id,
  /** Apigee API products that the probed resource belongs to. Without them the probe fits every target. */
  products: z.array(z.string()).default([]),
  /** One of the provider's `urls`. */
  url: z.string(),
  path: z.string().regex(/^\/[^?#]*$/, 'a path that begins with a slash, without query'),
  method: z.enum(['GET', 'HEAD', 'POST']).default('GET'),
  send: z.discriminatedUnion('as', [
    z.strictObject({ as: z.literal('header'), name: z.string().default('x-apikey') }),
    z.strictObject({ as: z.literal('query'), name: z.string().default('apikey') }),
    /** Exchange key and secret for a token at `tokenPath`, then call `path` with it. */
    z.strictObject({ as: z.literal('clientCredentials'), tokenPath: z.string().regex(/^\/[^?#]*$/) }),
  ]),
  /** Statuses that mean the key was accepted. */
  expect: z.array(z.int().min(200).max(499)).nonempty().default([200]),
});

const apigee = z.strictObject({
  kind: z.literal('apigee'),
  organization: z.string().regex(/^[\w-]+$/),
  /** Of the management API, `/v1` included. */
  managementUrl: z.url().default('https://apigee.googleapis.com/v1'),
  /** Where access tokens come from; Google's own unless the key file's issuer is elsewhere. */
  tokenUrl: z.url().default('https://oauth2.googleapis.com/token'),
  /** Name or ARN of the secret that holds the service account's key file. */
  adminSecret: z.string(),
  /** Base URLs of API gateways that probes may call. */
  urls: z.record(id, z.url()).default({}),
  probes: z.array(probe).default([]),
  /** Hosts that may be called without TLS. */
  allowHttp: z.array(z.string()).default([]),
  /** Bounds of the runtime's caches. Apigee's default is 180 s. */
  propagation: duration.default(180_000),
  revocation: duration.default(180_000),
});
export type ApigeeConfig = z.output<typeof apigee>;
export type ProbeConfig = z.output<typeof probe>;

const reader = z.strictObject({
  refresh: duration,
  staleOnError: duration.default(0),
  tokenLifetime: duration.default(0),
});

const policy = z.strictObject({
  grace: duration.default(24 * 3_600_000),
  soak: duration.default(7 * 24 * 3_600_000),
  /** How long a new key waits before it is tested; at least the provider's propagation bound. */
  holdOff: duration.optional(),
  /** Accepts in a row, on fresh connections, before a new key becomes current. */
  accepts: z.int().min(1).max(50).default(5),
  verification: z.enum(['dataPlane', 'controlPlane']).default('dataPlane'),
  /** observe: report only. approve: wait for `keyturn approve`. auto: retire when it is due. */
  retirement: z.enum(['observe', 'approve', 'auto']).default('auto'),
  /** As Secrets Manager writes it: rate(30 days), cron(0 8 1 * ? *). */
  schedule: z.string().regex(/^(rate|cron)\(.+\)$/, 'rate(…) or cron(…)'),
  /** Length of the rotation window, such as 3h; Secrets Manager retries within it. */
  window: z
    .string()
    .regex(/^\d{1,2}h$/)
    .optional(),
  /** Ids of `readers`: everybody who reads secrets under this policy. */
  readers: z.array(id),
  approvePendingProducts: z.boolean().default(false),
  /** What the first key of an empty secret is entitled to, in the provider's words. */
  entitlements: z.array(z.string()).default([]),
  /** After this long a key that is not accepted yet counts as failed and its owner is told. */
  propagationBudget: duration.default(3_600_000),
});

const route = z.strictObject({
  slack: z
    .string()
    .regex(/^[CG][A-Z0-9]+$/, 'the id of a Slack channel')
    .optional(),
  mail: z.array(z.email()).default([]),
});

const subscriber = z.strictObject({
  name: id,
  events: z.array(z.string()).nonempty(),
  /** ARN of the queue, bus or function that gets the events. */
  target: z.string().regex(/^arn:aws[\w-]*:(sqs|events|lambda|sns):/),
  /** Only secrets whose name begins so. */
  secretPrefix: z.string().optional(),
});

export const configSchema = z.strictObject({
  stage: id,
  providers: z.record(id, z.discriminatedUnion('kind', [apigee])),
  shapes: z.record(id, z.strictObject({ keyId: pointer, secret: pointer })),
  readers: z.record(id, reader),
  policies: z.record(id, policy),
  /** Owner → where its people hear of it. `default` is for everybody else. */
  routes: z.record(z.string(), route).refine((routes) => 'default' in routes, 'a route named default'),
  notifications: z.strictObject({
    slack: z
      .strictObject({
        /** Name or ARN of the secret that holds the bot token, as text. */
        tokenSecret: z.string(),
        apiUrl: z.url().default('https://slack.com/api/'),
      })
      .optional(),
    mail: z.strictObject({ from: z.string() }).optional(),
  }),
  /** Pages for people; an alert links `<runbooks>/<reason>`. */
  runbooks: z.url(),
  subscribers: z.array(subscriber).default([]),
  timing: z
    .strictObject({
      /** Twice this is the margin on every deadline. */
      toleratedSkew: duration.default(300_000),
      eventLag: duration.default(300_000),
      /** A key that was never current is left alone until it is so old. */
      orphanMinAge: duration.default(3_600_000),
      /** How often the sweep looks for what is due. */
      holdRetry: duration.default(3_600_000),
    })
    .prefault({}),
});
export type ConfigFile = z.output<typeof configSchema>;
