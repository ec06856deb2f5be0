import { toldPartitionOf } from '@keyturn/aws/announcement';
import type { Ledger, LedgerKey } from '@keyturn/aws/ledger';
import { TransientError } from '@keyturn/rotation/errors';
import * as z from 'zod';

const row = z.object({
  /** When AWSCURRENT moved last, as far as was heard, and the story of it. */
  changedAt: z.number(),
  changedBy: z.string().nullable(),
  /** Stories that stand as failed. */
  failing: z.array(z.string()),
});
/** One row per secret: what a new event may turn into history. */
export type RecentChanges = z.output<typeof row>;

const none: RecentChanges = { changedAt: 0, changedBy: null, failing: [] };
const tries = 5;

const keyOf = (secretArn: string): LedgerKey => ({ partition: toldPartitionOf(secretArn), row: 'told-last' });

export async function readRecentChanges(ledger: Ledger, secretArn: string): Promise<RecentChanges> {
  return (await ledger.read(keyOf(secretArn), row))?.value ?? none;
}

/** `change` answers the same object where there is nothing to write. */
export async function noteRecentChange(
  ledger: Ledger,
  secretArn: string,
  change: (before: RecentChanges) => RecentChanges,
): Promise<void> {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const found = await ledger.read(keyOf(secretArn), row);
    const before = found?.value ?? none;
    const after = change(before);
    if (after === before || (await ledger.write(keyOf(secretArn), after, found?.rev ?? 0))) return;
  }
  throw new TransientError('Others kept writing what was told of the secret');
}
