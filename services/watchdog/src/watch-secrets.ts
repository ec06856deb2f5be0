import type { ListedSecret } from '@keyturn/aws/secret-store';

import type { Deps } from './deps.ts';
import type { Stuck } from './rotate-again.ts';
import type { Tally } from './tally.ts';
import { watchSecret, type Watched } from './watch-secret.ts';

/** So many secrets are looked at side by side. */
const width = 8;
/** Of a secret with a version that is pending ListSecretVersionIds is asked, 50 times a second at most, by everybody together (quotas of Secrets Manager). */
const paceMs = 200;
/** Cleanup's messages come one after the other within this time, so that providers are not asked by thousands at once. */
const spreadMs = 900_000;

type Task = {
  /** In the order in which they are looked at. */
  readonly live: readonly ListedSecret[];
  readonly stopAt: number;
};

/** Looks at one secret after the other until the time is over. `last`: where that was; null: all were looked at. */
export async function watchSecrets({ live, stopAt }: Task, deps: Deps, count: Tally) {
  const stuckOnes: Stuck[] = [];
  const sum = { watched: 0, hinted: 0, overdue: 0, oldestKeyMs: 0, stuck: stuckOnes };
  while (sum.watched < live.length && deps.clock.now() < stopAt) {
    const begun = deps.clock.now();
    const some = live.slice(sum.watched, sum.watched + width);
    const seen = await Promise.all(
      some.map(async (listed, index) => {
        const delayMs = Math.floor(((sum.watched + index) / live.length) * spreadMs);
        const found = await count.attempt(listed.arn, () => watchSecret(listed, delayMs, deps));
        return { arn: listed.arn, ...found };
      }),
    );
    for (const one of seen) add(one);
    sum.watched += some.length;
    if (sum.watched < live.length) await deps.clock.sleep(Math.max(0, begun + paceMs - deps.clock.now()));
  }
  const left = live.length - sum.watched;
  return { ...sum, left, last: left === 0 ? null : (live[sum.watched - 1]?.arn ?? null) };

  function add({ arn, hinted = 0, overdue = false, keyAgeMs = 0, stuck }: { arn: string } & Partial<Watched>): void {
    sum.hinted += hinted;
    sum.overdue += Number(overdue);
    sum.oldestKeyMs = Math.max(sum.oldestKeyMs, keyAgeMs);
    if (stuck !== undefined) sum.stuck.push({ arn, ...stuck });
  }
}
