import * as z from 'zod';

import { defineEvent, secretFacts } from './define-event.ts';

/** The current credential, which a person had put into the secret by hand, was proven to be this secret's and bears its mark from now on. */
export const CredentialAdopted = defineEvent('CredentialAdopted', '1.0', {
  ...secretFacts,
  versionId: z.string(),
});
export type CredentialAdopted = z.output<typeof CredentialAdopted.detail>;
