import { refuseKeyOfAnother } from '@keyturn/config/key-holders';
import { isProvenByValue, proveOwnership } from '@keyturn/credential-provider/ownership-proof';
import type { Credential } from '@keyturn/rotation/credential';
import { markOf } from '@keyturn/rotation/mark';

import type { Deps, Rotation } from './rotation.ts';

/**
 * Proof of possession, before anything is written anywhere: the current key exists in the target, the provider stores our secret for it, and it is no
 * other secret's or installation's: by its mark, or, where keys bear none, by what the other secrets give their readers. PermanentError: not-yours, shared-key, key-disabled.
 */
export async function proveCurrent(
  { secret, provider }: Rotation,
  credential: Credential,
  versionId: string,
  { secrets }: Deps,
): Promise<{ readonly marked: boolean }> {
  const check = await provider.check({ target: secret.target, credential, probe: 'none', times: 1 });
  const proof = proveOwnership({ check, mark: markOf(secret.arn, versionId, secret.environment) });
  if (!proof.marked && isProvenByValue(await provider.describe())) {
    await refuseKeyOfAnother(credential, { secretArn: secret.arn, target: secret.target }, secrets);
  }
  return proof;
}
