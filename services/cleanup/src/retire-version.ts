import type { LedgerKey, LedgerRow } from '@keyturn/aws/ledger';
import { giveLeaseBack, takeLease } from '@keyturn/aws/lease';
import { readSuperseded, supersededKey, writeSuperseded, type Superseded } from '@keyturn/aws/supersession';
import { PendingError, PermanentError, TransientError } from '@keyturn/rotation/errors';

import type { Deps } from './deps.ts';
import { isHalted, mayEnd } from './breaker.ts';
import { disableVersion, noteRow } from './disable-version.ts';
import { earliest, latest } from './due-time.ts';
import { deletionField, lookFirst, passFences } from './fences.ts';
import { holdRetirement } from './hold-retirement.ts';
import { readJudgeable, readLive, type Live } from './managed-versions.ts';
import { SharedKeyError } from './refuse-shared-key.ts';
import { closeRow, deleteKey, removeVersion } from './remove-version.ts';
import { switchOn, writeGrace } from './switch-on.ts';

/** Longer than the function lives. */
const leaseMs = 960_000;

/**
 * One step towards the end of a superseded key: disable it, or after the soak delete it. Everything that is believed is read now; the row says only
 * which version to look at and when. A PermanentError holds the retirement, and the owner is told once. While the fleet is paused only what has to be
 * on is switched on.
 */
export async function retireVersion(found: LedgerRow<Superseded>, deps: Deps): Promise<void> {
  const { ledger, clock, newId } = deps;
  const { provider, target, secretArn, versionId } = found.value;
  const lease = { provider, target, holder: newId(), now: clock.now() };
  // Whoever holds it is at work on this target; the row stays due, and its place in the line is kept.
  if (!(await takeLease(ledger, { ...lease, durationMs: leaseMs }))) return;
  try {
    // To the end of the line, before anything is done: what a sweep dies over must not be the first of the next one too.
    await writeSuperseded(ledger, { ...found.value, dueAt: clock.now() }, found.rev);
    // Read again: what was due before the lease may be done by now, or the key be somewhere else.
    const row = await readDue(supersededKey(secretArn, versionId), deps);
    if (row === undefined || row.value.provider !== provider || row.value.target !== target) return;
    await ((await isHalted(deps)) ? lookOnly(row, deps) : retireOrHold(row, deps));
  } finally {
    // Nobody relies on this: a lease ends by itself.
    await giveLeaseBack(ledger, lease);
  }
}

/** undefined: it is not due, or not any more. */
export async function readDue(
  key: LedgerKey,
  { ledger, clock }: Pick<Deps, 'ledger' | 'clock'>,
): Promise<LedgerRow<Superseded> | undefined> {
  const row = await readSuperseded(ledger, key);
  const due = row?.value.stage !== 'retired' && (row?.value.dueAt ?? Infinity) <= clock.now();
  return due ? row : undefined;
}

async function lookOnly(row: LedgerRow<Superseded>, deps: Deps): Promise<void> {
  try {
    const live = await readJudgeable(row.value.secretArn, deps);
    const early = live && (await lookFirst(row.value, live, deps));
    if (live === undefined) return;
    if (early !== undefined) await wait({ value: early.row, rev: row.rev }, live, deps);
    // Whoever set out to switch it off did not come to the end of that, and does not go on now: somebody may have been given the key.
    else if (row.value.stage === 'grace' && row.value.mayBeOff) await writeGrace(row, live, deps);
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    // Nothing is retired now, so nothing is held. Of a current key that is no key others tell.
    throw new TransientError('Nobody can tell how the current key is', { cause: error });
  }
}

async function retireOrHold(row: LedgerRow<Superseded>, deps: Deps): Promise<void> {
  let live: Live | undefined;
  try {
    live = await readLive(row.value.secretArn, deps);
    await takeStep(row, live, deps);
  } catch (error) {
    const passing = error instanceof TransientError || error instanceof PendingError;
    if (passing && isOverdue(row.value, live, deps)) {
      deps.log.error('A version that is long due cannot be dealt with', { ...aboutRow(row.value), error });
      await holdRetirement(row, { reason: 'unavailable' }, deps);
      return;
    }
    if (!(error instanceof PermanentError)) throw error;
    const { reason, field } = error;
    const held = error instanceof SharedKeyError && live !== undefined ? await giveBack(row, live, error, deps) : row;
    await holdRetirement(held, { reason, ...(field === deletionField && { step: 'delete' }) }, deps);
  }
}

