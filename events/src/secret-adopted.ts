import * as z from 'zod';

import { defineEvent, secretFacts } from './define-event.ts';

/** A person handed a secret and its present key to Keyturn; it rotates by its schedule from now on. */
export const SecretAdopted = defineEvent('SecretAdopted', '1.0', {
  ...secretFacts,
  versionId: z.string(),
  schedule: z.string(),
  nextRotationAt: z.iso.datetime().nullable(),
});
export type SecretAdopted = z.output<typeof SecretAdopted.detail>;
