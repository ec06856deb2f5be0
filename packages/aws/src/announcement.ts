import { secretHash } from '@keyturn/rotation/mark';
import * as z from 'zod';

import type { Ledger, LedgerKey, LedgerRow } from './ledger.ts';
import type { SecretDescription } from './secret-store.ts';

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
  /** When the secret was changed last as of the last look, by the clock of Secrets Manager; null: nobody took note. */
  changedAt: z.number().nullable().default(null),
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

/**
 * Whether the announcer has seen the secret as it is now. If not, some version may have been current until a moment ago, and the ledger does not know it
 * yet. Labels alone do not tell: AWSCURRENT may have gone away and come back, also within an open rotation, which changes the secret, too.
 */
export function hasSeen(known: Announcement | undefined, description: SecretDescription): boolean {
  if (known === undefined || !labels(description, known.currentVersionId).includes('AWSCURRENT')) return false;
  const { changedAt = 0 } = description;
  return known.changedAt !== null && known.changedAt >= changedAt;
}

/**
 * Whether a change of the secret that nobody can explain gives the version before the known one a new grace: until the policy's `maxGraceMs` is over. What
 * somebody tags anew each night would keep its old key for ever.
 */
export function mayProlong({ since }: Announcement, changedAt: number, maxGraceMs: number): boolean {
  return changedAt < since + maxGraceMs;
}

const labels = ({ stages }: SecretDescription, versionId: string) => stages.get(versionId) ?? [];

/** The number of a change that is seen now. By the clock, so that a ledger that was lost or restored never uses a number twice. */
export const nextNumber = (last: number, now: number): number => Math.max(last + 1, Math.floor(now / 1000));
