import type { SecretDescription, SecretVersion } from '@keyturn/aws/secret-store';
import { managedSecret, type ManagedSecret } from '@keyturn/config/managed-secret';
import type { Credential } from '@keyturn/rotation/credential';
import { PermanentError } from '@keyturn/rotation/errors';
import { readCredential } from '@keyturn/rotation/shape';

import type { Deps } from './command.ts';

export type LiveSecret = {
  readonly description: SecretDescription;
  readonly secret: ManagedSecret;
  readonly version: SecretVersion;
  readonly credential: Credential | undefined;
};

/** The secret and its present credential; `tags` replace what stands on the secret, to see what it would be with them. */
export async function liveSecret(
  secretId: string,
  { config, secrets }: Deps,
  tags?: Readonly<Record<string, string>>,
): Promise<LiveSecret> {
  const found = await secrets.describe(secretId);
  const description = tags === undefined ? found : { ...found, tags: { ...found.tags, ...tags } };
  if (description.deletedAt !== undefined) {
    throw new PermanentError('secret-deleting', `${description.name} is being deleted; restore it first`);
  }
  const secret = managedSecret(description, config);
  const version = await secrets.value(description.arn, { stage: 'AWSCURRENT' });
  if (version === undefined) {
    throw new PermanentError('secret-missing', `${description.name} has no value yet. ${firstValue}`, {
      field: 'AWSCURRENT',
    });
  }
  return { description, secret, version, credential: readCredential(secret.shape, version) };
}

/** Nothing tells what a secret without a value is to look like, and a label can be moved only from where it stands. */
const firstValue =
  'Give it one: {} for JSON, or a placeholder such as REPLACE_ME; the first rotation puts the key there.';

/** As `LiveSecret`, of a secret whose present value is to be left: whatever somebody pasted, no credential has to be in it. */
export type LeavingSecret = Pick<LiveSecret, 'description' | 'secret' | 'credential'> & { readonly versionId: string };

export async function leavingSecret(secretId: string, deps: Deps): Promise<LeavingSecret> {
  try {
    const { version, ...same } = await liveSecret(secretId, deps);
    return { ...same, versionId: version.versionId };
  } catch (error) {
    if (!(error instanceof PermanentError) || error.reason !== 'shape-mismatch') throw error;
    const description = await deps.secrets.describe(secretId);
    const versionId = labelled(description, 'AWSCURRENT');
    if (versionId === undefined) throw error;
    return { description, secret: managedSecret(description, deps.config), credential: undefined, versionId };
  }
}

export function labelled({ stages }: SecretDescription, label: string): string | undefined {
  return [...stages].find(([, labels]) => labels.includes(label))?.[0];
}
