import * as z from 'zod';

import { duration } from './duration.ts';
import { id, parameterName, path } from './field.ts';
import { checkProbes, probeFields } from './probe-config.ts';
import type { Problems } from './problem.ts';
import { providerFields } from './provider-fields.ts';
import { urlProblems } from './url-problems.ts';
import { usageRangeMs } from './usage-range.ts';

/** A request that tells whether a key works, how the key is sent, and which keys it fits. */
const probe = z.strictObject({
  ...probeFields,
  products: z.array(z.string().min(1)).default([]).meta({
    description: 'Apigee API products that the probed resource belongs to',
  }),
  targets: z.array(z.string().min(1)).default([]).meta({
    description: 'Targets that it is for, whole or with a * at the end. Without products and targets it fits every key',
  }),
  send: z.discriminatedUnion('as', [
    z.strictObject({ as: z.literal('header'), name: parameterName.default('x-apikey') }),
    z.strictObject({ as: z.literal('query'), name: parameterName.default('apikey') }),
    z
      .strictObject({ as: z.literal('clientCredentials'), tokenPath: path })
      .meta({ description: 'Exchange key and secret for a token at `tokenPath`, then call `path` with it' }),
  ]),
});
export type ProbeConfig = z.output<typeof probe>;

/** How the adapter proves itself to the management API. Which ones a flavour takes is checked below. */
const apigeeAuth = z.discriminatedUnion('as', [
  z
    .strictObject({ as: z.literal('serviceAccount'), tokenUrl: z.url().default('https://oauth2.googleapis.com/token') })
    .meta({ description: "X and hybrid: adminSecret holds the service account's key file" }),
  z
    .strictObject({
      as: z.literal('workloadIdentity'),
      audience: z
        .string()
        .regex(
          /^\/\/iam\.googleapis\.com\/projects\/[\w-]+\/locations\/global\/workloadIdentityPools\/[\w-]+\/providers\/[\w-]+$/,
          '//iam.googleapis.com/projects/…/workloadIdentityPools/…/providers/…',
        ),
      serviceAccount: z.email().optional().meta({ description: 'Whom to impersonate; nobody unless given' }),
      retireServiceAccount: z.email().optional().meta({
        description: 'Another one for the function that disables and deletes, so that the one that issues cannot',
      }),
      stsUrl: z.url().default('https://sts.googleapis.com/v1/token'),
      iamCredentialsUrl: z.url().default('https://iamcredentials.googleapis.com/v1'),
    })
    .meta({ description: "X and hybrid, keyless: by the function's own AWS credentials; no adminSecret" }),
  z.strictObject({ as: z.literal('oauth'), tokenUrl: z.url().default('https://login.apigee.com/oauth/token') }).meta({
    description:
      'Edge, or OPDK with SSO: adminSecret holds {"username","password"} (with "totpSecret" where the user has MFA), {"passcode"} or {"refreshToken"}',
  }),
  z
    .strictObject({ as: z.literal('basic') })
    .meta({ description: 'OPDK, or Edge without MFA: adminSecret holds {"username","password"}' }),
]);
export type ApigeeAuth = z.output<typeof apigeeAuth>;

const flavours = ['x', 'hybrid', 'edge', 'opdk'] as const;
export type ApigeeFlavour = (typeof flavours)[number];

export const apigee = z
  .strictObject({
    kind: z.literal('apigee'),
    flavour: z.enum(flavours).default('x').meta({ description: 'edge: the public cloud. opdk: the private cloud' }),
    organization: z.string().regex(/^[\w-]+$/, 'the name of an organization'),
    managementUrl: z
      .url()
      .optional()
      .meta({ description: "Of the management API, /v1 included; the flavour's public one unless given" }),
    auth: apigeeAuth.optional().meta({
      description: 'serviceAccount for X and hybrid, oauth for edge, basic for opdk unless given',
    }),
    ...providerFields,
    mint: z.enum(['chosen', 'generated']).default('chosen').meta({
      description: 'chosen: Keyturn makes key and secret and imports them. generated: only Apigee makes them',
    }),
    urls: z
      .record(id, z.url())
      .default({})
      .meta({ description: 'Base URLs of API gateways that probes may call, by id' }),
    probes: z.array(probe).default([]),
    analytics: z
      .strictObject({
        environments: z.array(z.string().regex(/^[\w-]+$/, 'the name of an environment')).nonempty(),
        lag: duration.prefault('1h').meta({ description: 'How long a call may take to show in the statistics' }),
      })
      .optional()
      .meta({ description: 'Ask the statistics of these environments when a key was last used' }),
    propagation: duration
      .optional()
      .meta({ description: 'No node needs longer to accept a new key: 3m unless given, 5m for hybrid' }),
    revocation: duration
      .optional()
      .meta({ description: 'No node accepts a disabled key for longer: 3m unless given, 5m for hybrid' }),
  })
  .superRefine((given, context) => {
    for (const { field, message } of apigeeProblems(given)) {
      context.addIssue({ code: 'custom', path: [field], message });
    }
  })
  .transform(({ managementUrl, auth, propagation, revocation, ...given }) => ({
    ...given,
    usage: given.analytics && { lag: given.analytics.lag, range: usageRangeMs },
    managementUrl: managementUrl ?? managementUrls[given.flavour] ?? '',
    auth: auth ?? defaultAuth[given.flavour],
    propagation: propagation ?? cacheMs(given.flavour),
    revocation: revocation ?? cacheMs(given.flavour),
  }));
