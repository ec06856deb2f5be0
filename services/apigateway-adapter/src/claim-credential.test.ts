import { credential } from '@keyturn/rotation/credential';
import { describe, expect, test } from 'vitest';

import { adapter, markOfVersion, refusal, usual } from './adapter-under-test.conformance.ts';
import { target } from './simulated-api-gateway.conformance.ts';

describe('a hand-made key', () => {
  test('is located by its id, in the first of its usage plans', async () => {
    const { provider, handMade } = await adapter();
    const made = handMade({ target: 'feed01/The shop', plans: ['feed01', 'badm02'] });

    expect(await provider.locate({ credential: made })).toEqual({ target: 'badm02/The shop' });
  });

  test('that Keyturn made is located by its name', async () => {
    const { provider } = await adapter();
    const first = await provider.propose(usual);
    await provider.ensure({ ...usual, credential: first });

    expect(await provider.locate({ credential: first })).toEqual({ target });
  });

  test.each([['mark'], ['check'], ['locate']])(
    'that a secret names by its name is refused by %s: put the id there',
    async (operation) => {
      const { provider, handMade, stored } = await adapter();
      const named = credential('orders-client', handMade().secret.reveal());
      const before = stored(target);
      const calls = {
        mark: () => provider.mark({ target, keyId: named.keyId, mark: markOfVersion(1) }),
        check: () => provider.check({ target, credential: named, probe: 'none', times: 1 }),
        locate: () => provider.locate({ credential: named }),
      };

      const error = await refusal(calls[operation as keyof typeof calls]());

      expect(error).toMatchObject({ reason: 'misconfigured', field: 'key' });
      expect(stored(target)).toEqual(before);
    },
  );

  test('in no usage plan has no target', async () => {
    const { provider, handMade } = await adapter();

    expect(await refusal(provider.locate({ credential: handMade({ plans: [] }) }))).toMatchObject({
      reason: 'unsupported',
      field: 'target',
    });
  });

  test.each(['', ' shop', 'shop ', 'a=b', 'a\u00e9', 'a://b', 'x'.repeat(300)])(
    'named %j has a name that no target can hold',
    async (name) => {
      const { provider, handMade } = await adapter();

      const error = await refusal(provider.locate({ credential: handMade({ name, plans: ['aord01'] }) }));

      expect(error).toMatchObject({ reason: 'unsupported', field: 'target' });
    },
  );
});

test.each(['../apikeys', 'a/b', '..', '%2e%2e', 'a b', "x'--", 'k'.repeat(5000), '\u0000'])(
  'a pasted key id %j is looked for and never becomes a path',
  async (keyId) => {
    const { provider, calls } = await adapter();

    const found = await provider.locate({ credential: credential(keyId, 'a-value-that-nobody-has') });

    expect(found).toBeUndefined();
    expect(calls().filter((name) => name !== 'GetApiKeys')).toEqual([]);
  },
);

test('two keys with the name that Keyturn gave one of them: none of them is touched', async () => {
  const { provider, handMade, stored } = await adapter();
  const first = await provider.propose(usual);
  await provider.ensure({ ...usual, credential: first });
  handMade({ name: first.keyId.reveal() });
  const before = stored(target);

  for (const operation of ['disable', 'remove'] as const) {
    const error = await refusal(provider[operation]({ target, keyId: first.keyId, mark: markOfVersion(2) }));
    expect(error).toMatchObject({ reason: 'misconfigured', field: 'key' });
  }

  expect(stored(target)).toEqual(before);
});

test('a key of another client whose name begins alike is none of this target', async () => {
  const { provider, handMade } = await adapter();
  for (const name of ['orders-client-2', 'orders-client.short', 'Orders-client', `orders-client2.${'a'.repeat(24)}`]) {
    handMade({ name, plans: ['aord01'] });
  }

  expect(await provider.list({ target })).toEqual([]);
});

test('a mark leaves all other tags as they are', async () => {
  const { provider, handMade, stored } = await adapter();
  const { keyId } = handMade({ tags: { 'aws:cloudformation:stack-name': 's', Project: 'orders' } });

  await provider.mark({ target, keyId, mark: markOfVersion(1) });

  expect(stored(target)).toMatchObject([
    { tags: { 'aws:cloudformation:stack-name': 's', Project: 'orders', keyturn: markOfVersion(1) } },
  ]);
});
