import { expect, test } from 'vitest';

import { countHarm, noteTrip, readBreaker, type Counted, type Trip } from './breaker.ts';
import type { Ledger } from './ledger.ts';
import { memoryLedger } from './memory-ledger.ts';

const minute = 60_000;
const start = Date.parse('2027-03-01T08:00:00Z');
const harm = 'disables';

const counting =
  (ledger: Ledger, limit = 2) =>
  (id: string, atMinute: number, more: Partial<Counted> = {}) =>
    countHarm(ledger, { harm, id, at: start + atMinute * minute, now: start + atMinute * minute, limit, ...more });
const tripOf = async (ledger: Ledger): Promise<Trip | null> => (await readBreaker(ledger, harm))?.value.trip ?? null;
async function resume(ledger: Ledger): Promise<void> {
  const row = (await readBreaker(ledger, harm))!;
  await noteTrip(ledger, harm, row, { ...row.value.trip!, state: 'over' });
}

test('one more than the limit within an hour trips, and says since when', async () => {
  const count = counting(memoryLedger());

  const trips = [await count('a', 0), await count('b', 10), await count('c', 59)];

  const trip = { at: start + 59 * minute, count: 3, limit: 2, since: start, state: 'tripped' };
  expect(trips).toEqual([null, null, trip]);
});

test('what happened more than an hour ago does not count any more', async () => {
  const count = counting(memoryLedger());
  await count('a', 0);
  await count('b', 10);

  expect(await count('c', 60)).toBeNull();
  expect(await count('d', 61)).not.toBeNull();
});

test('the same again counts once', async () => {
  const count = counting(memoryLedger());

  for (let minutes = 0; minutes < 50; minutes += 10) await count('a', minutes);

  expect(await count('b', 50)).toBeNull();
});

test('what is heard of hours later does not count', async () => {
  const ledger = memoryLedger();
  const count = counting(ledger);

  for (const id of ['a', 'b', 'c', 'd']) await count(id, 0, { now: start + 60 * minute });

  expect(await readBreaker(ledger, harm)).toBeUndefined();
});

test('a clock that is ahead makes nothing count for longer', async () => {
  const count = counting(memoryLedger());
  await count('a', 300, { now: start });
  await count('b', 300, { now: start });

  expect(await count('c', 61)).toBeNull();
});

test('until somebody let the fleet go on there is no second trip; then what happened since the first counts, and nothing before', async () => {
  const ledger = memoryLedger();
  const count = counting(ledger);
  for (const id of ['a', 'b', 'c']) await count(id, 0);
  const first = await tripOf(ledger);
  for (const id of ['d', 'e', 'f', 'g']) await count(id, 10);
  const paused = await tripOf(ledger);
  await resume(ledger);
  const late = await count('h', 10, { at: start - minute });

  const again = await count('i', 20);

  expect(paused).toEqual(first);
  expect(late).toMatchObject({ state: 'over' });
  expect(again).toMatchObject({ at: start + 20 * minute, count: 4, since: start + 10 * minute, state: 'tripped' });
});

test('after a trip as much as before is let pass', async () => {
  const ledger = memoryLedger();
  const count = counting(ledger);
  for (const id of ['a', 'b', 'c']) await count(id, 0);
  await resume(ledger);

  const trips = [await count('c', 1), await count('d', 2)];

  expect(trips).toMatchObject([{ state: 'over' }, { state: 'over' }]);
  expect(await count('e', 3)).toMatchObject({ state: 'tripped' });
});

test('what happens now counts, though the trip was noted by a clock that is ahead', async () => {
  const ledger = memoryLedger();
  const count = counting(ledger);
  for (const id of ['a', 'b', 'c']) await count(id, 5);
  await resume(ledger);

  for (const id of ['d', 'e', 'f']) await count(id, 1);

  expect(await tripOf(ledger)).toMatchObject({ count: 3, state: 'tripped' });
});

test('a row never holds more than it takes to trip', async () => {
  const ledger = memoryLedger();
  const count = counting(ledger);

  for (let number = 0; number < 20; number += 1) await count(`n${number}`, number);

  const { counted } = (await readBreaker(ledger, harm))!.value;
  expect(Object.values(counted).flat()).toHaveLength(3);
});

test('a thousand at once do not trip where a thousand are let pass, and the row is far from the limit of DynamoDB', async () => {
  const ledger = memoryLedger();
  const count = counting(ledger, 1000);
  const trips = new Set<Trip | null>();

  for (let number = 0; number < 1000; number += 1) trips.add(await count(`n${number}`, number % 60));

  expect([...trips]).toEqual([null]);
  expect(JSON.stringify((await readBreaker(ledger, harm))?.value).length).toBeLessThan(20_000);
  expect(await count('one more', 59)).toMatchObject({ count: 1001 });
});

test('two that count at the same time both count', async () => {
  const ledger = memoryLedger();
  let others = 0;
  const contended: Ledger = {
    ...ledger,
    write: async (...row) => {
      others += 1;
      if (others === 1) await counting(ledger)('other', 0);
      return ledger.write(...row);
    },
  };
  await counting(contended)('a', 0);

  expect(await counting(ledger)('b', 0)).toMatchObject({ count: 3 });
});

test('what could not be counted is told as such', async () => {
  const busy: Ledger = { ...memoryLedger(), write: async () => false };

  await expect(counting(busy)('a', 0)).rejects.toMatchObject({ name: 'TransientError' });
});
