import { expect, test } from 'vitest';

import { lateReaders, listAdoptions, noteAdoption } from './adoption.ts';
import { memoryLedger } from './memory-ledger.ts';

const arn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:orders-AbCdEf';
const said = (versionId: string, at: number, reader = 'shop') => ({ secretArn: arn, reader, versionId, at });

test('one row for each reader, with its last word', async () => {
  const ledger = memoryLedger();

  for (const word of [said('a', 1), said('b', 2), said('b', 3, 'billing')]) await noteAdoption(ledger, word);
  await noteAdoption(ledger, { ...said('z', 9), secretArn: arn.replace('orders', 'other') });

  expect(await listAdoptions(ledger, arn)).toEqual([said('b', 3, 'billing'), said('b', 2)]);
});

test.each([
  ['an older word', said('a', 1)],
  ['the same word', said('b', 2)],
])('%s is no news', async (_, word) => {
  const ledger = memoryLedger();
  await noteAdoption(ledger, said('b', 2));

  expect(await noteAdoption(ledger, word)).toBe(false);

  expect(await listAdoptions(ledger, arn)).toEqual([said('b', 2)]);
});

test('two words of one second: the one that is heard later counts, for its version is the current one', async () => {
  const ledger = memoryLedger();
  await noteAdoption(ledger, said('a', 2));

  expect(await noteAdoption(ledger, said('b', 2))).toBe(true);
});

test('who writes at the same time loses nothing', async () => {
  const ledger = memoryLedger();

  await Promise.all(Array.from({ length: 4 }, (_, n) => noteAdoption(ledger, said(`v${n}`, n))));

  expect(await listAdoptions(ledger, arn)).toEqual([said('v3', 3)]);
});

const old = { versionId: 'b', supersededAt: 100 };
const cases: readonly (readonly [string, ReturnType<typeof said>[], number, readonly string[]])[] = [
  ['never spoke', [], 150, []],
  ['uses the old version', [said('b', 50)], 150, ['shop']],
  ['uses one before it', [said('a', 50)], 150, ['shop']],
  ['uses the current version', [said('d', 120)], 150, []],
  ['said before that it uses what is current again', [said('d', 20)], 150, []],
  ['uses a version between the two', [said('c', 110)], 150, []],
  ['spoke of the old version after its supersession', [said('b', 110)], 150, ['shop']],
  ['was silent for as long as its lapse', [said('b', 50)], 1050, ['shop']],
  ['was silent for longer', [said('b', 50)], 1051, []],
  ['is nobody who is declared', [said('b', 50, 'other')], 150, []],
];

test.each(cases)('a reader that %s', (_, adoptions, now, late) => {
  expect(lateReaders(adoptions, old, { readers: [{ id: 'shop', lapseMs: 1000 }], currentVersionId: 'd', now })).toEqual(
    late,
  );
});
