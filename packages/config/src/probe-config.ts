import * as z from 'zod';

import { entry } from './entry.ts';
import { id, path } from './field.ts';
import type { Problems } from './problem.ts';

/** The request of a probe, whatever the provider: `urls` of the provider allow the host; only its id stands here. */
export const probeFields = {
  id,
  url: z.string().meta({ description: "One of the provider's `urls`, by id" }),
  path,
  method: z.enum(['GET', 'HEAD', 'POST']).default('GET'),
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
};

type Probed = {
  readonly probes: readonly { readonly id: string; readonly url: string }[];
  readonly urls: Readonly<Record<string, string>>;
};

/** `at`: where the provider stands, such as `providers.apigee`. */
export function* checkProbes(at: string, { probes, urls }: Probed): Problems {
  for (const [index, { id: name, url }] of probes.entries()) {
    if (entry(urls, url) === undefined) yield { field: `${at}.probes.${index}.url`, message: `is none of ${at}.urls` };
    if (probes.findIndex((probe) => probe.id === name) < index) {
      yield { field: `${at}.probes.${index}.id`, message: `${name} is there twice` };
    }
  }
}
