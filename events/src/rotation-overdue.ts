import * as z from 'zod';

import { defineEvent, secretFacts } from './define-event.ts';

/**
 * A secret is not rotated as it should be, and no event said so: it is the look of every hour that finds it. Told once for each `why`, and again when
 * it changes or after a while.
 */
export const RotationOverdue = defineEvent('RotationOverdue', '1.0', {
  ...secretFacts,
  /** `missed`, `not-attached`, `disabled`, `foreign-function`, `misconfigured`, `replica-failed` or `admin-secret`. */
  why: z.string(),
  /** Since when; as far as it is known. */
  since: z.iso.datetime(),
  /** What more is known: the Region of a replica, a tag, or why a secret that the configuration names is no good. */
  about: z.string().nullable(),
  lastRotatedAt: z.iso.datetime().nullable(),
  nextRotationAt: z.iso.datetime().nullable(),
});
export type RotationOverdue = z.output<typeof RotationOverdue.detail>;
