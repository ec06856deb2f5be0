import { memoryLedger } from '@keyturn/aws/memory-ledger';
import { expect, test } from 'vitest';

import { parseNotifiedEvent } from './notified-event.ts';
import { delivered, rotationEvents as events, secretArn } from './rotation-events.ts';
import { learn } from './story.ts';
import { claimThread, readThread, type Told } from './thread-row.ts';

const id = { secretArn, correlationId: 'hash/v2' };
const told: Told = {
  story: learn(undefined, parseNotifiedEvent(delivered(events.rotated()))!),
  heard: [],
  slack: { head: null, told: [] },
  mailed: [],
  webhooks: {},
};

test('a claimed thread is nobody else’s until it is given back', async () => {
  const { claim } = setUp();

  const first = await claim();
  const during = claim();
  await expect(during).rejects.toMatchObject({ name: 'TransientError', retryAfterMs: 2000 });
  await first.note({ ...told, mailed: ['a'] }, 'give back');

  await expect(claim()).resolves.toBeDefined();
});

test('who asks while a lease grows old is sent away until it ends', async () => {
  const { claim, pass } = setUp();
  await claim();

  pass(10_000);

  await expect(claim()).rejects.toMatchObject({ retryAfterMs: 80_000 });
});

test('a lease of a dead consumer ends, and what it noted stays', async () => {
  const { claim, pass, read } = setUp();
  const dead = await claim();
  await dead.note({ ...told, mailed: ['a'] }, 'keep');

  pass(90_000);
  const next = await claim();

  expect((await read()).told?.mailed).toEqual(['a']);
  await expect(dead.note({ ...told, mailed: ['b'] }, 'keep')).rejects.toMatchObject({ name: 'TransientError' });
  await expect(next.note(told, 'give back')).resolves.toBeUndefined();
});

test('of two that read the same revision one gets the thread', async () => {
  const { ledger, deps } = setUp();
  const thread = await readThread(ledger, id);

  const claims = await Promise.allSettled([claimThread(id, thread, told, deps), claimThread(id, thread, told, deps)]);

  expect(claims.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
});

function setUp() {
  let now = 1_800_000_000_000;
  let ids = 0;
  const ledger = memoryLedger();
  const clock = { now: () => now, sleep: async () => {} };
  const deps = { ledger, clock, newId: () => String((ids += 1)) };
  const read = () => readThread(ledger, id);
  return {
    ledger,
    deps,
    read,
    pass: (ms: number) => void (now += ms),
    claim: async () => {
      const thread = await read();
      return claimThread(id, thread, thread.told ?? told, deps);
    },
  };
}
