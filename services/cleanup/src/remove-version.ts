import { writeSuperseded, type Superseded } from '@keyturn/aws/supersession';
import { eventFacts } from '@keyturn/config/event-facts';
import { CredentialRetired } from '@keyturn/events/credential-retired';
import { occurrence } from '@keyturn/events/occurrence';
import { OrphanReaped } from '@keyturn/events/orphan-reaped';
import type { Credential } from '@keyturn/rotation/credential';

import type { Deps } from './deps.ts';
import type { Retirement } from './disable-version.ts';
import { holdRetirement } from './hold-retirement.ts';
import type { Live } from './managed-versions.ts';

/** Deletes a key that was disabled, has soaked, and is refused by now. A key that a person switched on again gets another whole grace. */
export async function removeVersion({ row, live, old }: Retirement, deps: Deps): Promise<void> {
  const { secret } = live;
  const { reversibleDisable } = await deps.issue(secret.provider.id).describe();
  const now = deps.clock.now();
  if (old.state === 'enabled' && reversibleDisable) {
    const dueAt = now + secret.policy.graceMs + secret.timing.marginMs;
    await holdRetirement(row, 're-enabled', deps, { stage: 'grace', supersededAt: now, disabledAt: null, dueAt });
    return;
  }
  if (old.state !== 'absent') {
    if (reversibleDisable && old.credential !== undefined && (await isAccepted(old.credential, live, deps))) {
      await holdRetirement(row, 'still-accepted', deps);
      return;
    }
    await deps.retire(secret.provider.id).remove({ target: secret.target, keyId: old.keyId, mark: old.mark });
  }

  await tell(row.value, live, deps);
  await writeSuperseded(deps.ledger, { ...row.value, stage: 'retired', held: null, dueAt: null }, row.rev);
}

async function isAccepted(credential: Credential, { secret }: Live, deps: Deps): Promise<boolean> {
  if (secret.policy.verification === 'controlPlane') return false;
  const { use } = await deps
    .issue(secret.provider.id)
    .check({ target: secret.target, credential, probe: 'credential', times: 1 });
  return use.outcome === 'accepted';
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
