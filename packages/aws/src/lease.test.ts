import { expect, test } from 'vitest';

import { giveLeaseBack, takeLease } from './lease.ts';
import type { Ledger } from './ledger.ts';
import { memoryLedger } from './memory-ledger.ts';

const wish = { provider: 'apigee', target: 'orders-app', now: 1000, durationMs: 500 };
const take = (ledger: Ledger, holder: string, change: Partial<typeof wish> = {}) =>
  takeLease(ledger, { ...wish, ...change, holder });

test('one holder has a target at a time, and may take it again', async () => {
  const ledger = memoryLedger();

  const taken = [await take(ledger, 'a'), await take(ledger, 'b'), await take(ledger, 'a')];

  expect(taken).toEqual([true, false, true]);
});

test('targets, and equal names at different providers, do not block each other', async () => {
  const ledger = memoryLedger();
  await take(ledger, 'a');

  const others = [
    await take(ledger, 'b', { target: 'other-app' }),
    await take(ledger, 'b', { provider: 'api-gateway' }),
  ];

  expect(others).toEqual([true, true]);
});

test('a lease ends by itself, and not a millisecond before', async () => {
  const ledger = memoryLedger();
  await take(ledger, 'a');

  const taken = [await take(ledger, 'b', { now: 1499 }), await take(ledger, 'b', { now: 1500 })];

  expect(taken).toEqual([false, true]);
});

test('of two who take it at the same time one gets it', async () => {
  const ledger = memoryLedger();

  const taken = await Promise.all([take(ledger, 'a'), take(ledger, 'b')]);

  expect(taken.filter(Boolean)).toHaveLength(1);
});

test('a holder whose lease has ended does not give back the one of its successor', async () => {
  const ledger = memoryLedger();
  await take(ledger, 'a');
  await take(ledger, 'b', { now: 1500 });

  await giveLeaseBack(ledger, { ...wish, holder: 'a' });

  expect(await take(ledger, 'c', { now: 1500 })).toBe(false);
});

test('a lease that is given back is free', async () => {
  const ledger = memoryLedger();
  await take(ledger, 'a');

  await giveLeaseBack(ledger, { ...wish, holder: 'a' });

  expect(await take(ledger, 'b')).toBe(true);
});
