import type { Credential } from '@keyturn/rotation/credential';
import { sameKey } from '@keyturn/rotation/credential';
import { PermanentError } from '@keyturn/rotation/errors';
import { formatMark, markOf } from '@keyturn/rotation/mark';

import { proveCurrent } from './prove-current.ts';
import { credentialsOf, readCurrent, readPending, type Deps, type Rotation } from './rotation.ts';

/** Makes the provider accept the pending credential, entitled like the current one; first proves that the current one is this secret's to replace. */
export async function setSecret(rotation: Rotation, deps: Deps): Promise<void> {
  const { request, secret, provider } = rotation;
  const current = await readCurrent(rotation, deps);
  const credentials = credentialsOf(rotation, await readPending(rotation, deps), current);
  if (credentials.current !== undefined && sameKey(credentials.pending, credentials.current)) {
    throw new PermanentError('same-key', 'The pending version holds the current key', { field: secret.shape.keyId });
  }

  if (credentials.current !== undefined) await claimCurrent(rotation, credentials.current, current.versionId);
  await provider.ensure({
    target: secret.target,
    credential: credentials.pending,
    like: credentials.current,
    entitlements: secret.policy.entitlements,
    mark: formatMark(markOf(secret.arn, request.token, secret.environment)),
    approve: secret.policy.approvePendingProducts,
  });
}

// A key that bears no mark yet is this secret's by proof; it is marked, so that a second secret with the same key is refused and the key
// can be retired one day. Read again afterwards: of two secrets that mark it at the same time one has to lose.
async function claimCurrent(rotation: Rotation, current: Credential, versionId: string): Promise<void> {
  const { secret, provider } = rotation;
  const proof = await proveCurrent(rotation, current, versionId);
  if (proof.marked) return;
  const mark = formatMark(markOf(secret.arn, versionId, secret.environment));
  await provider.mark({ target: secret.target, keyId: current.keyId, mark });
  await proveCurrent(rotation, current, versionId);
}
