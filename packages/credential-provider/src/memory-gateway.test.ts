import { credential } from '@keyturn/rotation/credential';
import { expect, test } from 'vitest';

import { memoryGateway } from './memory-gateway.ts';

const key = credential('key', 'secret');
const texts = { keyId: 'key', secret: 'secret' };

test('each node hears of a new and of a bad key after a time of its own', () => {
  const { gateway, clock } = setUp();
  const seen: (readonly boolean[])[] = [];

  gateway.note(texts, true);
  for (const ms of [0, 100, 100]) {
    clock.now += ms;
    seen.push(gateway.acceptedBy(key));
  }
  gateway.note(texts, false);
  for (const ms of [0, 300, 700]) {
    clock.now += ms;
    seen.push(gateway.acceptedBy(key));
  }

  expect(seen).toEqual([
    [true, false],
    [true, true],
    [true, true],
    [true, false],
    [true, false],
    [false, false],
  ]);
});

test('requests reach the nodes in turn, and the accepted ones are remembered', () => {
  const { gateway, clock } = setUp();
  gateway.note(texts, true);

  const calls = [gateway.call(key), gateway.call(key), gateway.call(key)];

  expect(calls).toEqual([true, false, true]);
  expect(gateway.lastUsedAt('key')).toBe(clock.now);
});

test('a key noted since ever is known everywhere, and its secret counts', () => {
  const { gateway } = setUp();

  gateway.note(texts, true, 'ever');

  expect(gateway.acceptedBy(key)).toEqual([true, true]);
  expect(gateway.acceptedBy(credential('key', 'another'))).toEqual([false, false]);
});

function setUp() {
  const clock = { now: 1_700_000_000_000 };
  const nodes = [
    { learnsMs: 0, forgetsMs: 1000 },
    { learnsMs: 100, forgetsMs: 0 },
  ];
  return { clock, gateway: memoryGateway({ now: () => clock.now, sleep: async () => undefined }, nodes) };
}
