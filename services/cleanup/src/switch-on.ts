import type { LedgerRow } from '@keyturn/aws/ledger';
import { writeSuperseded, type Superseded } from '@keyturn/aws/supersession';
import { PermanentError, type Reason } from '@keyturn/rotation/errors';

import type { Deps } from './deps.ts';
import { findReader } from './gates.ts';
import type { Live } from './managed-versions.ts';
import { findOldKey, type OldKey } from './old-key.ts';

/** When a key that had to be switched on is looked at once more: a call that switches it off may still be on its way. */
const againMs = 900_000;

/** Writes a row that is in its grace, once the key of a row in doubt is on. */
export async function writeGrace({ value, rev }: LedgerRow<Superseded>, live: Live, deps: Deps): Promise<void> {
  const wasOff = value.mayBeOff && (await switchOn(value, live, deps));
  const dueAt = wasOff ? Math.min(value.dueAt ?? Infinity, deps.clock.now() + againMs) : value.dueAt;
  await writeSuperseded(deps.ledger, { ...value, mayBeOff: wasOff, dueAt }, rev);
}

/** A key that is not to end now works: one of ours that is off is switched on. Answers whether it was off. */
export async function switchOn(row: Superseded, live: Live, deps: Deps): Promise<boolean> {
  const { secretArn, versionId, provider, target } = row;
  // As for the fences: before this reads an old version itself.
  await findReader(row, await deps.secrets.lastRead(secretArn), live, deps);
  const old = await findOwnKey(row, live, deps);
  if (old?.state !== 'disabled') return false;
  deps.log.warn('A key that was off in its grace is switched on', { secretArn, versionId });
  await deps.retire(provider).enable({ target, keyId: old.keyId, mark: old.mark });
  return true;
}

const nobodysBusiness: ReadonlySet<Reason> = new Set(['not-yours', 'shared-key', 'shape-mismatch']);

// One that is not ours, or that nobody can tell, is not ours to switch on; whoever retires it later tells so.
async function findOwnKey(row: Superseded, live: Live, deps: Deps): Promise<OldKey | undefined> {
  try {
    return await findOldKey(row, live, deps);
  } catch (error) {
    if (error instanceof PermanentError && nobodysBusiness.has(error.reason)) return undefined;
    throw error;
  }
}
