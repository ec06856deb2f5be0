import { credential } from '@keyturn/rotation/credential';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { expect, onTestFinished, test } from 'vitest';

import { otherTarget, simulatedApigee, target, type Interference } from './simulated-apigee.conformance.ts';

const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders/key-AbCdEf';
const mark = formatMark(markOf(arn, '00000001', 'test'));

async function setUp() {
  const simulated = await simulatedApigee();
  onTestFinished(() => simulated.close());
  return simulated;
}

/** Apps as the organization's own calls show them, with changes. */
const showing =
  (change: (app: Record<string, unknown>) => object): Interference =>
  ({ url }) =>
    /\/apps\/[^/]+$/.test(url) && !url.includes('/developers/')
      ? {
          status: 200,
          body: JSON.stringify(
            change({
              name: 'orders client',
              status: 'approved',
              credentials: [{ consumerKey: 'pasted-key', consumerSecret: 'pasted-secret', status: 'approved' }],
            }),
          ),
        }
      : 'pass';

test('locates the app of a key, also where Apigee tells the developer by id alone', async () => {
  const { provider, handMade, interfere, apigee } = await setUp();
  const pasted = handMade({ consumerKey: 'pasted-key', consumerSecret: 'pasted-secret', target: otherTarget });
  const answer = await fetch(
    `${apigee.managementUrl}/organizations/${apigee.organization}/developers/other@example.com`,
    {
      headers: { authorization: `Bearer ${apigee.accessToken()}` },
    },
  );
  const { developerId } = (await answer.json()) as { developerId: string };

  expect(await provider.locate({ credential: pasted })).toEqual({ target: otherTarget });
  interfere(showing((app) => ({ ...app, name: 'billing', developerId })));
  expect(await provider.locate({ credential: pasted })).toEqual({ target: otherTarget });
});

test('locates the app of an app group, and says that it cannot serve a strange owner, or a name that no tag can hold', async () => {
  const { provider, handMade, interfere } = await setUp();
  const pasted = handMade({ consumerKey: 'pasted-key', consumerSecret: 'pasted-secret' });

  interfere(showing((app) => ({ ...app, appGroup: 'partners' })));
  expect(await provider.locate({ credential: pasted })).toEqual({ target: 'appgroups/partners/apps/orders client' });
  for (const owner of [{}, { companyName: 'of Edge alone' }]) {
    interfere(showing((app) => ({ ...app, ...owner })));
    await expect(provider.locate({ credential: pasted })).rejects.toMatchObject({ reason: 'unsupported' });
  }
  interfere(showing((app) => ({ ...app, developerEmail: 'dev@example.com', name: 'a/b' })));
  await expect(provider.locate({ credential: pasted })).rejects.toMatchObject({
    reason: 'unsupported',
    field: 'target',
  });
});

test('locates nothing for an unknown key or a wrong secret', async () => {
  const { provider, handMade } = await setUp();
  const { keyId } = handMade();

  expect(await provider.locate({ credential: credential('unknown', 'unknown') })).toBeUndefined();
  expect(await provider.locate({ credential: credential(keyId.reveal(), 'unknown') })).toBeUndefined();
});

test('marking echoes every attribute, and writes nothing where the mark is there already', async () => {
  const { provider, handMade, apigee, appOf, calls } = await setUp();
  const attributes = [
    { name: 'Team', value: 'Orders' },
    { name: 'keyturn ', value: 'not ours' },
    { name: 'Empty', value: '' },
  ];
  const { keyId } = handMade({ attributes });

  await provider.mark({ target, keyId, mark });
  await provider.mark({ target, keyId, mark });

  expect(apigee.keys(appOf(target))[0]).toMatchObject({
    attributes: [...attributes, { name: 'keyturn', value: mark }],
    products: [{ name: 'orders', status: 'approved' }],
  });
  expect(calls.filter((id) => id.endsWith('updateDeveloperAppKey'))).toHaveLength(1);
});

test('a mark that is none of ours is never written', async () => {
  const { provider, handMade, calls } = await setUp();
  const { keyId } = handMade();

  await expect(provider.mark({ target, keyId, mark: 'mine' })).rejects.toMatchObject({
    reason: 'malformed',
    field: 'mark',
  });

  expect(calls).toEqual([]);
});
