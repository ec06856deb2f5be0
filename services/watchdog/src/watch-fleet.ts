import type { Deps } from './deps.ts';
import { findPlaces } from './find-places.ts';
import { listFleet, startingAfter } from './list-fleet.ts';
import { rotateAgain } from './rotate-again.ts';
import { settleUnowned } from './settle-unowned.ts';
import { tally } from './tally.ts';
import { cursor, cursorKey } from './watch-rows.ts';
import { watchNamedSecrets } from './watch-named-secrets.ts';
import { watchPlaces } from './watch-places.ts';
import { watchSecrets } from './watch-secrets.ts';

/** Nothing is begun so shortly before the deadline: a provider's answer may take 90 seconds, and what is begun goes on after it. */
const reserveMs = 150_000;
/**
 * By which part of the time each is over, in this order: what one leaves the next ones have, and none is so slow that another never has its turn. 10,000
 * secrets take four minutes, and so do as many places at Apigee.
 */
const shares = { secrets: 0.4, stuck: 0.5, places: 0.8 };

export type Run = {
  /** Secrets that were looked at. */
  readonly watched: number;
  /** Secrets, and places of keys at the provider, for which there was no time: the next run begins with them. */
  readonly left: number;
  /** Messages that were sent. */
  readonly hinted: number;
  readonly stuck: number;
  readonly rotatedAgain: number;
  readonly overdue: number;
  readonly unowned: number;
  readonly failures: number;
};

/**
 * Does again, or has done again, whatever an event should have done. One secret that fails does not stop the others; a fault that nobody foresaw is
 * thrown at the end. What there is no time for comes first in the next run.
 */
export async function watchFleet(deadline: number, deps: Deps): Promise<Run> {
  const begun = deps.clock.now();
  const count = tally(deps.log);
  const stopAt = deadline - reserveMs;
  const by = (share: number) => begun + share * (stopAt - begun);
  const at = await count.attempt('cursor', () => deps.ledger.read(cursorKey, cursor));
  const before = at?.value ?? { secret: null, target: null };
  const fleet = await listFleet(deps);
  if (fleet.failure !== undefined) count.failed(fleet.failure);

  const live = startingAfter(fleet.live, before.secret, ({ arn }) => arn);
  const secrets = await watchSecrets({ live, stopAt: by(shares.secrets) }, deps, count);
  const again = await count.attempt('stuck rotations', () => rotateAgain(secrets.stuck, by(shares.stuck), deps, count));
  await count.attempt('named secrets', () => watchNamedSecrets(deps, count));
  const places = await findPlaces(fleet, deps, count);
  const task = { places, hashes: fleet.hashes, after: before.target, stopAt: by(shares.places) };
  const { candidates, looked, ...targets } = await watchPlaces(task, deps, count);
  // Before any key is touched: a run that dies of it is not the same again in the next hour.
  const stopped = {
    secret: secrets.watched === 0 ? before.secret : secrets.last,
    target: targets.left === places.length ? before.target : targets.last,
  };
  await count.attempt('cursor', () => deps.ledger.write(cursorKey, stopped, at?.rev ?? 0));
  const unowned = await count.attempt('unowned keys', () => settleUnowned({ candidates, looked, stopAt }, deps, count));

  const run = {
    watched: secrets.watched,
    left: secrets.left + targets.left,
    hinted: secrets.hinted,
    stuck: secrets.stuck.length,
    rotatedAgain: again ?? 0,
    overdue: secrets.overdue + count.overdue,
    unowned: unowned ?? 0,
    failures: count.failures,
  };
  deps.log.info('The fleet was watched', run);
  deps.metrics.put(metricsOf(run, secrets.oldestKeyMs, deps.clock.now() - begun));
  count.throwFaults();
  return run;
}

// What a run that died would have told is missing then, which is told too.
function metricsOf(run: Run, oldestKeyMs: number, durationMs: number): Readonly<Record<string, number>> {
  return {
    Watched: run.watched,
    Left: run.left,
    Hinted: run.hinted,
    Stuck: run.stuck,
    RotatedAgain: run.rotatedAgain,
    Overdue: run.overdue,
    Unowned: run.unowned,
    Failures: run.failures,
    OldestKeyDays: Math.floor(oldestKeyMs / 86_400_000),
    DurationMs: durationMs,
  };
}
