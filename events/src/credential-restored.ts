import * as z from 'zod';

import { defineEvent, secretFacts } from './define-event.ts';

/** The current credential had been switched off at the provider and was switched on again. */
export const CredentialRestored = defineEvent('CredentialRestored', '1.0', {
  ...secretFacts,
  versionId: z.string(),
});
export type CredentialRestored = z.output<typeof CredentialRestored.detail>;
