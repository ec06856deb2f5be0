import * as z from 'zod';

import { duration } from './duration.ts';
import { id, parameterName } from './field.ts';
import { checkProbes, probeFields } from './probe-config.ts';
import type { Problems } from './problem.ts';
import { providerFields } from './provider-fields.ts';
import { urlProblems } from './url-problems.ts';

/** A request that tells whether a key works, and which keys it fits. */
const probe = z.strictObject({
  ...probeFields,
  plans: z.array(z.string().min(1)).default([]).meta({
    description: 'Ids of usage plans that the probed stage belongs to',
  }),
  targets: z.array(z.string().min(1)).default([]).meta({
    description: 'Targets that it is for, whole or with a * at the end. Without plans and targets it fits every key',
  }),
  header: parameterName.default('x-api-key').meta({ description: 'Where the stage looks for the key' }),
});
export type ApiGatewayProbe = z.output<typeof probe>;

export const apigateway = z
  .strictObject({
    kind: z.literal('apigateway'),
    endpointUrl: z
      .url()
      .optional()
      .meta({ description: "A VPC endpoint of API Gateway's own API; the Region's public one unless given" }),
    ...providerFields,
    urls: z
      .record(id, z.url())
      .default({})
      .meta({ description: 'Base URLs of stages and custom domains that probes may call, by id' }),
    probes: z.array(probe).default([]),
    usage: z
      .strictObject({
        lag: duration.prefault('1h').meta({ description: 'How long a call may take to show in the usage data' }),
      })
      .optional()
      .meta({ description: 'Ask the usage plans when a key was last used; they count by the day' }),
    propagation: duration
      .prefault('5m')
      .meta({ description: 'No node needs longer to accept a new key; AWS says that it may take a few minutes' }),
    revocation: duration.prefault('5m').meta({ description: 'No node accepts a disabled key for longer' }),
  })
  .superRefine(({ adminSecret, retireSecret }, context) => {
    for (const [field, secret] of Object.entries({ adminSecret, retireSecret })) {
      if (secret === undefined) continue;
      context.addIssue({
        code: 'custom',
        path: [field],
        message: 'is of no use: the functions have roles of their own',
      });
    }
  })
  .transform(({ usage, ...given }) => ({ ...given, usage: usage && { ...usage, range: usageRangeMs } }));
export type ApiGatewayConfig = z.output<typeof apigateway>;

/** AWS keeps 90 days; how far back it is read, in milliseconds. */
const usageRangeMs = 30 * 24 * 3_600_000;

/** What the schema cannot say of one: its addresses, and what its probes name. */
export function* checkApiGateway(at: string, config: ApiGatewayConfig): Problems {
  const { endpointUrl, urls, allowHttp } = config;
  if (endpointUrl !== undefined) yield* urlProblems(`${at}.endpointUrl`, endpointUrl, allowHttp);
  for (const [id, url] of Object.entries(urls)) yield* urlProblems(`${at}.urls.${id}`, url, allowHttp);
  yield* checkProbes(at, config);
}
