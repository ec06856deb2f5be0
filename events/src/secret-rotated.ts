import * as z from 'zod';

import { defineEvent, secretFacts } from './define-event.ts';

/** AWSCURRENT stands on another version than before. Read the secret: this event is a hint, the store is the truth. */
export const SecretRotated = defineEvent('SecretRotated', '1.0', {
  ...secretFacts,
  versionId: z.string(),
  previousVersionId: z.string().nullable(),
  cause: z.enum(['rotation', 'rollback', 'manual']),
  verification: z.enum(['dataPlane', 'controlPlane']),
  oldCredentialValidUntil: z.iso.datetime().nullable(),
  nextRotationAt: z.iso.datetime().nullable(),
});
export type SecretRotated = z.output<typeof SecretRotated.detail>;
