import { readSuperseded, supersededKey, writeSuperseded, type Superseded } from '@keyturn/aws/supersession';
import { eventFacts } from '@keyturn/config/event-facts';
import { CredentialRetired } from '@keyturn/events/credential-retired';
import { occurrence } from '@keyturn/events/occurrence';
import { OrphanReaped } from '@keyturn/events/orphan-reaped';
import type { Credential } from '@keyturn/rotation/credential';
import { TransientError, type Reason } from '@keyturn/rotation/errors';

import type { Deps } from './deps.ts';
import type { Retirement } from './disable-version.ts';
import { becameCurrent, changedSince } from './fences.ts';
import { holdRetirement } from './hold-retirement.ts';
import type { Live } from './managed-versions.ts';
import { refuseSharedKey } from './refuse-shared-key.ts';

/** Deletes a key that was disabled, has soaked, and is refused by now. A key that a person switched on again gets another whole grace. */
export async function removeVersion({ row, live, old }: Retirement, deps: Deps): Promise<void> {
  const { secret } = live;
  const now = deps.clock.now();
  if (old.state === 'enabled') {
    const dueAt = now + secret.policy.graceMs + secret.timing.marginMs;
    await holdRetirement(row, { reason: 're-enabled' }, deps, { ...anew, supersededAt: now, dueAt });
    return;
  }
  const objection = old.credential && (await findObjection(old.credential, row.value, live, deps));
  if (objection !== undefined) {
    await holdRetirement(row, { reason: objection }, deps);
    return;
  }
  await deleteKey({ row, live, old }, deps);
}

// Whoever approved the deletion of a key that was off did not mean this one.
const anew = { stage: 'grace', mayBeOff: false, disabledAt: null, deletionApprovedAt: null } as const;

/** Deletes the key at once; for a provider that cannot switch a key off and on again. */
export async function deleteKey({ row, live, old }: Retirement, deps: Deps): Promise<void> {
  const { secretArn, versionId, provider, target } = row.value;
  // Since the fences looked there, somebody may have given the key to another secret.
  await refuseSharedKey(old, row.value, deps);
  // There is no way back from here, and to judge took a while: a person may have made the key current meanwhile, and everybody may know it by now. Asked in
  // two ways, as one answer of Secrets Manager may be older than the other.
  const latest = await readSuperseded(deps.ledger, supersededKey(secretArn, versionId));
  const isChanged = (await becameCurrent(old, live, deps)) || (await changedSince(live, deps));
  if (isChanged || latest?.rev !== row.rev)
    throw new TransientError('The secret or what is known of the version was changed meanwhile');
  await deps.retire(provider).remove({ target, keyId: old.keyId, mark: old.mark });
  await closeRow({ row, live }, deps);
}

/** The key is gone, by us or by somebody else. Of an orphan that never existed there is nothing to tell. */
export async function closeRow({ row, live }: Omit<Retirement, 'old'>, deps: Deps): Promise<void> {
  await tell(row.value, live, deps);
  await writeSuperseded(deps.ledger, { ...row.value, stage: 'retired', held: null, dueAt: null }, row.rev);
}

async function findObjection(
  credential: Credential,
  { provider, target }: Superseded,
  { secret }: Live,
  deps: Deps,
): Promise<Reason | undefined> {
  if (secret.policy.verification === 'controlPlane') return undefined;
  // One at a time: a row of probes ends at the first refusal, and it takes one node that accepts.
  for (let call = 0; call < secret.policy.accepts; call += 1) {
    const { use } = await deps.issue(provider).check({ target, credential, probe: 'credential', times: 1 });
    if (use.outcome === 'accepted') return 'still-accepted';
    // Where nothing was asked, nothing was refused.
    if (use.outcome !== 'rejected') return 'misconfigured';
  }
  return undefined;
}

async function tell(row: Superseded, live: Live, deps: Deps): Promise<void> {
  const facts = {
    ...eventFacts(live.description, deps.config),
    versionId: row.versionId,
    currentVersionId: live.currentVersionId,
  };
  const about = occurrence(deps, {
    correlationId: row.correlationId,
    idempotencyKey: [row.secretArn, row.versionId, row.n, 'retired'].join('#'),
  });
  await deps.bus.publish(
    row.kind === 'orphan' ? OrphanReaped.create(facts, about) : CredentialRetired.create(facts, about),
  );
}
