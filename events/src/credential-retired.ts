import * as z from 'zod';

import { defineEvent, secretFacts } from './define-event.ts';

/** A superseded credential was deleted at the provider. Whoever still uses it fails. */
export const CredentialRetired = defineEvent('CredentialRetired', '1.0', {
  ...secretFacts,
  versionId: z.string(),
  currentVersionId: z.string(),
});
export type CredentialRetired = z.output<typeof CredentialRetired.detail>;
