import type { EnsureRequest } from '@keyturn/credential-provider/credential-provider';
import type { Reply } from '@keyturn/http/loopback-server';
import { credential, type Credential } from '@keyturn/rotation/credential';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { expect, onTestFinished, test } from 'vitest';

import { otherTarget, simulatedApigee, target, type Interference } from './simulated-apigee.conformance.ts';

const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders/key-AbCdEf';
const markFor = (version: number) => formatMark(markOf(arn, `0000000${version}`, 'test'));
const mark = markFor(2);
const request = { target, mark, like: undefined, entitlements: [] };
const json = { 'content-type': 'application/json' };

async function setUp(options: Parameters<typeof simulatedApigee>[0] = {}) {
  const simulated = await simulatedApigee(options);
  onTestFinished(() => simulated.close());
  const { provider, apigee, appOf } = simulated;
  const next = await provider.propose(request);
  const ensure = (like: Credential | undefined, wish: Partial<EnsureRequest> = {}) =>
    provider.ensure({ target, credential: next, like, entitlements: [], mark, approve: false, ...wish });
  const stored = () => apigee.keys(appOf(target)).find((key) => key.consumerKey === next.keyId.reveal());
  return { ...simulated, next, ensure, stored };
}

type Bench = Awaited<ReturnType<typeof setUp>>;

/** A key with everything that is worth copying, and a product that is not. */
const rich = {
  products: [
    'orders',
    { name: 'orders-admin', status: 'approved' },
    { name: 'payments', status: 'approved' },
    { name: 'invoices', status: 'revoked' },
  ],
  attributes: [
    { name: 'Team', value: 'Orders' },
    { name: 'keyturn', value: markFor(1) },
    { name: 'Tier', value: '' },
  ],
  scopes: ['write', 'read'],
} satisfies Parameters<Bench['handMade']>[0];

const complete = {
  status: 'approved',
  products: [
    { name: 'orders', status: 'approved' },
    { name: 'orders-admin', status: 'approved' },
    { name: 'payments', status: 'approved' },
  ],
  attributes: [
    { name: 'Team', value: 'Orders' },
    { name: 'Tier', value: '' },
    { name: 'keyturn', value: mark },
  ],
  scopes: ['write', 'read'],
  expiresAt: null,
};

test('copies approved products, scopes and attributes, approves what waits, and writes its own mark', async () => {
  const { handMade, ensure, stored, calls, apigee, appOf } = await setUp();
  const like = handMade(rich);
  const before = apigee.keys(appOf(target))[0];

  await ensure(like, { approve: true });

  expect(stored()).toMatchObject(complete);
  expect(apigee.keys(appOf(target))[0]).toEqual(before);
  expect(calls.map((id) => id.replace('organizations.developers.apps.', ''))).toEqual([
    'keys.get',
    'keys.create.create',
    'keys.updateDeveloperAppKey',
    'keys.apiproducts.updateDeveloperAppKeyApiProduct',
    'keys.replaceDeveloperAppKey',
    'keys.get',
  ]);
});

test.each([{ createKeepsAttributes: true }, { keyActionStatus: 200 as const }])(
  'works whichever way Apigee does what is not documented: %j',
  async (unsettled) => {
    const { handMade, ensure, stored } = await setUp({ simulator: { unsettled } });

    await ensure(handMade(rich), { approve: true });

    expect(stored()).toMatchObject(complete);
  },
);

