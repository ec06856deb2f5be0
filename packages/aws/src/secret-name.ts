import { announcement } from './announcement.ts';
import type { Ledger } from './ledger.ts';

/** The name of the secret whose hash stands in a mark, where the ledger knows it. */
export async function secretNameOf(hash: string, ledger: Ledger): Promise<string> {
  const row = await ledger.read({ partition: `secret#${hash}`, row: 'announcement' }, announcement);
  return row?.value.secretName ?? `another secret (${hash})`;
}
