import * as z from 'zod';

import { defineEvent, secretFacts } from './define-event.ts';

/** The current credential was read as applications read it, and the provider refuses it: applications fail or soon will. */
export const VerificationFailed = defineEvent('VerificationFailed', '1.0', {
  ...secretFacts,
  versionId: z.string(),
  reason: z.string(),
  /** The provider's own code, where it gave one. */
  code: z.string().nullable(),
  previousVersionId: z.string().nullable(),
});
export type VerificationFailed = z.output<typeof VerificationFailed.detail>;
