import { secretHash } from '@keyturn/rotation/mark';
import * as z from 'zod';

import type { Ledger, LedgerKey, LedgerRow } from './ledger.ts';

/**
 * One row per managed secret: the version that was seen current last, and whether subscribers were told. Times in milliseconds since 1970.
 * `n` grows with each change of AWSCURRENT that was seen; it makes A → B → A three announcements.
 */
export const announcement = z.object({
  secretArn: z.string(),
  secretName: z.string(),
  /** Where the current credential belongs; the tags may say something else by the time it is superseded. */
  provider: z.string(),
  target: z.string(),
  currentVersionId: z.string(),
  previousVersionId: z.string().nullable(),
  n: z.int(),
  /** When the current version was first seen current, by our clock. */
  since: z.number(),
  cause: z.enum(['rotation', 'rollback', 'manual', 'adoption']),
  /** The highest `n` that was published. */
  announced: z.int(),
});
export type Announcement = z.output<typeof announcement>;

export const announcementKey = (secretArn: string): LedgerKey => ({
  partition: partitionOf(secretArn),
  row: 'announcement',
});

/** What decides about the keys of one secret stands in one partition. */
export const partitionOf = (secretArn: string): string => `secret#${secretHash(secretArn)}`;

/** What was told to its owner stands in another: the notifier may write there, and nowhere else. */
export const toldPartitionOf = (secretArn: string): string => `told#${secretHash(secretArn)}`;

export function readAnnouncement(ledger: Ledger, secretArn: string): Promise<LedgerRow<Announcement> | undefined> {
  return ledger.read(announcementKey(secretArn), announcement);
}

/** The number of a change that is seen now. By the clock, so that a ledger that was lost or restored never uses a number twice. */
export const nextNumber = (last: number, now: number): number => Math.max(last + 1, Math.floor(now / 1000));
