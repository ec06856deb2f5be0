import * as z from 'zod';

import { defineEvent, secretFacts } from './define-event.ts';

/** A superseded credential was switched off at the provider; until `deleteAt` it can be switched on again. */
export const CredentialDisabled = defineEvent('CredentialDisabled', '1.0', {
  ...secretFacts,
  /** The version that held the credential. */
  versionId: z.string(),
  currentVersionId: z.string(),
  deleteAt: z.iso.datetime(),
});
export type CredentialDisabled = z.output<typeof CredentialDisabled.detail>;
