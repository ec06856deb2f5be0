import { TransientError } from '@keyturn/rotation/errors';
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

test('a key whose step fails is not the first one of each run', async () => {
  const { w, hours } = await orphaned('reap');
  await hours(25);
  const disable = () => Promise.reject(new TransientError('no answer'));

  await hours(1, { retire: () => ({ ...w.provider, disable }) });

  const rows = await w.ledger.list(unownedPartition, '', unowned);
  expect(rows.map(({ value }) => w.clock.now() - value.lastSeenAt < hour)).toEqual([true]);
});

test('a key that was switched off by a run that died comes before all others', async () => {
  const { w, config, hours } = await orphaned('reap');
  const second = w.provider.handMade({ target: 'orders-app', mark: ofGone('v2') });
  const state = () => w.keys().get(second.keyId.reveal());
  await hours(25);
  const disable: typeof w.provider.disable = async (request) => {
    if (request.mark === ofGone('v2')) await w.provider.disable(request);
    throw new TransientError('the function died');
  };
  await hours(1, { retire: () => ({ ...w.provider, disable }) });
  const off = state();
  await w.paste(second);

  await hours(1, { config: { ...config, orphansPerRun: 1 } });

  expect([off, state()]).toEqual(['disabled', 'enabled']);
});
