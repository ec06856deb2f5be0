import { PermanentError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import { watchdog, watchedWorld } from '../../../test/watch.ts';
import type { World } from '../../../test/world.ts';

/** The list of the one secret that there is, as often as that. */
async function* listed(w: World, times: number) {
  for await (const secret of w.secrets.listSecrets({ tagKey: 'keyturn:provider' })) {
    for (let number = 0; number < times; number += 1) yield { ...secret, arn: `${secret.arn}-${number}` };
  }
}

test('10,000 secrets are looked at in one run, eight at a time and 40 a second: nothing of one is kept while the next ones are', async () => {
  const w = await watchedWorld();
  const begun = w.clock.now();
  let [atOnce, most] = [0, 0];
  const describe: typeof w.secrets.describe = async (id) => {
    if (!id.includes('orders/apigee')) return w.secrets.describe(id);
    atOnce += 1;
    most = Math.max(most, atOnce);
    await Promise.resolve();
    atOnce -= 1;
    throw new PermanentError('secret-missing', 'gone since it was listed');
  };

  const run = await watchdog(w).run({ secrets: { ...w.secrets, describe, listSecrets: () => listed(w, 10_000) } });

  expect(run).toMatchObject({ watched: 10_000, left: 0, stuck: 0 });
  expect(most).toBe(8);
  expect(10_000 / ((w.clock.now() - begun) / 1000)).toBeLessThan(41);
});
