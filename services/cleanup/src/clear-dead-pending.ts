import { findStuckPending } from '@keyturn/aws/stuck-pending';
import { rotationLabel } from '@keyturn/aws/secret-store';
import { heardNumber, noteSuperseded, orphanNumber } from '@keyturn/aws/supersession';
import { functionNames } from '@keyturn/config/names';
import type { Capabilities, KeyState } from '@keyturn/credential-provider/credential-provider';
import { isProvenByValue } from '@keyturn/credential-provider/ownership-proof';
import type { RotationFailed } from '@keyturn/events/rotation-failed';
import { sameKey, type Credential } from '@keyturn/rotation/credential';
import { formatMark, markOf, ownership, secretHash } from '@keyturn/rotation/mark';

import type { Deps } from './deps.ts';
import {
  credentialIn,
  labelsOf,
  oldCredentialIn,
  readJudgeable,
  readOldVersion,
  type Live,
} from './managed-versions.ts';

/**
 * After a failed rotation: a pending version that no retry can save is cleared, so that the next rotation starts anew, and the key of an abandoned
 * one is noted for its retirement. A pending version that may still succeed is left to Secrets Manager, which tries it again.
 */
export async function clearDeadPending(failed: RotationFailed, deps: Deps): Promise<void> {
  const { secretArn, versionId: token, retryable } = failed.data;
  const description = await deps.secrets.describe(secretArn);
  const labels = labelsOf({ description }, token);
  if (labels.includes('AWSCURRENT')) return;
  const pending = labels.includes('AWSPENDING');
  if (pending && (retryable || (await deps.fleet.paused()))) return;

  const live = await readJudgeable(secretArn, deps);
  if (live === undefined) return;
  if (pending) {
    if (!(await isDead(live, { token, why: `${failed.data.reason} ${failed.data.field ?? ''}` }, deps))) return;
    await deps.secrets.dropPending({ arn: secretArn, versionId: token });
  }
  await noteLeftover(live, { versionId: token, correlationId: failed.metadata.correlationId }, deps);
}

/**
 * A version that has been pending for so long that no event about it can be on its way: cleared if it is dead, or if it must not become current any
 * more. Of any other the watchdog has Secrets Manager try again.
 */
export async function clearStuckPending(live: Live, deps: Deps): Promise<void> {
  const { secret, description } = live;
  const { rotationHandler } = functionNames(secret.environment);
  const { stuckAfterMs } = secret.timing;
  const stuck = await findStuckPending(description, deps, { rotationHandler, stuckAfterMs });
  if (stuck === undefined || (await deps.fleet.paused())) return;
  const { versionId, cure } = stuck;
  if (cure === 'rotate' && !(await isDead(live, { token: versionId, why: 'stuck' }, deps))) return;
  await deps.secrets.dropPending({ arn: secret.arn, versionId });
  await noteLeftover(live, { versionId, correlationId: `${secretHash(secret.arn)}/${versionId}` }, deps);
}

/** `why`: reason and field of its failure, or `stuck`: it has been pending for too long. */
type Suspect = { readonly token: string; readonly why: string };

// "Absent" or "switched off" counts only while the same question about the current key gets a good answer: else it is the provider, the target or
// our access to it that is gone.
async function isDead(live: Live, { token, why }: Suspect, deps: Deps): Promise<boolean> {
  const { secret, current } = live;
  const version = await deps.secrets.value(secret.arn, { versionId: token, stage: 'AWSPENDING' });
  const pending = version === undefined ? undefined : credentialIn(secret, version);
  // Its own key stands in its way and may be in use: nothing is lost with an empty version, and the next rotation has another mark.
  if (pending === undefined) return version === undefined && why === 'key-conflict mark';
  // A dry run of long ago, and no rotation.
  if (sameKey(pending, current)) return why === 'stuck' || why.startsWith('same-key ');

  const provider = deps.issue(secret.provider.id);
  const ask = async (credential: Credential) =>
    (await provider.check({ target: secret.target, credential, probe: 'none', times: 1 })).key;
  const key = await ask(pending);
  const capabilities = await provider.describe();
  const { clientSuppliedKey } = capabilities;
  const isHopeless =
    isLost(key, live, token, clientSuppliedKey) ||
    isOlderVersions(key, live, token) ||
    isForeignValue(live, token, capabilities);
  if (!isHopeless && why !== 'entitlements-differ entitlements') return false;
  const currentKey = await ask(current);
  return isGood(currentKey) && (isHopeless || !mayDoTheSame(key, currentKey));
}

const isGood = (key: KeyState): boolean => key.state === 'enabled' && key.secretMatches !== false;

// Nobody changes what the key may do; a new key is right from the start. One that is absent is simply created by the next try.
function mayDoTheSame(key: KeyState, currentKey: KeyState): boolean {
  if (key.state === 'absent' || currentKey.state === 'absent') return true;
  return key.entitlements.toSorted().join('\n') === currentKey.entitlements.toSorted().join('\n');
}

// A key that we choose and that is absent is simply created by the next try.
function isLost(key: KeyState, { secret }: Live, token: string, clientSuppliedKey: boolean): boolean {
  if (key.state === 'absent') return !clientSuppliedKey;
  const ours = markOf(secret.arn, token, secret.environment);
  const foreign = !['unmarked', 'this-secret'].includes(ownership(key.mark, ours));
  return key.state !== 'enabled' || key.secretMatches === false || foreign;
}

// It bears the mark of another version of the secret, which was current before: a copy of an old value, such as a dry run that a newer version overtook.
// Every try would end in key-conflict, and the old key could not end while it is pending.
function isOlderVersions(key: KeyState, { secret }: Live, token: string): boolean {
  if (key.state === 'absent') return false;
  const ours = markOf(secret.arn, token, secret.environment);
  return ownership(key.mark, ours) === 'this-secret' && key.mark !== formatMark(ours);
}

// As `setSecret` has it: of a key without a mark nothing else tells that it is an older version's.
function isForeignValue(live: Live, token: string, capabilities: Capabilities): boolean {
  return isProvenByValue(capabilities) && !labelsOf(live, token).includes(rotationLabel);
}

type Leftover = { readonly versionId: string; readonly correlationId: string };

// A version that bears AWSPREVIOUS was current, if only for a moment: somebody may have read it. Any other never was.
async function noteLeftover(live: Live, { versionId, correlationId }: Leftover, deps: Deps): Promise<void> {
  const { ledger, clock } = deps;
  const { secret, current, currentVersionId } = live;
  const version = await readOldVersion(secret.arn, versionId, deps);
  const credential = await oldCredentialIn(secret, version);
  // The dry run of a schedule works on a copy of the current value.
  if (credential !== undefined && sameKey(credential, current)) return;
  // Nothing was written down. A key that the provider had made by then bears the mark, and is found by it.
  if (credential === undefined && (await deps.issue(secret.provider.id).describe()).clientSuppliedKey) return;
  const now = clock.now();
  const wasCurrent = labelsOf(live, versionId).includes('AWSPREVIOUS');
  const { orphanMinAgeMs, marginMs } = secret.timing;
  await noteSuperseded(ledger, {
    secretArn: secret.arn,
    versionId,
    provider: secret.provider.id,
    target: secret.target,
    kind: wasCurrent ? 'superseded' : 'orphan',
    n: wasCurrent ? heardNumber : orphanNumber,
    supersededAt: now,
    supersededBy: currentVersionId,
    correlationId,
    dueAt: now + (wasCurrent ? secret.policy.graceMs : orphanMinAgeMs) + marginMs,
  });
}
