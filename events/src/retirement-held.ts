import * as z from 'zod';

import { defineEvent, secretFacts } from './define-event.ts';

/** A superseded credential is due, but something forbids its end. It stays alive until somebody looks. */
export const RetirementHeld = defineEvent('RetirementHeld', '1.0', {
  ...secretFacts,
  versionId: z.string(),
  currentVersionId: z.string().nullable(),
  reason: z.string(),
  nextTryAt: z.iso.datetime(),
});
export type RetirementHeld = z.output<typeof RetirementHeld.detail>;
