import { TransientError } from '@keyturn/rotation/errors';
import * as z from 'zod';

import { partitionOf } from './announcement.ts';
import type { Ledger, LedgerKey } from './ledger.ts';

/** One row per secret and declared reader: the version that the reader said last to use. Times in milliseconds since 1970. */
const adoption = z.object({
  secretArn: z.string(),
  reader: z.string(),
  versionId: z.string(),
  /** When it said so by EventBridge's clock, never later than when we heard it by ours. Only ever raised. */
  at: z.number(),
});
export type Adoption = z.output<typeof adoption>;

const prefix = 'adopted#';

const adoptionKey = ({ secretArn, reader }: Adoption): LedgerKey => ({
  partition: partitionOf(secretArn),
  row: `${prefix}${reader}`,
});

/**
 * Notes what a reader says. False: it had said something later, or this already. TransientError: others kept writing. The caller has made sure that the reader
 * is declared, so that there is a bounded number of rows.
 */
export async function noteAdoption(ledger: Ledger, said: Adoption): Promise<boolean> {
  const key = adoptionKey(said);
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const known = await ledger.read(key, adoption);
    if (known !== undefined && !isNews(said, known.value)) return false;
    if (await ledger.write(key, said, known?.rev ?? 0)) return true;
  }
  throw new TransientError(`Others kept noting what reader ${said.reader} says`, { retryAfterMs: 1000 });
}

// EventBridge tells whole seconds: of two that were said in one, the current version is the later one.
function isNews(said: Adoption, known: Adoption): boolean {
  return said.at > known.at || (said.at === known.at && said.versionId !== known.versionId);
}

export async function listAdoptions(ledger: Ledger, secretArn: string): Promise<readonly Adoption[]> {
  return (await ledger.list(partitionOf(secretArn), prefix, adoption)).map(({ value }) => value);
}

type Waiting = {
  readonly readers: readonly { readonly id: string; readonly lapseMs: number }[];
  readonly currentVersionId: string;
  readonly now: number;
};

/**
 * The readers that may still use a version that was superseded at that time: those that were heard of within their `lapse`, and have not said since that they use
 * another version, nor before that they use the current one. Whoever never said anything is not among them: the grace is there for it.
 */
export function lateReaders(
  adoptions: readonly Adoption[],
  { versionId, supersededAt }: { readonly versionId: string; readonly supersededAt: number },
  { readers, currentVersionId, now }: Waiting,
): string[] {
  return readers.flatMap(({ id, lapseMs }) => {
    const said = adoptions.find(({ reader }) => reader === id);
    if (said === undefined || now > said.at + lapseMs) return [];
    const letGo = said.versionId === currentVersionId || (said.versionId !== versionId && said.at >= supersededAt);
    return letGo ? [] : [id];
  });
}
