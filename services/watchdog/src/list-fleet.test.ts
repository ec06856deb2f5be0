import { TransientError } from '@keyturn/rotation/errors';
import { secretHash } from '@keyturn/rotation/mark';
import { expect, test } from 'vitest';

import { watchedWorld } from '../../../test/watch.ts';
import { listFleet, startingAfter } from './list-fleet.ts';

test('of a secret nothing is kept but what the run needs: there may be 10,000, of 50 long tags each', async () => {
  const w = await watchedWorld();
  await w.model.tagResource({ SecretId: w.arn, Tags: [{ Key: 'team:notes', Value: 'x'.repeat(256) }] });

  const { live } = await listFleet(w);

  expect(live.map(({ arn }) => arn)).toEqual([w.arn]);
  expect(Object.keys(live[0]?.tags ?? {}).every((tag) => tag.startsWith('keyturn:'))).toBe(true);
});

test('a secret that waits for its deletion is not live, and is known', async () => {
  const w = await watchedWorld();
  await w.model.deleteSecret({ SecretId: w.arn });

  const { live, hashes, failure } = await listFleet(w);

  expect([live, [...hashes], failure]).toEqual([[], [secretHash(w.arn)], undefined]);
});

test('a list that breaks off is kept as far as it goes, and says so', async () => {
  const w = await watchedWorld();
  const throttled = new TransientError('throttled');
  async function* listSecrets() {
    yield* w.secrets.listSecrets({ tagKey: 'keyturn:provider' });
    throw throttled;
  }

  const { live, failure } = await listFleet({ ...w, secrets: { ...w.secrets, listSecrets } });

  expect(live).toHaveLength(1);
  expect(failure).toBe(throttled);
});

test.each([
  [null, 'abc'],
  ['a', 'bca'],
  ['b', 'cab'],
  // It is gone since.
  ['bb', 'cab'],
  ['c', 'abc'],
  ['z', 'abc'],
])('behind %s the order is %s', (last, order) => {
  expect(startingAfter(['a', 'b', 'c'], last, (id) => id).join('')).toBe(order);
});