/**
 * The readers of another secret are refused while the key is off, and it is not going to end before they have another one: its end begins anew then. A key that
 * soaks stays off where nobody can tell whether there are such readers: nobody missed it so far.
 */
async function giveBack(
  row: LedgerRow<Superseded>,
  live: Live,
  { isSeen }: SharedKeyError,
  deps: Deps,
): Promise<LedgerRow<Superseded>> {
  const soaks = row.value.stage === 'disabled';
  if (!(soaks ? isSeen : row.value.mayBeOff)) return row;
  const noted = soaks ? await noteAnew(row, deps) : row;
  return { ...noted, value: { ...noted.value, mayBeOff: await isOff(noted.value, live, deps) } };
}

// Before it is switched on: whoever finds the row after a death in between switches the key on, and does not take it for somebody's who did.
async function noteAnew({ value, rev }: LedgerRow<Superseded>, deps: Deps): Promise<LedgerRow<Superseded>> {
  // Whoever approved the deletion of a key that was off did not mean this one.
  const anew = { ...value, stage: 'grace', mayBeOff: true, disabledAt: null, deletionApprovedAt: null } as const;
  return { value: anew, rev: await noteRow({ value: anew, rev }, deps) };
}

/** Whether it was off a moment ago, or is so still since nobody of ours may switch it on: its owner has to hear of it all the same. */
async function isOff(row: Superseded, live: Live, deps: Deps): Promise<boolean> {
  try {
    return await switchOn(row, live, deps);
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    deps.log.error('A key that another secret gives its readers cannot be switched on', { ...aboutRow(row), error });
    return true;
  }
}

const aboutRow = ({ secretArn, versionId }: Superseded) => ({ secretArn, versionId });

// What is tried again and again is told nobody, and by now the key is too old: its owner has to know that it lives still.
function isOverdue(row: Superseded, live: Live | undefined, { clock, config }: Deps): boolean {
  // Of a secret that cannot be read nobody knows the policy: the slowest one there is.
  const end = live === undefined ? latest(row, config) : earliest(row, live) + live.secret.policy.maxGraceMs;
  return clock.now() >= end;
}

/** The step is not due, or not any more. */
async function wait(row: LedgerRow<Superseded>, live: Live, deps: Deps): Promise<void> {
  if (row.value.stage === 'grace') await writeGrace(row, live, deps);
  else await writeSuperseded(deps.ledger, row.value, row.rev);
}

async function takeStep(row: LedgerRow<Superseded>, live: Live, deps: Deps): Promise<void> {
  const passed = await passFences(row.value, live, deps);
  if (passed.verdict === 'wait') {
    await wait({ value: passed.row, rev: row.rev }, live, deps);
    return;
  }
  if (passed.verdict === 'keep') {
    const mayBeOff = row.value.mayBeOff && (await switchOn(row.value, live, deps));
    await holdRetirement(row, passed, deps, { mayBeOff, dueAt: passed.lookAt });
    return;
  }
  const { old } = passed;
  const { stage, kind, provider } = row.value;
  if (old.state === 'absent') {
    // Of an orphan that nobody switched off before nothing was ever there.
    if (kind === 'orphan' && stage === 'grace') await writeSuperseded(deps.ledger, { ...row.value, ...ended }, row.rev);
    else await closeRow({ row, live }, deps);
  } else if (!(await deps.issue(provider).describe()).reversibleDisable) {
    if (await mayEnd(row.value, deps)) await deleteKey({ row, live, old }, deps);
  } else if (stage === 'grace') {
    await disableVersion({ row, live, old }, deps);
  } else {
    await removeVersion({ row, live, old }, deps);
  }
}

const ended = { stage: 'retired', held: null, dueAt: null } as const;
