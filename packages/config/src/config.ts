import * as z from 'zod';

import type { CustomConfig } from './custom-config.ts';
import { deployment } from './deployment-config.ts';
import { duration } from './duration.ts';
import { provider } from './provider-config.ts';
import { id } from './field.ts';
import { notifications } from './notifications-config.ts';
import { shape } from './shape-config.ts';

const reader = z.strictObject({
  refresh: duration.meta({ description: 'Longest time between two reads of the secret' }),
  staleOnError: duration
    .prefault('0s')
    .meta({ description: 'How long it goes on with the old value while Secrets Manager does not answer' }),
  tokenLifetime: duration.prefault('0s').meta({ description: 'Life of a token that it mints from the key' }),
  acknowledges: z
    .strictObject({
      accounts: z
        .array(z.string().regex(/^\d{12}$/, 'the id of an AWS account, twelve digits, in quotes'))
        .nonempty()
        .meta({ description: 'Whose VersionAdopted events count as this reader' }),
      lapse: duration.prefault('90d').meta({
        description: 'A reader that was silent for longer does not count; longer than from rotation to rotation',
      }),
    })
    .optional()
    .meta({ description: 'It tells which version it uses: an old key waits for it until maxGrace' }),
});

const policy = z.strictObject({
  grace: duration.prefault('24h').meta({
    description: 'How long the old key keeps working after it stopped being current; at least what the readers need',
  }),
  soak: duration.prefault('7d').meta({ description: 'Between disabling and deleting the old key' }),
  holdOff: duration.optional().meta({
    description:
      "How long a new key waits before it is tested; the provider's propagation bound unless given, twice that where nobody probes",
  }),
  accepts: z
    .int()
    .min(1)
    .max(50)
    .default(5)
    .meta({ description: 'Accepts in a row, on fresh connections, before a new key becomes current' }),
  verification: z
    .enum(['dataPlane', 'controlPlane'])
    .default('dataPlane')
    .meta({ description: 'dataPlane: use the key. controlPlane: ask the provider about it' }),
  retirement: z
    .enum(['observe', 'approve', 'auto'])
    .default('auto')
    .meta({ description: 'observe: report only. approve: wait for a person. auto: retire when it is due' }),
  deletion: z.enum(['auto', 'approve']).optional().meta({
    description:
      'auto: delete after the soak. approve: a disabled key is deleted after a person approved that. Unless given auto for dataPlane, approve for controlPlane',
  }),
  unusedFor: duration.optional().meta({
    description:
      'The old key is kept while the provider says that it was used within this time, 7d at most for Apigee, 30d for API Gateway; no such gate unless given',
  }),
  maxGrace: duration.prefault('7d').meta({
    description:
      'After this long an old key that is still read, still used or not let go by a reader lives longer than the policy allows',
  }),
  afterMaxGrace: z
    .enum(['hold', 'force'])
    .default('hold')
    .meta({ description: 'hold: keep such a key and tell its owner again. force: retire it all the same' }),
  schedule: z
    .string()
    .regex(/^(rate|cron)\([^()]+\)$/, 'rate(…) or cron(…)')
    .meta({ description: 'As Secrets Manager writes it: rate(30 days), cron(0 8 1 * ? *)' }),
  window: z
    .string()
    .regex(/^([1-9]|1\d|2[0-4])h$/, 'whole hours such as 3h, 24h at most')
    .optional()
    .meta({ description: 'Length of the rotation window; Secrets Manager retries within it' }),
  acceptOutage: z.boolean().default(false).meta({
    description:
      'Only for a provider that ends the old key when it makes the new one: requests fail in every rotation, which is begun within the window of the schedule alone. Needs cron(…), a window and grace: 0s',
  }),
  readers: z.array(id).meta({ description: 'Everybody who reads secrets under this policy, by id' }),
  approvePendingProducts: z.boolean().default(false),
  entitlements: z
    .array(z.string().min(1))
    .default([])
    .meta({ description: "What the first key of an empty secret is entitled to, in the provider's words" }),
  propagationBudget: duration.prefault('1h').meta({
    description: 'After this long a key that is not accepted yet counts as failed and its owner is told',
  }),
});

