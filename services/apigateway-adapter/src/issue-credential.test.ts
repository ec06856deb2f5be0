import { credential } from '@keyturn/rotation/credential';
import { TransientError } from '@keyturn/rotation/errors';
import { describe, expect, test } from 'vitest';

import { adapter, markOfVersion, refusal, usual } from './adapter-under-test.conformance.ts';
import { troubleReply } from './apigateway-fixture.conformance.ts';
import { otherTarget, target } from './simulated-api-gateway.conformance.ts';

const issued = ({ name }: { readonly name: string }) => name.includes('.');

describe('a proposed key', () => {
  test('is named after its client, and neither name nor value can be guessed', async () => {
    const { provider } = await adapter();

    const { keyId, secret } = await provider.propose(usual);

    expect(keyId.reveal()).toMatch(/^orders-client\.[A-Za-z0-9]{24}$/);
    expect(secret.reveal()).toMatch(/^[A-Za-z0-9]{48}$/);
  });
});

describe('a new key', () => {
  test('has all usage plans, the description and the tags of the current one, but not its mark and not the tags of AWS', async () => {
    const { provider, handMade, stored } = await adapter();
    const like = handMade({
      plans: ['aord01', 'badm02'],
      description: 'The shop',
      customerId: 'market-7',
      tags: { Project: 'shop', CostCategory: '4711', keyturn: markOfVersion(1), 'aws:cloudformation:stack-name': 's' },
    });
    const next = await provider.propose({ ...usual, like });

    await provider.ensure({ ...usual, credential: next, like });

    expect(stored(target).find(issued)).toMatchObject({
      name: next.keyId.reveal(),
      value: next.secret.reveal(),
      enabled: true,
      plans: ['aord01', 'badm02'],
      description: 'The shop',
      customerId: 'market-7',
      tags: { Project: 'shop', CostCategory: '4711', keyturn: markOfVersion(2) },
    });
  });

  test('is made in one call that bears the mark: no crash leaves one that nobody knows', async () => {
    const { provider, handMade, stored, interfere } = await adapter();
    const like = handMade();
    const next = await provider.propose({ ...usual, like });
    let created = false;
    interfere(({ method, url }) => {
      if (created) return troubleReply('denied');
      created = method === 'POST' && url.startsWith('/apikeys');
      return 'pass';
    });

    await refusal(provider.ensure({ ...usual, credential: next, like }));

    expect(stored(target).find(issued)).toMatchObject({ tags: { keyturn: markOfVersion(2) }, plans: [] });
  });

  test('loses a usage plan again that the current key lost in the meantime', async () => {
    const { provider, handMade, stored, world } = await adapter();
    const like = handMade({ plans: ['aord01', 'badm02'] });
    const next = await provider.propose({ ...usual, like });
    await provider.ensure({ ...usual, credential: next, like });

    world.hand.detach(like.keyId.reveal(), 'badm02');
    await provider.ensure({ ...usual, credential: next, like });

    expect(stored(target).find(issued)).toMatchObject({ plans: ['aord01'] });
  });

  test('of an empty secret goes into the usage plan of the target', async () => {
    const { provider, stored } = await adapter();
    const first = await provider.propose(usual);

    await provider.ensure({ ...usual, credential: first });

    expect(stored(target)).toMatchObject([{ plans: ['aord01'], tags: { keyturn: markOfVersion(2) } }]);
  });

  test('of an empty secret gets the usage plans and tags that the policy names', async () => {
    const { provider, stored } = await adapter();
    const first = await provider.propose(usual);
    const entitlements = ['plan:badm02', 'tag:Project=orders', 'tag:CostCategory=4711'];

    await provider.ensure({ ...usual, credential: first, entitlements });

    expect(stored(target)).toMatchObject([
      { plans: ['badm02'], tags: { Project: 'orders', CostCategory: '4711', keyturn: markOfVersion(2) } },
    ]);
  });
});

