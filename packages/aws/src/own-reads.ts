import { TransientError } from '@keyturn/rotation/errors';
import { secretHash } from '@keyturn/rotation/mark';
import * as z from 'zod';

import type { Ledger, LedgerKey } from './ledger.ts';

/**
 * What is known of the reads of a version that is not current. AWS tells one day alone, that of the last read, whoever read: so our own reads are noted,
 * and a stranger's is remembered once it was seen, before a read of ours hides it. Milliseconds since 1970.
 */
const oldReads = z.object({
  secretArn: z.string(),
  versionId: z.string(),
  /** When Keyturn itself read it last, by our clock; 0: never. */
  ownReadAt: z.number(),
  /** The last day (its start, UTC) on which somebody else was seen to have read it; 0: never. */
  readerDay: z.number(),
});
export type OldReads = Pick<z.output<typeof oldReads>, 'ownReadAt' | 'readerDay'>;

// In a partition of its own: the verifier may write here, and nowhere else.
const oldReadsKey = (secretArn: string, versionId: string): LedgerKey => ({
  partition: `read#${secretHash(secretArn)}`,
  row: `version#${versionId}`,
});

type Version = { readonly secretArn: string; readonly versionId: string };

/**
 * To be called BEFORE a version that is not current is read: a read that nobody noted would look like an application's. A note whose read never came
 * costs no more than a day in which a stranger's read is taken for ours. TransientError: do not read.
 */
export function noteOwnRead(ledger: Ledger, { at, ...version }: Version & { readonly at: number }): Promise<void> {
  return raise(ledger, version, { ownReadAt: at, readerDay: 0 });
}

/** To be called before a look that saw a stranger's read goes on and reads the version itself. */
export function noteReader(ledger: Ledger, { day, ...version }: Version & { readonly day: number }): Promise<void> {
  return raise(ledger, version, { ownReadAt: 0, readerDay: day });
}

export async function readOldReads(ledger: Ledger, { secretArn, versionId }: Version): Promise<OldReads> {
  const row = await ledger.read(oldReadsKey(secretArn, versionId), oldReads);
  return row?.value ?? { ownReadAt: 0, readerDay: 0 };
}

async function raise(ledger: Ledger, { secretArn, versionId }: Version, news: OldReads): Promise<void> {
  const key = oldReadsKey(secretArn, versionId);
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const known = await ledger.read(key, oldReads);
    const ownReadAt = Math.max(known?.value.ownReadAt ?? 0, news.ownReadAt);
    const readerDay = Math.max(known?.value.readerDay ?? 0, news.readerDay);
    if (ownReadAt === known?.value.ownReadAt && readerDay === known.value.readerDay) return;
    if (await ledger.write(key, { secretArn, versionId, ownReadAt, readerDay }, known?.rev ?? 0)) return;
  }
  throw new TransientError(`Others kept noting reads of version ${versionId}`, { retryAfterMs: 1000 });
}
