import type { Credential } from '@keyturn/rotation/credential';
import { formatMark, markOf } from '@keyturn/rotation/mark';

import { proveCurrent } from './prove-current.ts';
import type { Rotation } from './rotation.ts';

/**
 * A key that bears no mark yet is this secret's by proof; it is marked, so that a second secret with the same key is refused and the key can be
 * retired one day. Read again afterwards: of two secrets that mark it at the same time one has to lose.
 */
export async function claimCurrent(rotation: Rotation, current: Credential, versionId: string): Promise<void> {
  const { secret, provider } = rotation;
  const proof = await proveCurrent(rotation, current, versionId);
  if (proof.marked) return;
  const mark = formatMark(markOf(secret.arn, versionId, secret.environment));
  await provider.mark({ target: secret.target, keyId: current.keyId, mark });
  await proveCurrent(rotation, current, versionId);
}
