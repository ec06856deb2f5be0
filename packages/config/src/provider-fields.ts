import * as z from 'zod';

import { hostname, secretName } from './field.ts';
import { network } from './network-config.ts';

/**
 * What every provider has, whatever its kind. Besides these a provider's output has `propagation` and `revocation`, in milliseconds, and `usage`
 * where it can tell when a key was last used: within `range` milliseconds, and not what is younger than `lag`.
 */
export const providerFields = {
  adminSecret: secretName
    .optional()
    .meta({ description: 'Name or ARN of the secret with which the adapter administers keys' }),
  retireSecret: secretName.optional().meta({
    description: 'Another one for the function that disables and deletes, so that the one that issues cannot',
  }),
  orphans: z.enum(['report', 'reap']).default('report').meta({
    description:
      'Keys with the mark of this installation whose secret is gone. report: tell it. reap: retire them after the longest grace',
  }),
  network: network.prefault({}),
  allowHttp: z.array(hostname).default([]).meta({ description: 'Hosts that may be called without TLS' }),
};