describe('a key is not made', () => {
  test.each([
    ['a word', 'orders'],
    ['a plan that cannot be one', 'plan:a/b'],
    ['a plan in capitals', 'plan:AORD01'],
    ['a tag without a value', 'tag:Project'],
    ['a tag of AWS', 'tag:aws:stack=a'],
    ['our own mark', 'tag:keyturn=keyturn/v1/x'],
  ])('as %s says', async (_, entitlement) => {
    const { provider, stored } = await adapter();
    const first = await provider.propose(usual);

    const error = await refusal(provider.ensure({ ...usual, credential: first, entitlements: [entitlement] }));

    expect(error).toMatchObject({ reason: 'misconfigured', field: 'entitlements' });
    expect(stored(target)).toEqual([]);
  });

  test('like a current key that the target does not have', async () => {
    const { provider, handMade, stored } = await adapter();
    const like = handMade({ target: otherTarget });

    const error = await refusal(provider.ensure({ ...usual, credential: await provider.propose(usual), like }));

    expect(error).toMatchObject({ reason: 'not-yours', field: 'target' });
    expect(stored(target)).toEqual([]);
  });

  test('for another target than it was proposed for: the tag was changed in between', async () => {
    const { provider, handMade, stored } = await adapter();
    const like = handMade({ target: otherTarget });
    const next = await provider.propose(usual);

    const error = await refusal(provider.ensure({ ...usual, target: otherTarget, credential: next, like }));

    expect(error).toMatchObject({ reason: 'key-conflict', field: 'key' });
    expect(stored(otherTarget)).toHaveLength(1);
  });

  test('under an id that somebody deleted', async () => {
    const { provider, handMade, world } = await adapter();
    const like = handMade();
    const gone = handMade();
    world.hand.deleteKey(gone.keyId.reveal());

    expect(await refusal(provider.ensure({ ...usual, credential: gone, like }))).toMatchObject({
      reason: 'key-disabled',
    });
  });

  test('with a value that another key has', async () => {
    const { provider, handMade, clock } = await adapter();
    const taken = handMade({ target: otherTarget });
    const next = credential((await provider.propose(usual)).keyId.reveal(), taken.secret.reveal());
    const before = clock.now();

    expect(await refusal(provider.ensure({ ...usual, credential: next }))).toMatchObject({ reason: 'key-conflict' });
    // Whoever made it a moment ago may not see it yet.
    expect(clock.now() - before).toBe(4000);
  });
});

test('an unknown usage plan is named', async () => {
  const { provider } = await adapter();
  const first = await provider.propose(usual);

  const error = await refusal(provider.ensure({ ...usual, credential: first, entitlements: ['plan:nowhere'] }));

  expect(error).toMatchObject({ reason: 'misconfigured', field: 'plan:nowhere' });
});

test('a usage plan of a stage that another plan of the key has is named', async () => {
  const { provider, world } = await adapter();
  world.seed([{ id: 'same01', stages: ['orders/prod'] }]);
  const first = await provider.propose(usual);
  const entitlements = ['plan:aord01', 'plan:same01'];

  const error = await refusal(provider.ensure({ ...usual, credential: first, entitlements }));

  expect(error).toMatchObject({ reason: 'misconfigured', field: 'plan:same01' });
});

test('a key that opens stages without a usage plan is not copied: AWS gave that up', async () => {
  const { provider, handMade, interfere, world } = await adapter();
  const like = handMade();
  const [key] = world.keys();
  interfere(({ url }) =>
    url.startsWith('/apikeys?')
      ? {
          status: 200,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ item: [{ ...key, createdDate: 1, stageKeys: ['a1b2c3/prod'] }] }),
        }
      : 'pass',
  );

  const error = await refusal(provider.ensure({ ...usual, credential: await provider.propose(usual), like }));

  expect(error).toMatchObject({ reason: 'unsupported', field: 'entitlements' });
});

describe('CreateApiKey', () => {
  const creates = (calls: readonly string[]) => calls.filter((name) => name === 'CreateApiKey').length;

  test('is not sent again where nobody knows whether it took effect', async () => {
    const { provider, interfere, calls, stored } = await adapter();
    const first = await provider.propose(usual);
    interfere(({ method, url }) => (method === 'POST' && url === '/apikeys' ? 'lose' : 'pass'));

    await expect(provider.ensure({ ...usual, credential: first })).rejects.toBeInstanceOf(TransientError);

    expect(creates(calls())).toBe(1);
    interfere(() => 'pass');
    await provider.ensure({ ...usual, credential: first });
    expect(creates(calls())).toBe(1);
    expect(stored(target)).toHaveLength(1);
  });

  test('is sent again after a pause where AWS throttled it', async () => {
    const { provider, clock, stored } = await adapter({ simulator: { callsPerSecond: 1 } });
    const begun = clock.now();

    for (let nth = 1; nth <= 3; nth += 1) {
      await provider.ensure({ ...usual, mark: markOfVersion(nth), credential: await provider.propose(usual) });
    }

    expect(stored(target)).toHaveLength(3);
    expect(clock.now() - begun).toBeGreaterThanOrEqual(1000);
  });

  test('finds the account full: the typed reason, and not a throttle that passes', async () => {
    const { provider, handMade, calls } = await adapter({ simulator: { maxKeys: 1 } });
    handMade();

    const error = await refusal(provider.ensure({ ...usual, credential: await provider.propose(usual) }));

    expect(error).toMatchObject({ reason: 'quota', field: 'target' });
    expect(creates(calls())).toBe(1);
  });
});
