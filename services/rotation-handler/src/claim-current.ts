import { isProvenByValue } from '@keyturn/credential-provider/ownership-proof';
import type { Credential } from '@keyturn/rotation/credential';
import { formatMark, markOf } from '@keyturn/rotation/mark';

import { proveCurrent } from './prove-current.ts';
import type { Deps, Rotation } from './rotation.ts';

/**
 * A key that bears no mark yet is this secret's by proof; it is marked, so that a second secret with the same key is refused and the key can be
 * retired one day. Read again afterwards: of two secrets that mark it at the same time one has to lose. Where keys bear no mark, the proof is all there is.
 */
export async function claimCurrent(
  rotation: Rotation,
  current: Credential,
  versionId: string,
  deps: Deps,
): Promise<void> {
  const { secret, provider } = rotation;
  const proof = await proveCurrent(rotation, current, versionId, deps);
  if (proof.marked || isProvenByValue(await provider.describe())) return;
  const mark = formatMark(markOf(secret.arn, versionId, secret.environment));
  await provider.mark({ target: secret.target, keyId: current.keyId, mark });
  await proveCurrent(rotation, current, versionId, deps);
}