const requestsOfAnEnsure = [1, 2, 3, 4, 5, 6];
const troubles: Readonly<Record<string, () => ReturnType<Interference>>> = {
  'is lost on its way back': () => 'lose',
  'is cut before it has an effect': () => 'reset',
  'is an outage': () => ({ status: 503, body: '<html>' }),
  'is HTML': () => ({ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' }),
  'is nothing': () => ({ status: 200 }),
  'is a redirect': () => ({ status: 302, headers: { location: 'http://127.0.0.1:9/' } }),
  'is a concurrent write': () => ({ status: 409, headers: json, body: '{"error":{"code":409,"status":"ABORTED"}}' }),
};

for (const [trouble, what] of Object.entries(troubles)) {
  test.each(requestsOfAnEnsure)(
    `is finished by a second attempt when the answer to request %i ${trouble}`,
    async (nth) => {
      const { handMade, ensure, stored, interfere, apigee, appOf } = await setUp();
      const like = handMade(rich);
      // Every attempt of that request, and of all that would follow.
      interfere((_, earlier) => (earlier + 1 >= nth ? what() : 'pass'));
      const failure: unknown = await ensure(like, { approve: true }).catch((error: unknown) => error);
      expect(String(failure)).toMatch(/^(Transient|Permanent)Error: /);
      interfere(() => 'pass');

      await ensure(like, { approve: true });

      expect(stored()).toMatchObject(complete);
      expect(apigee.keys(appOf(target))).toHaveLength(2);
    },
  );

  test.each(requestsOfAnEnsure)(
    `goes on by itself when only one answer, to request %i, ${trouble}, or fails`,
    async (nth) => {
      const { handMade, ensure, stored, interfere, apigee, appOf } = await setUp();
      const like = handMade(rich);
      interfere((_, earlier) => (earlier + 1 === nth ? what() : 'pass'));

      await ensure(like, { approve: true }).catch(() => ensure(like, { approve: true }));

      expect(stored()).toMatchObject(complete);
      expect(apigee.keys(appOf(target))).toHaveLength(2);
    },
  );
}

test('reads a key back that exists already, whatever words the conflict comes in', async () => {
  for (const body of [
    {
      error: {
        code: 409,
        status: 'ABORTED',
        details: [{ violations: [{ type: 'keymanagement.service.ConsumerKeyAlreadyExists' }] }],
      },
    },
    {
      error: {
        code: 409,
        status: 'ALREADY_EXISTS',
        details: [{ violations: [{ type: 'keymanagement.service.ConsumerKeyAlreadyExists' }] }],
      },
    },
    { code: 'keymanagement.service.ConsumerKeyAlreadyExists', message: 'ConsumerKey already exists', contexts: [] },
  ]) {
    const { handMade, ensure, stored, interfere } = await setUp();
    const like = handMade();
    await ensure(like);
    const conflict: Reply = { status: 409, headers: json, body: JSON.stringify(body) };
    interfere(({ url }) => (url.endsWith('/keys/create') ? conflict : 'pass'));

    await ensure(like);

    expect(stored()).toMatchObject({ products: [{ name: 'orders', status: 'approved' }] });
  }
});

test('takes a conflict of another kind for a write at the same time', async () => {
  const { handMade, ensure, stored, interfere } = await setUp();
  const body = '{"error":{"code":409,"status":"ABORTED","details":[]}}';
  interfere(({ url }) => (url.endsWith('/keys/create') ? { status: 409, headers: json, body } : 'pass'));

  await expect(ensure(handMade())).rejects.toMatchObject({ name: 'TransientError' });

  expect(stored()).toBeUndefined();
});

test('waits shortly for a key that Apigee does not find yet', async () => {
  const { handMade, ensure, stored, interfere, calls } = await setUp();
  const like = handMade();
  const body = JSON.stringify({
    error: { code: 404, details: [{ violations: [{ type: 'keymanagement.service.InvalidClientIdForGivenApp' }] }] },
  });
  const lost = { left: 3 };
  interfere(({ method, url }) => {
    if (method === 'GET' || url.endsWith('/keys/create') || lost.left === 0) return 'pass';
    lost.left -= 1;
    return { status: 404, headers: json, body };
  });

  await ensure(like);

  expect(stored()).toMatchObject({ products: [{ name: 'orders', status: 'approved' }] });
  expect(calls).toHaveLength(7);
});

test('takes away what the key has and the current one has not any more', async () => {
  const { handMade, ensure, stored, apigee, appOf } = await setUp();
  const like = handMade({ products: ['orders', 'orders-admin'], scopes: ['read'] });
  await ensure(like);
  apigee.hand.removeProduct(appOf(target), like.keyId.reveal(), 'orders-admin');
  apigee.hand.setKeyAttributes(appOf(target), like.keyId.reveal(), []);

  await ensure(like);

  expect(stored()).toMatchObject({
    products: [{ name: 'orders', status: 'approved' }],
    attributes: [{ name: 'keyturn', value: mark }],
    scopes: ['read'],
  });
});

test('a product that waits for approval is named, where it may not be approved', async () => {
  const { handMade, ensure, stored } = await setUp();
  const like = handMade({ products: ['orders', 'payments'] });

  await expect(ensure(like)).rejects.toMatchObject({ reason: 'entitlements-differ', field: 'product:payments' });

  expect(stored()?.products).toContainEqual({ name: 'payments', status: 'pending' });
});

test('a product that somebody revoked on the new key is not brought back', async () => {
  const { handMade, ensure, apigee, appOf, next } = await setUp();
  const like = handMade({ products: ['orders', 'orders-admin'] });
  await ensure(like);
  apigee.hand.setProductStatus(appOf(target), next.keyId.reveal(), 'orders-admin', 'revoked');

  await expect(ensure(like, { approve: true })).rejects.toMatchObject({
    reason: 'entitlements-differ',
    field: 'product:orders-admin',
  });
});

test('issues the first key of an empty secret from the policy, and asks for a product at least', async () => {
  const { ensure, stored } = await setUp();

  await ensure(undefined, { entitlements: ['product:orders', 'scope:read', 'product:orders'] });

  expect(stored()).toMatchObject({
    products: [{ name: 'orders', status: 'approved' }],
    scopes: ['read'],
    attributes: [{ name: 'keyturn', value: mark }],
  });
});

test.each([[[]], [['scope:read']], [['orders']], [['product:']], [['Product:orders']]])(
  'refuses entitlements %j before anybody is asked',
  async (entitlements) => {
    const { ensure, calls } = await setUp();

    await expect(ensure(undefined, { entitlements })).rejects.toMatchObject({
      reason: 'misconfigured',
      field: 'entitlements',
    });

    expect(calls).toEqual([]);
  },
);

test('refuses a key of another app, of another secret, of another mark, and one that was revoked', async () => {
  const { handMade, ensure, apigee, appOf, next } = await setUp();
  const like = handMade();
  const elsewhere = handMade({ target: otherTarget });
  const other = handMade({ attributes: [{ name: 'keyturn', value: markFor(7) }] });
  await ensure(like);

  await expect(ensure(like, { credential: elsewhere })).rejects.toMatchObject({ reason: 'key-conflict' });
  await expect(ensure(like, { credential: credential(next.keyId.reveal(), 'another') })).rejects.toMatchObject({
    reason: 'key-conflict',
  });
  await expect(ensure(like, { credential: other })).rejects.toMatchObject({ reason: 'key-conflict' });
  apigee.hand.setKeyStatus(appOf(target), next.keyId.reveal(), 'revoked');
  await expect(ensure(like)).rejects.toMatchObject({ reason: 'key-disabled' });
});

test('copies from nothing but a key of the same app', async () => {
  const { handMade, ensure, stored } = await setUp();
  const elsewhere = handMade({ target: otherTarget });

  await expect(ensure(elsewhere)).rejects.toMatchObject({ reason: 'not-yours' });

  expect(stored()).toBeUndefined();
});

test('proposes keys of letters, digits, dashes and underscores, each time others', async () => {
  const { provider } = await setUp();

  const proposed = await Promise.all(Array.from({ length: 20 }, () => provider.propose(request)));

  const texts = proposed.flatMap(({ keyId, secret }) => [keyId.reveal(), secret.reveal()]);
  expect(new Set(texts).size).toBe(40);
  for (const text of texts) expect(text).toMatch(/^[A-Za-z0-9_-]{48}$/);
});
