import { TransientError } from '@keyturn/rotation/errors';
import { secretHash } from '@keyturn/rotation/mark';
import * as z from 'zod';

import type { Ledger, LedgerKey } from './ledger.ts';

/** When Keyturn itself read a version that is not current, last; in milliseconds since 1970, by our clock. */
const ownRead = z.object({ secretArn: z.string(), versionId: z.string(), at: z.number() });

// In a partition of its own: the verifier may write here, and nowhere else.
const ownReadKey = (secretArn: string, versionId: string): LedgerKey => ({
  partition: `read#${secretHash(secretArn)}`,
  row: `version#${versionId}`,
});

type OwnRead = { readonly secretArn: string; readonly versionId: string; readonly at: number };

/**
 * To be called BEFORE a version that is not current is read: AWS counts our reads like anybody's, and a read that nobody noted would look like an
 * application's. A note whose read never came costs a day in which a stranger's read is taken for ours. TransientError: do not read.
 */
export async function noteOwnRead(ledger: Ledger, { secretArn, versionId, at }: OwnRead): Promise<void> {
  const key = ownReadKey(secretArn, versionId);
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const known = await ledger.read(key, ownRead);
    if (known !== undefined && known.value.at >= at) return;
    if (await ledger.write(key, { secretArn, versionId, at }, known?.rev ?? 0)) return;
  }
  throw new TransientError(`Others kept noting reads of version ${versionId}`, { retryAfterMs: 1000 });
}

/** undefined: we never read it since it stopped being current. */
export async function lastOwnRead(ledger: Ledger, secretArn: string, versionId: string): Promise<number | undefined> {
  return (await ledger.read(ownReadKey(secretArn, versionId), ownRead))?.value.at;
}