export type ApigeeConfig = z.output<typeof apigee>;

const google = 'https://apigee.googleapis.com/v1';
const managementUrls: Readonly<Record<ApigeeFlavour, string | undefined>> = {
  x: google,
  hybrid: google,
  edge: 'https://api.enterprise.apigee.com/v1',
  // Everybody's own.
  opdk: undefined,
};
const byServiceAccount: ApigeeAuth = { as: 'serviceAccount', tokenUrl: 'https://oauth2.googleapis.com/token' };
const defaultAuth: Readonly<Record<ApigeeFlavour, ApigeeAuth>> = {
  x: byServiceAccount,
  hybrid: byServiceAccount,
  edge: { as: 'oauth', tokenUrl: 'https://login.apigee.com/oauth/token' },
  opdk: { as: 'basic' },
};

// The runtime keeps what it knows of a key for 180 s unless it was changed; a hybrid one in several Regions lags behind that.
function cacheMs(flavour: ApigeeFlavour): number {
  return flavour === 'hybrid' ? 300_000 : 180_000;
}

const authOf: Readonly<Record<ApigeeFlavour, readonly ApigeeAuth['as'][]>> = {
  x: ['serviceAccount', 'workloadIdentity'],
  hybrid: ['serviceAccount', 'workloadIdentity'],
  edge: ['oauth', 'basic'],
  opdk: ['basic', 'oauth'],
};

type Given = {
  readonly flavour: ApigeeFlavour;
  readonly managementUrl?: string | undefined;
  readonly auth?: ApigeeAuth | undefined;
  readonly adminSecret?: string | undefined;
  readonly retireSecret?: string | undefined;
};

function* apigeeProblems({ flavour, managementUrl, auth, adminSecret, retireSecret }: Given): Problems {
  const { as } = auth ?? defaultAuth[flavour];
  if ((managementUrl ?? managementUrls[flavour]) === undefined) {
    yield { field: 'managementUrl', message: `is missing: ${flavour} has no public one` };
  }
  if (!authOf[flavour].includes(as)) {
    yield { field: 'auth', message: `${as} is not for ${flavour}, which takes ${authOf[flavour].join(' or ')}` };
  }
  if (flavour === 'opdk' && isPublicLogin(auth)) {
    yield { field: 'auth.tokenUrl', message: "is that of Apigee's public cloud: name the /oauth/token of your own" };
  }
  const keyless = as === 'workloadIdentity';
  if (!keyless && adminSecret === undefined) yield { field: 'adminSecret', message: `is missing: ${as} needs it` };
  for (const [field, secret] of Object.entries({ adminSecret, retireSecret })) {
    if (keyless && secret !== undefined) yield { field, message: 'is of no use: workloadIdentity is keyless' };
  }
}

// It is the default, too: the user of somebody's own cloud would be sent there.
const isPublicLogin = (auth: ApigeeAuth | undefined): boolean =>
  auth?.as === 'oauth' && /(^|\.)login\.apigee\.com$/.test(new URL(auth.tokenUrl).hostname);

/** What the schema cannot say of one: its addresses, and what its probes name. */
export function* checkApigee(at: string, config: ApigeeConfig): Problems {
  const { managementUrl, auth, urls, allowHttp } = config;
  yield* urlProblems(`${at}.managementUrl`, managementUrl, allowHttp);
  for (const [name, value] of Object.entries<string | undefined>(auth)) {
    if (name.endsWith('Url') && value !== undefined) yield* urlProblems(`${at}.auth.${name}`, value, allowHttp);
  }
  for (const [id, url] of Object.entries(urls)) yield* urlProblems(`${at}.urls.${id}`, url, allowHttp);
  yield* checkProbes(at, config);
}
