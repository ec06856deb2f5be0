import { expect, test } from 'vitest';

import { signsOf } from './calls.ts';
import { complaints } from './complaints.ts';
import { disturbable } from './play.ts';
import { providerNamed } from './providers.ts';
import { countCalls, isFull } from './run-share.ts';
import { soak } from './soak.ts';

test('what years of a secret broke is told, with the secret, the rule and the time, and how to play it again', async () => {
  const soaked = await soak(providerNamed('memory'), { years: 0.1, seed: 1_000_007 });
  const violation = { rule: 'I7', what: 'A key was disabled', time: Date.UTC(2031, 1, 3), seed: 1_000_007 };

  const told = complaints({
    mode: 'soak',
    provider: 'memory',
    runs: 1,
    undisturbed: [],
    soaked: { ...soaked, violations: [violation] },
  });

  expect(told).toEqual([
    'secret 1000007: 2031-02-03T00:00:00.000Z I7: A key was disabled; again: --mode soak --provider memory --secret 1000007',
  ]);
});

test('a call that a full mode left undisturbed is named, by its function', async () => {
  const calls = await disturbable(providerNamed('memory'), 'one');
  const left = signsOf(calls).indexOf('cleanup|ledger read|1');
  const others = new Set([...calls.keys()].filter((number) => number !== left));

  const { undisturbed } = await countCalls({ mode: 'intruders', provider: 'memory' }, others);

  expect(complaints({ mode: 'intruders', provider: 'memory', runs: 1, undisturbed })).toEqual([
    'intruders with memory left undisturbed: cleanup|ledger read|1',
  ]);
});

test('a mode that played nothing has shown nothing', () => {
  expect(complaints({ mode: 'pairs', provider: 'memory', runs: 0, undisturbed: [] })).toEqual([
    'pairs with memory played nothing',
  ]);
});

test('a mode that disturbed every call has nothing to complain of', async () => {
  const calls = await disturbable(providerNamed('memory'), 'one');

  const { undisturbed } = await countCalls({ mode: 'intruders', provider: 'memory' }, new Set(calls.keys()));

  expect(undisturbed).toEqual([]);
});

test.each([
  ['singles', 1, true],
  ['singles', 2, false],
  ['intruders', 1000, true],
  ['intruders', 1001, false],
  ['pairs', 1, false],
  ['random', 1, false],
] as const)('%s with a sample of %i has to disturb every call: %s', (mode, sample, is) => {
  expect(isFull({ mode, sample })).toBe(is);
});
