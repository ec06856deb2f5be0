import * as z from 'zod';

import { defineEvent, secretFacts } from './define-event.ts';

/** A person handed a secret and its present key to Keyturn; it rotates by its schedule from now on. */
export const SecretAdopted = defineEvent('SecretAdopted', '1.1', {
  ...secretFacts,
  versionId: z.string(),
  schedule: z.string(),
  nextRotationAt: z.iso.datetime().nullable(),
  /** Requests fail in each rotation, as the provider ends the old key with it. Left out by events of an earlier version. */
  requestsFail: z.boolean().optional(),
});
export type SecretAdopted = z.output<typeof SecretAdopted.detail>;
