import * as z from 'zod';

import { defineEvent, secretFacts } from './define-event.ts';

/** The current credential was read as applications read it, and the provider refuses it: applications fail or soon will. */
export const VerificationFailed = defineEvent('VerificationFailed', '1.1', {
  ...secretFacts,
  versionId: z.string(),
  reason: z.string(),
  /** The provider's own code, where it gave one. */
  code: z.string().nullable(),
  previousVersionId: z.string().nullable(),
  /** The earlier version that is accepted still, and six characters by which people tell its key; null where none was found. */
  live: z
    .object({ versionId: z.string(), fingerprint: z.string().regex(/^[0-9a-f]{6}$/), createdAt: z.iso.datetime() })
    .nullable()
    .optional(),
});
export type VerificationFailed = z.output<typeof VerificationFailed.detail>;
