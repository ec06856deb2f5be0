import type { LedgerKey, LedgerRow } from '@keyturn/aws/ledger';
import { readSuperseded, supersededKey, writeSuperseded, type Superseded } from '@keyturn/aws/supersession';
import { timingOf } from '@keyturn/config/timing';
import { PendingError, TransientError } from '@keyturn/rotation/errors';

import { attendBreaker, logTrips } from './breaker.ts';
import type { Deps } from './deps.ts';
import { readDue, retireVersion } from './retire-version.ts';

/** The oldest of those that are due; more than are looked at, since those of a provider that does not answer must not hide the others. */
const batch = 1000;
/** Of one provider, in one sweep. */
const most = 100;
/** Nothing is begun so shortly before the deadline: a call that an adapter does not answer takes almost as long. */
const reserveMs = 100_000;
/** After this a version that could not be dealt with is looked at again, behind those that are due by then. */
const laterMs = 900_000;

/**
 * Retires what is due, the oldest first, and the providers side by side: nobody's keys wait for a provider that does not answer. Before that it finishes what
 * the breaker began. What cannot be done now is put off a little; the others do not wait for it. A fault that nobody foresaw is thrown at the end, so that it
 * is counted. While the fleet is paused nothing is retired, but a current key that is off is switched on.
 */
export async function sweepDue(deadline: number, deps: Deps): Promise<{ looked: number; left: number }> {
  const [trouble] = await attend(deps);
  const keys = await deps.ledger.due(deps.clock.now(), batch);
  const isTooLate = () => deps.clock.now() + reserveMs > deadline;
  const bugs: unknown[] = [];
  const lanes = new Map<string, LedgerRow<Superseded>[]>();
  let looked = 0;
  for (const key of keys) {
    if (isTooLate()) break;
    try {
      const row = await readDue(key, deps);
      if (row !== undefined) lanes.set(row.value.provider, [...(lanes.get(row.value.provider) ?? []), row]);
    } catch (error) {
      // It stays due, and is looked at by the next sweep.
      deps.log.error('A due version cannot be read', { ...key, error });
      if (!isForeseen(error)) bugs.push(error);
    }
  }
  const sweepLane = async (rows: readonly LedgerRow<Superseded>[]) => {
    for (const row of doubtfulFirst(rows).slice(0, most)) {
      if (isTooLate()) return;
      looked += 1;
      const bug = await sweepOne(row, deps);
      if (bug !== undefined) bugs.push(bug);
    }
  };
  await Promise.all([...lanes.values()].map(sweepLane));
  if (bugs.length > 0) {
    throw new AggregateError(bugs, `${bugs.length} of ${keys.length} due versions failed in a way nobody foresaw`);
  }
  if (trouble !== undefined) throw trouble;
  return { looked, left: keys.length - looked };
}

// A key that may be off and has to be on does not wait behind what may end.
const doubtfulFirst = (rows: readonly LedgerRow<Superseded>[]) =>
  rows.toSorted((a, b) => Number(b.value.mayBeOff) - Number(a.value.mayBeOff));

// Whatever is wrong with the breaker or with the flag: a current key that is off does not wait for it. Each by itself: the alarm counts what is logged, and
// does not depend on the bus or the flag.
async function attend(deps: Deps): Promise<readonly unknown[]> {
  const troubles: unknown[] = [];
  for (const step of [attendBreaker, logTrips, ({ fleet }: Deps) => fleet.paused()]) {
    try {
      await step(deps);
    } catch (error) {
      deps.log.error('The breaker cannot be attended to', { error });
      troubles.push(error);
    }
  }
  return troubles;
}

async function sweepOne(row: LedgerRow<Superseded>, deps: Deps): Promise<unknown> {
  const key = supersededKey(row.value.secretArn, row.value.versionId);
  try {
    await retireVersion(row, deps);
    return undefined;
  } catch (error) {
    deps.log.error('A due version is put off', { ...key, error });
    try {
      await putOff(key, deps);
    } catch (refusal) {
      // It stays due, and is looked at by the next sweep.
      if (!isForeseen(refusal)) return refusal;
    }
    return isForeseen(error) ? undefined : error;
  }
}

function isForeseen(error: unknown): boolean {
  return error instanceof TransientError || error instanceof PendingError;
}

async function putOff(key: LedgerKey, { config, ledger, clock }: Deps): Promise<void> {
  const row = await readSuperseded(ledger, key);
  if (row === undefined || row.value.dueAt === null) return;
  const later = clock.now() + Math.min(laterMs, timingOf(config).holdRetryMs);
  await writeSuperseded(ledger, { ...row.value, dueAt: Math.max(row.value.dueAt, later) }, row.rev);
}
