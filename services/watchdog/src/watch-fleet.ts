import type { Deps } from './deps.ts';
import { listFleet, startingAfter } from './list-fleet.ts';
import { rotateAgain } from './rotate-again.ts';
import { tally } from './tally.ts';
import { cursor, cursorKey } from './watch-rows.ts';
import { watchNamedSecrets } from './watch-named-secrets.ts';
import { watchSecrets } from './watch-secrets.ts';
import { watchUnowned } from './watch-unowned.ts';

/** Nothing is begun so shortly before the deadline. */
const reserveMs = 60_000;
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
  const at = await count.attempt('cursor', () => deps.ledger.read(cursorKey, cursor));
  const fleet = await listFleet(deps);
  if (fleet.failure !== undefined) count.failed(fleet.failure);

  const live = startingAfter(fleet.live, at?.value.secret ?? null, ({ arn }) => arn);
  const secrets = await watchSecrets({ live, stopAt }, deps, count);
  const again = await count.attempt('stuck rotations', () => rotateAgain(secrets.stuck, stopAt, deps, count));
  await count.attempt('named secrets', () => watchNamedSecrets(deps, count));
  const targets = await watchUnowned({ fleet, after: at?.value.target ?? null, stopAt }, deps, count);
  const stopped = { secret: secrets.last, target: targets.last };
  await count.attempt('cursor', () => deps.ledger.write(cursorKey, stopped, at?.rev ?? 0));

  const run = {
    watched: secrets.watched,
    left: secrets.left + targets.left,
    hinted: secrets.hinted,
    stuck: secrets.stuck.length,
    rotatedAgain: again ?? 0,
    overdue: secrets.overdue + count.overdue,
    unowned: targets.unowned,
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
