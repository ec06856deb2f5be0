import * as z from 'zod';

import { defineEvent, secretFacts } from './define-event.ts';

/** The current credential was read as applications read it, and the provider accepts it. */
export const CredentialVerified = defineEvent('CredentialVerified', '1.0', {
  ...secretFacts,
  versionId: z.string(),
  verification: z.enum(['dataPlane', 'controlPlane']),
});
export type CredentialVerified = z.output<typeof CredentialVerified.detail>;
