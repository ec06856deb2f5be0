import * as z from 'zod';

import { duration } from './duration.ts';
import { secretName } from './field.ts';
import { checkProbes } from './probe-config.ts';
import type { Problems } from './problem.ts';
import { providerFields } from './provider-fields.ts';
import { descriptionFields, type Description } from './token-description.ts';
import { presetNames, withPreset } from './token-preset.ts';
import { tokenProblems } from './token-problems.ts';
import { urlProblems } from './url-problems.ts';

const given = z.strictObject({
  kind: z.literal('token'),
  preset: z.enum(presetNames).optional().meta({ description: 'A known API; what is given beside it comes first' }),
  parameters: z.record(z.string(), z.string()).default({}).meta({ description: 'What the preset asks for' }),
  ...providerFields,
  masters: z.array(secretName).default([]).meta({
    description: 'Further master secrets; a target `name@master` is administered with the one that it names',
  }),
  ...descriptionFields,
  expiry: duration.optional().meta({
    description: 'New keys end by themselves after this time, also where a rotation stalls: docs/token-apis.md',
  }),
});

const minuteMs = 60_000;
const usageLagMs = 3_600_000;
const decadeMs = 3650 * 86_400_000;

/** Any API that issues tokens, as a description of its requests; docs/token-apis.md has an example of each model. */
export const token = given.transform((config, context) => {
  const { described, problems } = withPreset(config);
  const { auth, key: { keyId, secret, ...places } = {} } = described;
  const whole = { ...config, ...described, ...modelOf(described), ...apiOf(described) };
  for (const { field, message } of [...problems, ...tokenProblems(whole)]) {
    context.addIssue({ code: 'custom', path: field.split('.'), message });
  }
  if (auth === undefined || keyId === undefined || secret === undefined) return z.NEVER;
  // What the list says, without a bound on how far back; its lag is what a counter may take.
  const usage = places.lastUsed === undefined ? undefined : { lag: usageLagMs, range: decadeMs };
  return { ...whole, auth, usage, key: { keyId, secret, ...places } };
});

function modelOf({ model, mint, secretIn, propagation, revocation }: Description) {
  return {
    model: model ?? ('multi' as const),
    mint: mint ?? ('generated' as const),
    secretIn: secretIn ?? ('create' as const),
    propagation: propagation ?? minuteMs,
    revocation: revocation ?? minuteMs,
  };
}

function apiOf({ urls, targets, longestLabel, requests, probes }: Description) {
  return {
    urls: urls ?? {},
    targets: { form: targets?.form ?? '[\\w.-]{1,100}', known: targets?.known ?? [] },
    longestLabel: longestLabel ?? 255,
    requests: requests ?? {},
    probes: probes ?? [],
  };
}

export type TokenConfig = z.output<typeof token>;

/** What the schema cannot say of one: its addresses, and what its probes name. */
export function* checkToken(at: string, config: TokenConfig): Problems {
  const { urls, allowHttp } = config;
  for (const [id, url] of Object.entries(urls)) yield* urlProblems(`${at}.urls.${id}`, url, allowHttp);
  yield* checkProbes(at, config);
}
