import type { LedgerRow } from '@keyturn/aws/ledger';
import { writeSuperseded, type Superseded } from '@keyturn/aws/supersession';
import { eventFacts } from '@keyturn/config/event-facts';
import { CredentialDisabled } from '@keyturn/events/credential-disabled';
import { occurrence } from '@keyturn/events/occurrence';
import { TransientError } from '@keyturn/rotation/errors';

import type { Deps } from './deps.ts';
import { becameCurrent } from './fences.ts';
import { readLive, type Live } from './managed-versions.ts';
import type { OldKey } from './old-key.ts';
import { settleCurrent } from './settle-current.ts';

export type Retirement = { readonly row: LedgerRow<Superseded>; readonly live: Live; readonly old: OldKey };

/** Switches the old key off, reversibly; if it became current in the same moment, switches it on again and lets it be. */
export async function disableVersion({ row, live, old }: Retirement, deps: Deps): Promise<void> {
  const { secret } = live;
  const { provider, target } = row.value;
  await deps.retire(provider).disable({ target, keyId: old.keyId, mark: old.mark });
  if (await becameCurrent(old, live, deps)) {
    await settleCurrent(await readLive(secret.arn, deps), deps, { correlationId: row.value.correlationId });
    throw new TransientError('The key became current while it was being disabled');
  }

  const now = deps.clock.now();
  const deleteAt = now + Math.max(secret.policy.soakMs, secret.provider.config.revocation);
  // Nobody ever used an orphan; its end is told once it is deleted.
  if (row.value.kind === 'superseded') await tell({ row: row.value, live, deleteAt }, deps);
  await writeSuperseded(
    deps.ledger,
    { ...row.value, stage: 'disabled', disabledAt: now, held: null, dueAt: deleteAt },
    row.rev,
  );
}

type Disabled = { readonly row: Superseded; readonly live: Live; readonly deleteAt: number };

async function tell({ row, live, deleteAt }: Disabled, deps: Deps): Promise<void> {
  const facts = {
    ...eventFacts(live.description, deps.config),
    versionId: row.versionId,
    currentVersionId: live.currentVersionId,
    deleteAt: new Date(deleteAt).toISOString(),
  };
  const about = occurrence(deps, {
    correlationId: row.correlationId,
    idempotencyKey: [row.secretArn, row.versionId, row.n, 'disabled'].join('#'),
  });
  await deps.bus.publish(CredentialDisabled.create(facts, about));
}
