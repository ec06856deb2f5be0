import { rotationLabel } from '@keyturn/aws/secret-store';
import { isProvenByValue } from '@keyturn/credential-provider/ownership-proof';
import type { Credential } from '@keyturn/rotation/credential';
import { sameKey } from '@keyturn/rotation/credential';
import { PermanentError } from '@keyturn/rotation/errors';
import { formatMark, markOf } from '@keyturn/rotation/mark';

import { beginCutover, isCutOver } from './cutover.ts';
import { claimCurrent } from './claim-current.ts';
import { credentialsOf, readCurrent, readPending, type Deps, type Rotation } from './rotation.ts';

/** Makes the provider accept the pending credential, entitled like the current one; first proves that the current one is this secret's to replace. */
export async function setSecret(rotation: Rotation, deps: Deps): Promise<void> {
  const { request, secret, provider } = rotation;
  const current = await readCurrent(rotation, deps);
  const credentials = credentialsOf(rotation, await readPending(rotation, deps), current);
  if (credentials.current !== undefined && sameKey(credentials.pending, credentials.current)) {
    throw new PermanentError('same-key', 'The pending version holds the current key', { field: secret.shape.keyId });
  }

  await refuseForeignValue(rotation);
  if (credentials.current !== undefined) await claim(rotation, credentials.current, current.versionId, deps);
  await provider.ensure({
    target: secret.target,
    credential: credentials.pending,
    like: credentials.current,
    entitlements: secret.policy.entitlements,
    mark: formatMark(markOf(secret.arn, request.token, secret.environment)),
    approve: secret.policy.approvePendingProducts,
  });
}

// A copy of an older value, which somebody or a dry run left, would bring that one's key back; a mark would tell, and here there is none.
async function refuseForeignValue({ description, request, provider }: Rotation): Promise<void> {
  if (description.stages.get(request.token)?.includes(rotationLabel) === true) return;
  if (!isProvenByValue(await provider.describe())) return;
  throw new PermanentError('key-conflict', 'No rotation wrote the pending version', { field: 'AWSPENDING' });
}

// Without overlap the current key may be gone: it was claimed before.
async function claim(rotation: Rotation, current: Credential, versionId: string, deps: Deps): Promise<void> {
  if (await isCutOver(rotation, versionId, current)) return;
  await beginCutover(rotation, current, versionId, deps);
  await claimCurrent(rotation, current, versionId, deps);
}
