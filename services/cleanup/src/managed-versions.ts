import type { SecretDescription, SecretVersion } from '@keyturn/aws/secret-store';
import { managedSecret, type ManagedSecret } from '@keyturn/config/managed-secret';
import type { Credential } from '@keyturn/rotation/credential';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { readCredential } from '@keyturn/rotation/shape';

import type { Deps } from './deps.ts';

/** A secret as it is now, with the credential that applications get from it. */
export type Live = {
  readonly description: SecretDescription;
  readonly secret: ManagedSecret;
  readonly currentVersionId: string;
  readonly version: SecretVersion;
  readonly current: Credential;
};

/** Throws where nothing may be judged: secret-deleting, secret-missing, misconfigured, shape-mismatch (no current credential). */
export async function readLive(secretArn: string, { secrets, config }: Deps): Promise<Live> {
  const description = await secrets.describe(secretArn);
  if (description.deletedAt !== undefined) throw new PermanentError('secret-deleting', 'The secret is being deleted');
  const secret = managedSecret(description, config);
  const version = await secrets.value(secretArn, { stage: 'AWSCURRENT' });
  if (version === undefined) throw new TransientError('AWSCURRENT cannot be read');
  const current = credentialIn(secret, version);
  if (current === undefined) {
    throw new PermanentError('shape-mismatch', 'The current version holds no credential', {
      field: secret.shape.keyId,
    });
  }
  return { description, secret, currentVersionId: version.versionId, version, current };
}

export function credentialIn({ shape }: ManagedSecret, version: SecretVersion): Credential | undefined {
  return readCredential(shape, version);
}

export function labelsOf({ description }: Pick<Live, 'description'>, versionId: string): readonly string[] {
  return description.stages.get(versionId) ?? [];
}
