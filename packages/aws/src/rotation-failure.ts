import * as z from 'zod';

import { partitionOf } from './announcement.ts';
import type { Ledger, LedgerKey } from './ledger.ts';

/**
 * What is known of the end of the latest attempt at a rotation. `waiting`: it ended because the new key is not accepted everywhere yet. Times in milliseconds since 1970.
 */
export const rotationFailure = z.object({
  token: z.string(),
  at: z.number(),
  what: z.enum(['told', 'waiting']),
  /** What was told, as RotationFailed says it. A row of an earlier version has none. */
  failure: z
    .object({ step: z.string(), reason: z.string(), field: z.string().nullable(), retryable: z.boolean() })
    .optional(),
});
export type RotationFailure = z.output<typeof rotationFailure>;

const failurePrefix = 'failure#';

/** Every failure of a secret's rotations that is known. */
export function listFailures(ledger: Ledger, secretArn: string) {
  return ledger.list(partitionOf(secretArn), failurePrefix, rotationFailure);
}

export const failureKey = (secretArn: string, token: string): LedgerKey => ({
  partition: partitionOf(secretArn),
  row: `${failurePrefix}${token}`,
});
