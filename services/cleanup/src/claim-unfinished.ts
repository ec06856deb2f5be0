import { rotationLabel } from '@keyturn/aws/secret-store';
import type { KeyState } from '@keyturn/credential-provider/credential-provider';
import type { Credential } from '@keyturn/rotation/credential';
import { PermanentError } from '@keyturn/rotation/errors';
import { formatMark, markOf } from '@keyturn/rotation/mark';

import type { Deps } from './deps.ts';
import { labelsOf, type Live } from './managed-versions.ts';

type Place = { readonly provider: string; readonly target: string; readonly versionId: string };
type Found = { readonly credential: Credential; readonly key: KeyState };

/**
 * Marks the key of an attempt that was given up between making it and marking it. It is ours where we choose the keys and a rotation wrote the version that
 * holds it, which the label says until the next rotation; and nobody uses it, since it may do nothing: whoever gave it something to do has it in use. Answers
 * whether it is marked now.
 */
export async function claimUnfinished(place: Place, found: Found, live: Live, deps: Deps): Promise<boolean> {
  const { target, versionId } = place;
  const { secret } = live;
  if (!isUnfinished(found.key) || !labelsOf(live, versionId).includes(rotationLabel)) return false;
  const provider = deps.issue(place.provider);
  const { mark, clientSuppliedKey } = await provider.describe();
  if (!mark || !clientSuppliedKey) return false;
  const ours = formatMark(markOf(secret.arn, versionId, secret.environment));
  try {
    await provider.mark({ target, keyId: found.credential.keyId, mark: ours });
  } catch (error) {
    // Gone, or somebody else's by now.
    if (error instanceof PermanentError && error.reason === 'not-yours') return false;
    throw error;
  }
  return true;
}

function isUnfinished(key: KeyState): boolean {
  return (
    key.state !== 'absent' && key.mark === undefined && key.secretMatches === true && key.entitlements.length === 0
  );
}
