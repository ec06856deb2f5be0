import type { LedgerRow } from '@keyturn/aws/ledger';
import { readSuperseded, supersededKey, writeSuperseded, type Superseded } from '@keyturn/aws/supersession';
import { eventFacts } from '@keyturn/config/event-facts';
import { CredentialDisabled } from '@keyturn/events/credential-disabled';
import { occurrence } from '@keyturn/events/occurrence';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';

import { mayEnd } from './breaker.ts';
import type { Deps } from './deps.ts';
import { earliest } from './due-time.ts';
import { becameCurrent, changedSince } from './fences.ts';
import { readLive, type Live } from './managed-versions.ts';
import type { OldKey } from './old-key.ts';
import { refuseSharedKey } from './refuse-shared-key.ts';
import { settleCurrent } from './settle-current.ts';
import { writeGrace } from './switch-on.ts';

export type Retirement = { readonly row: LedgerRow<Superseded>; readonly live: Live; readonly old: OldKey };

/**
 * Switches the old key off, reversibly; if it became current in the same moment, or another secret was given it, switches it on again and lets it be. The row says before that the key
 * may be off, so that whoever begins a new grace of it, and whoever finds it after a crash, knows.
 */
export async function disableVersion({ row, live, old }: Retirement, deps: Deps): Promise<void> {
  if (!(await mayEnd(row.value, deps))) return;
  const { secret } = live;
  const { provider, target } = row.value;
  const rev = await noteDoubt(row, deps);
  await deps.retire(provider).disable({ target, keyId: old.keyId, mark: old.mark });
  await undoIfCurrent({ row, live, old }, deps);
  await undoIfShared({ row, live, old }, deps);
  if (await isNeeded({ row, live, old }, deps)) return;

  const now = deps.clock.now();
  const deleteAt = now + Math.max(secret.policy.soakMs, secret.provider.config.revocation);
  // Nobody ever used an orphan; its end is told once it is deleted.
  if (row.value.kind === 'superseded') await tell({ row: row.value, live, deleteAt }, deps);
  const disabled = { stage: 'disabled', mayBeOff: true, disabledAt: now, held: null, dueAt: deleteAt } as const;
  if (await writeSuperseded(deps.ledger, { ...row.value, ...disabled }, rev)) return;
  await isNeeded({ row, live, old }, deps);
}

// Where nobody can tell any more whether applications get it, it stays on until somebody can: the secret is being deleted, say, and was rolled back just before.
async function undoIfCurrent({ row, live, old }: Retirement, deps: Deps): Promise<void> {
  const { provider, target, correlationId } = row.value;
  try {
    if (!(await becameCurrent(old, live, deps))) return;
    await settleCurrent(await readLive(live.secret.arn, deps), deps, { correlationId });
  } catch (error) {
    if (error instanceof PermanentError) {
      await deps.retire(provider).enable({ target, keyId: old.keyId, mark: old.mark });
    }
    throw error;
  }
  throw new TransientError('The key became current while it was being disabled');
}

// Somebody gave the key to another secret after the fences had looked there. The next look holds it; where nobody can tell, the next look asks again.
async function undoIfShared({ row, old }: Retirement, deps: Deps): Promise<void> {
  const { provider, target, mayBeOff } = row.value;
  try {
    await refuseSharedKey(old, row.value, deps);
  } catch (error) {
    // What was off before, and not by us, is off by somebody else's doing.
    if (old.state === 'enabled' || mayBeOff) {
      await deps.retire(provider).enable({ target, keyId: old.keyId, mark: old.mark });
    }
    if (!(error instanceof PermanentError)) throw error;
    throw new TransientError('Another secret was given the key while it was being switched off', { cause: error });
  }
}

async function noteDoubt({ value, rev }: LedgerRow<Superseded>, deps: Deps): Promise<number> {
  return value.mayBeOff ? rev : noteRow({ value: { ...value, mayBeOff: true }, rev }, deps);
}

/** Writes the row and answers its new revision; TransientError where somebody else wrote it. */
export async function noteRow({ value, rev }: LedgerRow<Superseded>, { ledger }: Deps): Promise<number> {
  const wasWritten = await writeSuperseded(ledger, value, rev);
  const noted = await readSuperseded(ledger, supersededKey(value.secretArn, value.versionId));
  const isSame =
    noted?.value.supersededAt === value.supersededAt && noted.value.n === value.n && noted.value.dueAt === value.dueAt;
  if (!wasWritten || !isSame) throw new TransientError('The row was changed meanwhile');
  return noted.rev;
}

/**
 * Whether a new grace of the key began while it was being switched off, since it was current for a moment; or may have begun, for the secret was changed
 * meanwhile; or the ledger has lost the row, and nobody would know that it is off. Then it is switched on again.
 */
async function isNeeded({ row: before, live, old }: Retirement, deps: Deps): Promise<boolean> {
  const { secretArn, versionId, provider, target } = before.value;
  const row = await readSuperseded(deps.ledger, supersededKey(secretArn, versionId));
  if (row === undefined || (await changedSince(live, deps))) {
    // What was off before is off by somebody else's doing.
    if (old.state === 'enabled') await deps.retire(provider).enable({ target, keyId: old.keyId, mark: old.mark });
    return true;
  }
  if (row.value.stage !== 'grace') return false;
  const dueAt = earliest(row.value, live);
  if (deps.clock.now() >= dueAt) return false;
  await writeGrace({ value: { ...row.value, mayBeOff: true, dueAt }, rev: row.rev }, live, deps);
  return true;
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
