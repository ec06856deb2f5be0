import type { SecretDescription, SecretReader } from '@keyturn/aws/secret-store';
import { tagNames } from '@keyturn/config/managed-secret';
import { PermanentError } from '@keyturn/rotation/errors';

/**
 * The description of a secret of ours, or undefined. Secrets Manager tells of every secret of the account; those without our tags are nobody's
 * business here, and we may not even describe them. A secret that the ledger knows and that cannot be described is an error.
 */
export async function describeManaged(
  secretArn: string,
  known: boolean,
  { secrets }: { readonly secrets: Pick<SecretReader, 'describe'> },
): Promise<SecretDescription | undefined> {
  try {
    const description = await secrets.describe(secretArn);
    const tagged = tagNames.provider in description.tags;
    if (!tagged && !known) return undefined;
    return description.deletedAt === undefined ? description : undefined;
  } catch (error) {
    const foreign = error instanceof PermanentError && ['access-denied', 'secret-missing'].includes(error.reason);
    if (foreign && !known) return undefined;
    throw error;
  }
}
