import { findStuckPending, type StuckPending } from '@keyturn/aws/stuck-pending';
import { functionNames } from '@keyturn/config/names';
import { timingOf } from '@keyturn/config/timing';

import type { Deps } from './deps.ts';
import type { Tally } from './tally.ts';

export type Stuck = StuckPending & { readonly arn: string };

/** Of 50 calls a second that the account may make, RotateSecret's and others' together. */
const paceMs = 500;

/**
 * Has Secrets Manager go on with rotations that are stuck, one call a secret: it refuses the call and works on the pending version again, with the same
 * token. What must not become current is not touched here; cleanup clears it. Looked at once more right before: it may be minutes since it was found stuck, and
 * RotateSecret switches a rotation on again that a person has just cancelled, and begins another one where none is open any more. Answers how many.
 */
export async function rotateAgain(
  stuck: readonly Stuck[],
  stopAt: number,
  deps: Deps,
  count: Pick<Tally, 'attempt'>,
): Promise<number> {
  const curable = stuck.filter(({ cure }) => cure === 'rotate');
  let rotated = 0;
  for (const { arn, versionId } of curable) {
    if (deps.clock.now() >= stopAt || (await deps.fleet.paused())) break;
    const done = await count.attempt(arn, async () =>
      (await isStuckStill({ arn, versionId }, deps)) ? deps.secrets.rotateNow(arn) : undefined,
    );
    if (done !== undefined) {
      deps.log.info('A stuck rotation goes on', { secretArn: arn, versionId, state: done.state });
      rotated += 1;
    }
    await deps.clock.sleep(paceMs);
  }
  return rotated;
}

async function isStuckStill({ arn, versionId }: Pick<Stuck, 'arn' | 'versionId'>, deps: Deps): Promise<boolean> {
  const description = await deps.secrets.describe(arn);
  const { rotationHandler } = functionNames(deps.config.stage);
  const { stuckAfterMs } = timingOf(deps.config);
  const found = await findStuckPending(description, deps, { rotationHandler, stuckAfterMs });
  return description.deletedAt === undefined && found?.versionId === versionId && found.cure === 'rotate';
}
