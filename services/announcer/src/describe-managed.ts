import type { SecretDescription, SecretReader } from '@keyturn/aws/secret-store';
import type { Config } from '@keyturn/config/config';
import { tagNames } from '@keyturn/config/managed-secret';
import { functionNames } from '@keyturn/config/names';
import { PermanentError } from '@keyturn/rotation/errors';

/**
 * The description of a secret of ours, or undefined. Secrets Manager tells of every secret of the account; those without our tags are nobody's
 * business here, and we may not even describe them; those that another function rotates are another stage's, and a replica is the business of the Region of its primary. A secret that the ledger knows and that
 * cannot be described is an error.
 */
export async function describeManaged(
  secretArn: string,
  known: boolean,
  { secrets, config }: { readonly secrets: Pick<SecretReader, 'describe'>; readonly config: Config },
): Promise<SecretDescription | undefined> {
  try {
    const description = await secrets.describe(secretArn);
    // Whatever was known of it: it may have been taken for a secret of this Region before.
    if (description.isReplica === true) return undefined;
    const tagged = tagNames.provider in description.tags;
    if (!tagged && !known) return undefined;
    const { lambdaArn } = description.rotation;
    const ours = functionNames(config.stage).rotationHandler;
    // Detached, it is still whose it was.
    if (lambdaArn !== undefined && lambdaArn.split(':')[6] !== ours) return undefined;
    return description.deletedAt === undefined ? description : undefined;
  } catch (error) {
    const foreign = error instanceof PermanentError && ['access-denied', 'secret-missing'].includes(error.reason);
    if (foreign && !known) return undefined;
    throw error;
  }
}
