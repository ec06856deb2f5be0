import * as z from 'zod';

import { defineEvent, secretFacts } from './define-event.ts';

/** A rotation stopped. Which key is live tells whether anybody has to hurry; Secrets Manager retries by itself while its window is open. */
export const RotationFailed = defineEvent('RotationFailed', '1.0', {
  ...secretFacts,
  /** The ClientRequestToken: the version id that the new secret value has or would have had. */
  versionId: z.string(),
  step: z.enum(['createSecret', 'setSecret', 'testSecret', 'finishSecret', 'unknown']),
  reason: z.string(),
  /** What to change, where the reason names it: a tag, a pointer, a configuration field. Never a value. */
  field: z.string().nullable(),
  retryable: z.boolean(),
  liveCredential: z.enum(['old', 'new', 'unknown']),
  /** How often the publisher itself saw this token fail; a new execution environment counts from 1 again. */
  attempt: z.int().positive(),
  /** When the next window opens at the latest; within the window Secrets Manager retries at times it does not publish. */
  nextRetry: z.iso.datetime().nullable(),
});
export type RotationFailed = z.output<typeof RotationFailed.detail>;