const route = z.strictObject({
  slack: z
    .string()
    .regex(/^[CG][A-Z0-9]+$/, 'the id of a Slack channel, such as C0PAYMENTS1')
    .optional(),
  mail: z.array(z.email()).default([]),
  webhooks: z.array(id).default([]).meta({ description: 'Ids of notifications.webhooks' }),
});

const subscriber = z.strictObject({
  name: id,
  events: z.array(z.string()).nonempty().meta({ description: 'Types of events, such as SecretRotated' }),
  target: z
    .string()
    .regex(/^arn:aws[\w-]*:(sqs|events|lambda|sns):[\w-]+:\d{12}:\S+$/, 'the ARN of a queue, bus, function or topic'),
  secretPrefix: z.string().min(1).optional().meta({ description: 'Only secrets whose name begins so' }),
});

const compatibility = z.strictObject({
  secretRotation: z.boolean().default(false).meta({
    description:
      "Tell of each change on the account's default bus too, as the Python package aws-secretsmanager expects it: source secretsmanager, detail-type Secret Rotation",
  }),
});

const timing = z.strictObject({
  toleratedSkew: duration.prefault('5m').meta({ description: 'Twice this is the margin on every deadline' }),
  eventLag: duration.prefault('5m').meta({ description: 'From the label move to the moment we see it' }),
  orphanMinAge: duration
    .prefault('1h')
    .meta({ description: 'A key that was never current is left alone until it is so old' }),
  holdRetry: duration.prefault('1h').meta({ description: 'When a held retirement is looked at again' }),
  stuckAfter: duration
    .prefault('2h')
    .meta({ description: 'A version that has been pending for longer is stuck: rotated again, or cleared' }),
});

const adminSecrets = z.strictObject({
  maxAge: duration.prefault('90d').meta({
    description:
      'A secret that this configuration names has to be changed by hand within this time; its people are told',
  }),
});

const breaker = z.strictObject({
  failedVerifications: z.int().min(1).max(1000).default(5).meta({
    description: 'More current credentials than this refused within an hour pause the fleet',
  }),
  disables: z.int().min(1).max(10_000).default(1000).meta({
    description: 'More old keys than this to be switched off within an hour pause the fleet',
  }),
});

export const configSchema = z.strictObject({
  stage: id,
  providers: z.record(id, provider),
  shapes: z.record(id, shape).meta({ description: 'Where key id and secret stand in a secret; docs/shapes.md' }),
  readers: z.record(id, reader),
  policies: z.record(id, policy),
  routes: z.object({ default: route }).catchall(route).meta({
    description:
      'Owner → where its people hear of it. An empty route, and `default` itself, go to the default addresses',
  }),
  notifications,
  runbooks: z.url().meta({ description: 'Pages for people; an alert links <runbooks>/<reason>' }),
  subscribers: z.array(subscriber).default([]),
  compatibility: compatibility.prefault({}),
  timing: timing.prefault({}),
  adminSecrets: adminSecrets.prefault({}),
  orphansPerRun: z.int().min(1).max(100).default(5).meta({
    description:
      'Keys that no secret owns and that are retired in one hour at most, where a provider says orphans: reap',
  }),
  breaker: breaker.prefault({}).meta({ description: 'When the fleet pauses itself; `keyturn resume` lets it go on' }),
  deployment: deployment.prefault({}),
});
/** The configuration of a stage; `parseConfig` alone makes one. All durations are in milliseconds. */
export type Config = z.output<typeof configSchema>;
export type PolicyConfig = Config['policies'][string];
export type ProviderConfig = Config['providers'][string];
/** One whose adapter is part of Keyturn, which deploys it and lets it read its admin secret. */
export type OwnProviderConfig = Exclude<ProviderConfig, CustomConfig>;
export type { CustomConfig } from './custom-config.ts';
export type { ApiGatewayConfig, ApiGatewayProbe } from './apigateway-config.ts';
export type { ApigeeConfig, ProbeConfig } from './apigee-config.ts';
export type { TokenConfig } from './token-config.ts';
export type { SshConfig } from './ssh-config.ts';
