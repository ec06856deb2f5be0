import * as z from 'zod';

import { defineEvent, secretFacts } from './define-event.ts';

/** A superseded credential was switched off at the provider. It can be switched on again until it is deleted, which is at `deleteAt` or later. */
export const CredentialDisabled = defineEvent('CredentialDisabled', '1.0', {
  ...secretFacts,
  /** The version that held the credential. */
  versionId: z.string(),
  currentVersionId: z.string(),
  deleteAt: z.iso.datetime(),
});
export type CredentialDisabled = z.output<typeof CredentialDisabled.detail>;
