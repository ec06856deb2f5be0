import { outageWindow } from '@keyturn/config/outage-window';
import type { Credential } from '@keyturn/rotation/credential';
import { PermanentError } from '@keyturn/rotation/errors';
import { markOf, ownership } from '@keyturn/rotation/mark';

import { claimCurrent } from './claim-current.ts';
import type { Deps, Rotation } from './rotation.ts';

/**
 * For a provider without overlap: whether it has ended the current key already, for one that it made for this secret. An earlier try, of this version or of
 * one that was given up, came so far: requests fail until a new key is current, whatever the time.
 */
export async function isCutOver(
  { secret, provider }: Rotation,
  versionId: string,
  current: Credential,
): Promise<boolean> {
  const { target, policy } = secret;
  if (!policy.acceptOutage) return false;
  const { key } = await provider.check({ target, credential: current, probe: 'none', times: 1 });
  if (key.state === 'enabled') return false;
  const ours = markOf(secret.arn, versionId, secret.environment);
  const keys = await provider.list({ target });
  return keys.some(({ state, mark }) => state === 'enabled' && ownership(mark, ours) === 'this-secret');
}

/**
 * What has to be so before a provider without overlap is asked for a key: it is the time that the policy names, and the old key bears our mark, as it may
 * be listed for ever. Nothing for any other provider.
 */
export async function beginCutover(
  rotation: Rotation,
  current: Credential,
  versionId: string,
  deps: Deps,
): Promise<void> {
  if (!rotation.secret.policy.acceptOutage) return;
  refuseOutsideWindow(rotation, deps);
  await claimCurrent(rotation, current, versionId, deps);
}

// Requests fail from the moment in which the provider makes the new key.
function refuseOutsideWindow({ secret }: Rotation, { clock }: Deps): void {
  const { policy } = secret;
  const now = clock.now();
  const window = outageWindow(policy, now);
  if (window !== undefined && window.from <= now && now < window.until) return;
  const next = window === undefined ? '' : `, next from ${new Date(window.from).toISOString()}`;
  throw new PermanentError(
    'outside-window',
    `Requests fail while the key is replaced, which the policy accepts in its window alone${next}`,
    { field: `policies.${policy.id}.window` },
  );
}
