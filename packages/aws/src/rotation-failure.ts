import * as z from 'zod';

import { partitionOf } from './announcement.ts';
import type { LedgerKey } from './ledger.ts';

/** What is known of the end of one attempt at a rotation. `waiting`: it ended because the new key is not accepted everywhere yet. */
export const rotationFailure = z.object({ token: z.string(), at: z.number(), what: z.enum(['told', 'waiting']) });

export const failurePrefix = 'failure#';

export const failureKey = (secretArn: string, token: string): LedgerKey => ({
  partition: partitionOf(secretArn),
  row: `${failurePrefix}${token}`,
});
