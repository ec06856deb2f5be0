import { expect, test } from 'vitest';

import { ofGone, orphaned } from '../../../test/watch.ts';
import { hour, minute } from '../../../test/world.ts';
import { unowned, unownedPartition } from './watch-rows.ts';

test('keys for which there was no time are the first ones in the next run', async () => {
  const { w, dog, hours } = await orphaned();
  for (const version of ['v2', 'v3', 'v4']) w.provider.handMade({ target: 'orders-app', mark: ofGone(version) });
  await hours(2);
  const ledger = {
    ...w.ledger,
    write: (...given: Parameters<typeof w.ledger.write>) => {
      if (given[0].partition === unownedPartition) w.pass(7 * minute);
      return w.ledger.write(...given);
    },
  };

  const begun = w.clock.now();
  w.pass(hour);
  await dog.run({ ledger });
  w.pass(hour);
  await dog.run({ ledger });

  const rows = await w.ledger.list(unownedPartition, '', unowned);
  expect(rows.map(({ value }) => value.lastSeenAt > begun)).toEqual([true, true, true, true]);
});
