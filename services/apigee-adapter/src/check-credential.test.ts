import type { Credential } from '@keyturn/rotation/credential';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { expect, onTestFinished, test } from 'vitest';

import { developer, propagationMs, simulatedApigee, target } from './simulated-apigee.conformance.ts';

const mark = formatMark(
  markOf('arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders/key-AbCdEf', '00000002', 'test'),
);

async function setUp(options: Parameters<typeof simulatedApigee>[0] = {}) {
  const simulated = await simulatedApigee(options);
  onTestFinished(() => simulated.close());
  const { provider, handMade } = simulated;
  const issue = async () => {
    const request = { target, mark, like: handMade(), entitlements: [] };
    const credential = await provider.propose(request);
    await provider.ensure({ ...request, credential, approve: false });
    return credential;
  };
  const use = async (credential: Credential, times = 12) =>
    (await provider.check({ target, credential, probe: 'credential', times })).use;
  return { ...simulated, issue, use };
}

test('a node that does not know the key, or its product, has time as long as propagation takes', async () => {
  const { issue, use, clock } = await setUp();
  const credential = await issue();

  expect(await use(credential)).toEqual({ outcome: 'rejected', code: 'oauth.v2.InvalidApiKey', final: false });
  await clock.sleep(4000);
  expect(await use(credential)).toMatchObject({ outcome: 'rejected', final: false });
  await clock.sleep(propagationMs - 4000);
  expect(await use(credential)).toEqual({ outcome: 'accepted' });
});

test('a probe that no product of the key covers is told at once when the key is old enough', async () => {
  const { handMade, use, apigee, appOf, clock } = await setUp();
  const key = handMade({ products: ['invoices', 'orders'] });
  apigee.seed({
    products: [
      { name: 'orders', paths: ['/elsewhere'] },
      { name: 'other', paths: ['/orders'] },
    ],
  });
  await clock.sleep(propagationMs);

  expect(await use(key)).toEqual({ outcome: 'rejected', code: 'oauth.v2.InvalidApiKeyForGivenResource', final: true });
  expect(apigee.keys(appOf(target))).toHaveLength(1);
});

test('a refusal is final where the management API agrees, and not where a node is late', async () => {
  const { handMade, use, provider, clock } = await setUp();
  handMade();
  const key = handMade({ attributes: [{ name: 'keyturn', value: mark }] });
  const request = { target, keyId: key.keyId, mark };

  await provider.disable(request);
  await clock.sleep(10_000);
  expect(await use(key)).toEqual({ outcome: 'rejected', code: 'oauth.v2.ApiKeyNotApproved', final: true });

  await provider.enable(request);
  expect(await use(key)).toEqual({ outcome: 'rejected', code: 'oauth.v2.ApiKeyNotApproved', final: false });
});

test('an app or a developer that is switched off makes every key unusable', async () => {
  const { handMade, provider, apigee, appOf } = await setUp();
  const credential = handMade();
  const state = async () => (await provider.check({ target, credential, probe: 'none', times: 1 })).key.state;

  expect(await state()).toBe('enabled');
  apigee.hand.setDeveloperStatus(developer, 'inactive');
  expect(await state()).toBe('unusable');
  expect(await provider.list({ target })).toMatchObject([{ state: 'unusable' }]);
  apigee.hand.setDeveloperStatus(developer, 'active');
  apigee.hand.setAppStatus(appOf(target), 'revoked');
  expect(await state()).toBe('unusable');
});

test('only approved products and scopes are entitlements, sorted', async () => {
  const { handMade, provider } = await setUp();
  const credential = handMade({
    products: [
      'payments',
      'orders',
      { name: 'invoices', status: 'pending' },
      { name: 'orders-admin', status: 'revoked' },
    ],
    scopes: ['write', 'read'],
  });

  const { key } = await provider.check({ target, credential, probe: 'none', times: 1 });

  expect(key).toMatchObject({ entitlements: ['product:orders', 'product:payments', 'scope:read', 'scope:write'] });
});

test('a key that is gone is tried with the probe of its neighbours', async () => {
  const { handMade, use, apigee, appOf, clock } = await setUp();
  handMade();
  const key = handMade();
  apigee.hand.deleteKey(appOf(target), key.keyId.reveal());
  await clock.sleep(10_000);

  expect(await use(key)).toEqual({ outcome: 'rejected', code: 'oauth.v2.InvalidApiKey', final: false });
});

test('a key that is off and never got a product is tried with the probe of its neighbours, too', async () => {
  const { handMade, use, provider } = await setUp();
  handMade();
  const key = handMade({ products: [], attributes: [{ name: 'keyturn', value: mark }] });

  const whileOn = await use(key);
  await provider.disable({ target, keyId: key.keyId, mark });
  const onceOff = await use(key);

  expect(whileOn).toEqual({ outcome: 'no-probe' });
  expect(onceOff).toMatchObject({ outcome: 'rejected' });
});

test('uses the credential as often as asked, on as many connections, and a random key never twice', async () => {
  const { handMade, provider, apigee } = await setUp();
  const credential = handMade();

  await provider.check({ target, credential, probe: 'credential', times: 6 });

  const nodes = apigee
    .requests()
    .filter(({ surface }) => surface === 'gateway')
    .map(({ node }) => node);
  expect(nodes).toEqual([0, 1, 2, 0, 1, 2]);
});

test('with client credentials a wrong secret is refused, which a key alone would not show', async () => {
  const { handMade, provider, use } = await setUp({ send: { as: 'clientCredentials', tokenPath: '/oauth/token' } });
  const credential = handMade();
  const wrong = {
    ...credential,
    secret: (await provider.propose({ target, mark, like: credential, entitlements: [] })).secret,
  };

  expect(await use(credential)).toEqual({ outcome: 'accepted' });
  expect(await use(wrong)).toEqual({ outcome: 'rejected', code: 'oauth.v2.InvalidClientIdentifier', final: false });
});
