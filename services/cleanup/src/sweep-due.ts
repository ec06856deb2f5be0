import type { LedgerKey } from '@keyturn/aws/ledger';
import { PendingError, TransientError } from '@keyturn/rotation/errors';

import type { Deps } from './deps.ts';
import { retireVersion } from './retire-version.ts';

const batch = 100;
/** Nothing is begun that may not end before the function does. */
const reserveMs = 90_000;

/**
 * Retires what is due, the oldest first. What cannot be done now stays due; the next sweep takes it up. A fault that nobody foresaw is thrown at the
 * end, so that it is counted, and does not keep the others waiting.
 */
export async function sweepDue(deadline: number, deps: Deps): Promise<{ looked: number; left: number }> {
  if (await deps.fleet.paused()) return { looked: 0, left: 0 };
  const keys = await deps.ledger.due(deps.clock.now(), batch);
  const bugs: unknown[] = [];
  let looked = 0;
  for (const key of keys) {
    if (deps.clock.now() + reserveMs > deadline) break;
    looked += 1;
    const bug = await sweepOne(key, deps);
    if (bug !== undefined) bugs.push(bug);
  }
  if (bugs.length > 0)
    throw new AggregateError(bugs, `${bugs.length} of ${looked} due versions failed in a way nobody foresaw`);
  return { looked, left: keys.length - looked };
}

async function sweepOne(key: LedgerKey, deps: Deps): Promise<unknown> {
  try {
    await retireVersion(key, deps);
    return undefined;
  } catch (error) {
    deps.log.error('A due version was left for the next sweep', { row: key.row, partition: key.partition, error });
    return error instanceof TransientError || error instanceof PendingError ? undefined : error;
  }
}
