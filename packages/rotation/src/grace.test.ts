import { expect, test } from 'vitest';

import { requiredGrace, type Reader } from './grace.ts';

const minute = 60_000;
const timing = { eventLagMs: 5 * minute, revocationCacheMs: 3 * minute, marginMs: 10 * minute };
const reader = (id: string, refresh: number, staleOnError = 0, tokenLifetime = 0): Reader => ({
  id,
  refreshMs: refresh * minute,
  staleOnErrorMs: staleOnError * minute,
  tokenLifetimeMs: tokenLifetime * minute,
});

test('is the time of the slowest reader, what the platform needs to notice, and what the provider needs to forget', () => {
  const { totalMs, parts } = requiredGrace([reader('agent', 5), reader('cache', 60, 60, 30)], timing);

  expect(parts).toEqual([
    { name: 'refresh of reader cache', ms: 60 * minute },
    { name: 'stale-on-error of reader cache', ms: 60 * minute },
    { name: 'token lifetime of reader cache', ms: 30 * minute },
    { name: 'event lag', ms: 5 * minute },
    { name: 'revocation cache of the provider', ms: 3 * minute },
    { name: 'clock margin', ms: 10 * minute },
  ]);
  expect(totalMs).toBe(168 * minute);
});

test('the slowest reader is the one whose times together are longest, wherever it stands', () => {
  const readers = [reader('token', 5, 0, 120), reader('cache', 60, 30), reader('agent', 5)];

  for (const order of [readers, readers.toReversed()]) {
    expect(requiredGrace(order, timing).parts[0]?.name).toBe('refresh of reader token');
    expect(requiredGrace(order, timing).totalMs).toBe((125 + 18) * minute);
  }
});

test('is what platform and provider need where nobody reads', () => {
  expect(requiredGrace([], timing).totalMs).toBe(18 * minute);
});

test('is nothing where nobody is said to need anything', () => {
  expect(requiredGrace([], { eventLagMs: 0, revocationCacheMs: 0, marginMs: 0 }).totalMs).toBe(0);
});
