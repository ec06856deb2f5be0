import { expect, test } from 'vitest';

import { memoryProvider } from './memory-provider.ts';

const mark = 'keyturn/v1/111122223333/eu-west-1/test/0123456789abcdef0123456789abcdef/v-1';
const request = { target: 'orders', mark, like: undefined, entitlements: ['read'] };

test('a key that is in use is no leftover, although it bears the mark that is asked for', async () => {
  const memory = setUp();
  const credential = await memory.propose(request);
  await memory.ensure({ target: 'orders', credential, like: undefined, entitlements: ['read'], mark, approve: false });

  const again = memory.propose(request);

  await expect(again).rejects.toMatchObject({ reason: 'key-conflict', field: 'mark' });
  expect(memory.stored('orders')).toHaveLength(1);
});

test.each(['list', 'mark'] as const)(
  'a provider that makes its own keys is useless without %s, and says so',
  async (lack) => {
    const memory = setUp([lack]);

    await expect(memory.propose(request)).rejects.toMatchObject({
      reason: 'unsupported',
      field: lack,
    });
    expect(memory.stored('orders')).toEqual([]);
  },
);

test('a new key is inert until it is entitled', async () => {
  const memory = setUp();

  const credential = await memory.propose(request);
  const before = memory.acceptedBy(credential);
  await memory.ensure({ target: 'orders', credential, like: undefined, entitlements: ['read'], mark, approve: false });

  expect(before).toEqual([false]);
  expect(memory.acceptedBy(credential)).toEqual([true]);
});

function setUp(lacks: readonly ('list' | 'mark')[] = []) {
  return memoryProvider({
    mode: 'generated',
    clock: { now: () => 1_700_000_000_000, sleep: async () => undefined },
    targets: ['orders'],
    nodes: [{ learnsMs: 0, forgetsMs: 0 }],
    lacks,
  });
}

test('the last key of a target that is switched off is its last key all the same', async () => {
  const memory = setUp();
  const credential = await memory.propose(request);
  await memory.ensure({ target: 'orders', credential, like: undefined, entitlements: ['read'], mark, approve: false });
  memory.switchOff('orders');

  const disabled = memory.disable({ target: 'orders', keyId: credential.keyId, mark });

  await expect(disabled).rejects.toMatchObject({ reason: 'last-key' });
});
