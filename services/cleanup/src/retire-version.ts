import type { LedgerKey, LedgerRow } from '@keyturn/aws/ledger';
import { giveLeaseBack, takeLease } from '@keyturn/aws/lease';
import { readSuperseded, writeSuperseded, type Superseded } from '@keyturn/aws/supersession';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';

import type { Deps } from './deps.ts';
import { disableVersion } from './disable-version.ts';
import { passFences } from './fences.ts';
import { holdRetirement } from './hold-retirement.ts';
import { readLive, type Live } from './managed-versions.ts';
import { closeRow, deleteKey, removeVersion } from './remove-version.ts';

/** Longer than the function lives. */
const leaseMs = 960_000;

/**
 * One step towards the end of a superseded key: disable it, or after the soak delete it. Everything that is believed is read now; the row says only
 * which version to look at and when. A PermanentError holds the retirement, and the owner is told once.
 */
export async function retireVersion(key: LedgerKey, deps: Deps): Promise<void> {
  const row = await readSuperseded(deps.ledger, key);
  if (row === undefined || row.value.stage === 'retired') return;
  if ((row.value.dueAt ?? Infinity) > deps.clock.now()) return;
  if (await deps.fleet.paused()) return;
  try {
    await retireInTurn(row, deps);
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    await holdRetirement(row, error.reason, deps);
  }
}

async function retireInTurn(row: LedgerRow<Superseded>, deps: Deps): Promise<void> {
  const live = await readLive(row.value.secretArn, deps);
  const { provider, target } = row.value;
  const lease = { provider, target, holder: deps.newId(), now: deps.clock.now() };
  if (!(await takeLease(deps.ledger, { ...lease, durationMs: leaseMs }))) {
    throw new TransientError('Somebody else works on the same target');
  }
  try {
    await takeStep(row, live, deps);
  } finally {
    // Nobody relies on this: a lease ends by itself.
    await giveLeaseBack(deps.ledger, lease);
  }
}

async function takeStep(row: LedgerRow<Superseded>, live: Live, deps: Deps): Promise<void> {
  const passed = await passFences(row.value, live, deps);
  if (passed.verdict === 'wait') {
    await writeSuperseded(deps.ledger, passed.row, row.rev);
    return;
  }
  const { old } = passed;
  const { stage, kind, provider } = row.value;
  if (old.state === 'absent') {
    // Of an orphan that nobody switched off before nothing was ever there.
    if (kind === 'orphan' && stage === 'grace') await writeSuperseded(deps.ledger, { ...row.value, ...ended }, row.rev);
    else await closeRow({ row, live }, deps);
  } else if (!(await deps.issue(provider).describe()).reversibleDisable) {
    await deleteKey({ row, live, old }, deps);
  } else if (stage === 'grace') {
    await disableVersion({ row, live, old }, deps);
  } else {
    await removeVersion({ row, live, old }, deps);
  }
}

const ended = { stage: 'retired', held: null, dueAt: null } as const;
