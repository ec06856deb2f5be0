import * as z from 'zod';

import { defineEvent, secretFacts } from './define-event.ts';

/** A superseded credential is due, but something forbids its end. It stays alive until somebody looks. */
export const RetirementHeld = defineEvent('RetirementHeld', '1.2', {
  ...secretFacts,
  versionId: z.string(),
  currentVersionId: z.string().nullable(),
  reason: z.string(),
  nextTryAt: z.iso.datetime(),
  /** What does not happen to it for now. */
  step: z.enum(['disable', 'delete']).optional(),
  /** It lives longer than the policy allows a key that is still needed. */
  overMaxGrace: z.boolean().optional(),
  /** With `not-adopted`: the readers that have not said that they use a newer version, by their ids in the configuration. */
  lateReaders: z.array(z.string()).optional(),
  /** When the policy ends it all the same. */
  forceAt: z.iso.datetime().nullable().optional(),
});
export type RetirementHeld = z.output<typeof RetirementHeld.detail>;
