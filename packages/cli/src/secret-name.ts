import { announcement } from '@keyturn/aws/announcement';
import type { Ledger } from '@keyturn/aws/ledger';

/** The name of the secret whose hash stands in a mark, where the ledger knows it. */
export async function secretNameOf(hash: string, ledger: Ledger): Promise<string> {
  const row = await ledger.read({ partition: `secret#${hash}`, row: 'announcement' }, announcement);
  return row?.value.secretName ?? `another secret (${hash})`;
}
