import { secretHash } from '@keyturn/rotation/mark';

import { adoptCurrent } from './adopt-current.ts';
import type { Deps } from './deps.ts';
import type { Live } from './managed-versions.ts';
import { restoreCurrent } from './restore-current.ts';

export type Occasion = {
  readonly correlationId?: string;
  /** A person's edit was announced just now; its adoption is told again, lest it was made and never told. */
  readonly pasted?: boolean;
};

/**
 * What whoever looks at a secret puts right before all else: a current key of ours that is off is switched on, one that a person pasted and that is this
 * secret's by proof is marked. Answers whether the key was off.
 */
export async function settleCurrent(live: Live, deps: Deps, occasion: Occasion = {}): Promise<boolean> {
  const { secret, current, currentVersionId } = live;
  const { correlationId = `${secretHash(secret.arn)}/${currentVersionId}`, pasted = false } = occasion;
  const seen = await deps
    .issue(secret.provider.id)
    .check({ target: secret.target, credential: current, probe: 'none', times: 1 });
  if (await restoreCurrent(live, seen.key, deps, correlationId)) return true;
  await adoptCurrent(live, seen, deps, { correlationId, pasted });
  return false;
}
