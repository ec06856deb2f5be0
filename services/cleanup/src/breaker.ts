import { countHarm, harms, noteTrip, readBreaker, type Harm, type Trip } from '@keyturn/aws/breaker';
import type { Superseded } from '@keyturn/aws/supersession';
import { runbookUrl } from '@keyturn/config/managed-secret';
import { breakerLogLine } from '@keyturn/config/names';
import { FleetPaused } from '@keyturn/events/fleet-paused';
import { occurrence } from '@keyturn/events/occurrence';
import type { VerificationFailed } from '@keyturn/events/verification-failed';

import type { Deps } from './deps.ts';

/** Counts a secret whose current credential is refused, once, however many bad values somebody saves. What was refused long ago, and is only heard of now, does not count. */
export async function countRefusal({ data, metadata }: VerificationFailed, deps: Deps): Promise<void> {
  const { ledger, clock, config } = deps;
  await countHarm(ledger, {
    harm: 'failed-verifications',
    id: data.secretArn,
    at: Date.parse(metadata.occurredAt),
    now: clock.now(),
    limit: config.breaker.failedVerifications,
  });
  await attendBreaker(deps);
}

/**
 * Counts a key that is about to be switched off, before it is: nothing is switched off that was not counted. False: it stays as it is, because that
 * would be one too many, or because the fleet was paused meanwhile.
 */
export async function mayEnd({ secretArn, versionId, supersededAt }: Superseded, deps: Deps): Promise<boolean> {
  const { ledger, clock, config } = deps;
  const now = clock.now();
  await countHarm(ledger, {
    harm: 'disables',
    id: [secretArn, versionId, supersededAt].join('#'),
    at: now,
    now,
    limit: config.breaker.disables,
  });
  await attendBreaker(deps);
  return !(await deps.fleet.paused());
}

/** Whether nothing may be switched off, deleted or cleared now. Where that cannot be told it may not. */
export async function isHalted(deps: Deps): Promise<boolean> {
  try {
    await attendBreaker(deps);
    return await deps.fleet.paused();
  } catch (error) {
    deps.log.error('Nobody can tell whether the fleet is paused', { error });
    return true;
  }
}

/** Finishes what a trip began, whoever died over it: the fleet is paused first, then that is told. A trip is over once a person let the fleet go on. */
export async function attendBreaker(deps: Deps): Promise<void> {
  for (const harm of harms) await attend(harm, deps);
}

async function attend(harm: Harm, deps: Deps): Promise<void> {
  const { ledger, fleet } = deps;
  const row = await readBreaker(ledger, harm);
  const trip = row?.value.trip;
  if (row === undefined || !trip || trip.state === 'over') return;
  if (trip.state === 'told') {
    if (!(await fleet.paused())) await noteTrip(ledger, harm, row, { ...trip, state: 'over' });
    return;
  }
  if (trip.state === 'tripped') await fleet.set('paused');
  else await tell(harm, trip, deps);
  // Where the write is lost, somebody else is at the same.
  await noteTrip(ledger, harm, row, { ...trip, state: trip.state === 'tripped' ? 'paused' : 'told' });
  await attend(harm, deps);
}

/** Says it in the log for as long as a trip is not over: the alarm counts these lines. */
export async function logTrips({ config: { stage }, ledger, log }: Deps): Promise<void> {
  for (const harm of harms) {
    const trip = (await readBreaker(ledger, harm))?.value.trip;
    if (trip && trip.state !== 'over') log.error(breakerLogLine, { stage, harm, count: trip.count, limit: trip.limit });
  }
}

async function tell(harm: Harm, { at, count, limit, since }: Trip, deps: Deps): Promise<void> {
  const { stage } = deps.config;
  const facts = {
    environment: stage,
    runbookUrl: runbookUrl(deps.config, 'fleet-paused'),
    why: harm,
    count,
    limit,
    since: new Date(since).toISOString(),
  };
  const id = ['fleet', harm, at].join('#');
  await deps.bus.publish(FleetPaused.create(facts, occurrence(deps, { correlationId: id, idempotencyKey: id })));
}
