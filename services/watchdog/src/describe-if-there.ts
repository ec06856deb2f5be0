import type { SecretDescription } from '@keyturn/aws/secret-store';
import { PermanentError } from '@keyturn/rotation/errors';

import type { Deps } from './deps.ts';

/** undefined: there is no such secret any more. */
export async function describeIfThere(arn: string, { secrets }: Deps): Promise<SecretDescription | undefined> {
  try {
    return await secrets.describe(arn);
  } catch (error) {
    if (error instanceof PermanentError && error.reason === 'secret-missing') return undefined;
    throw error;
  }
}
