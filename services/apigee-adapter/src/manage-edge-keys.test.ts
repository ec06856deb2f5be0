import type { HttpOptions } from '@keyturn/http/http-exchange';
import { loopbackServer, type Received, type Reply } from '@keyturn/http/loopback-server';
import { hidden } from '@keyturn/rotation/hidden';
import { expect, onTestFinished, test } from 'vitest';

import type { Authorize } from './authorize.ts';
import { flavours } from './flavour.ts';
import { manageKeys } from './manage-keys.ts';
import { managementApi } from './management-api.ts';
import { checkAndCount, simulatedApigee, targetsOf } from './simulated-apigee.conformance.ts';

const http: HttpOptions = {
  clock: { now: () => 0, sleep: () => Promise.resolve() },
  random: () => 0,
  allowHttp: ['127.0.0.1'],
  retries: 1,
  timeoutMs: 2000,
};
const ref = { owner: { kind: 'companies', name: 'acme' }, app: 'a', keyId: hidden('k') } as const;
const key = { consumerKey: 'k', consumerSecret: 's', status: 'approved', issuedAt: 1, expiresAt: -1 };

async function setUp(
  reply: (request: Received) => Reply,
  authorize: Authorize = () => Promise.resolve(hidden('Basic a')),
) {
  const server = await loopbackServer((request) => {
    checkAndCount(request, 'edge');
    return reply(request);
  });
  onTestFinished(() => server.close());
  const config = { managementUrl: `${server.url}/v1`, organization: 'acme' };
  const flavour = flavours.edge;
  return { server, keys: manageKeys(managementApi({ config, flavour, authorize, http }), flavour) };
}

const json = (body: unknown, status = 200): Reply => ({ status, body: JSON.stringify(body) });

test.each(['', '<html>403</html>', '{"code":"a.b","message":"c","contexts":[]}'])(
  'a 403 is a login that is wrong, and worth another one: %j',
  async (body) => {
    const authorize: Authorize = (refused) =>
      Promise.resolve(hidden(refused === undefined ? 'Basic old' : 'Basic new'));
    const heals = await setUp(
      ({ headers }) => (headers.authorization === 'Basic new' ? json(key) : { status: 403, body }),
      authorize,
    );
    const stays = await setUp(() => ({ status: 403, body }), authorize);

    expect(await heals.keys.get(ref)).toMatchObject({ approved: true, issuedAt: 1, expiresAt: undefined });
    await expect(stays.keys.get(ref)).rejects.toMatchObject({ reason: 'access-denied' });
    expect(stays.server.received).toHaveLength(2);
  },
);

test('a 401 is a permission that is missing', async () => {
  const { keys } = await setUp(() => ({ status: 401 }));

  await expect(keys.get(ref)).rejects.toMatchObject({
    reason: 'access-denied',
    message: expect.stringContaining('no permission') as string,
  });
});

const notAssociated = { code: 'keymanagement.service.apiproduct_not_associated', message: 'm', contexts: [] };

test.each([400, 500])(
  'a product that the key does not have is removed already, although Apigee says %i',
  async (status) => {
    const { keys } = await setUp(({ method }) => (method === 'GET' ? json(key) : json(notAssociated, status)));

    expect(await keys.removeProduct(ref, 'orders')).toBe('done');
  },
);

test('a product that the key still has is not removed by an outage', async () => {
  const has = { ...key, apiProducts: [{ apiproduct: 'orders', status: 'approved' }] };
  const { keys } = await setUp(({ method }) => (method === 'GET' ? json(has) : { status: 500 }));

  await expect(keys.removeProduct(ref, 'orders')).rejects.toMatchObject({ name: 'TransientError' });
});

test('an installation that knows no pages shows all apps each time: a key that no app has ends the search', async () => {
  const app = (appId: string) => ({ appId, name: 'a', status: 'approved', companyName: 'acme', credentials: [key] });
  const { keys, server } = await setUp(() => json({ app: [app('id-1'), app('id-2')] }));

  expect(await keys.appWith(hidden('other'))).toBeUndefined();
  expect(await keys.appWith(hidden('k'))).toMatchObject({ owner: { kind: 'companies', name: 'acme' } });

  expect(server.received).toHaveLength(3);
  expect(server.received.map(({ url }) => url).join(' ')).not.toMatch(/other|=k\b/);
});

test('the app of a key is found on whatever page it is, and no key id is asked for', async () => {
  const simulated = await simulatedApigee({ flavour: 'edge' });
  onTestFinished(() => simulated.close());
  const { provider, apigee, handMade } = simulated;
  const apps = Array.from({ length: 230 }, (_, index) => ({ name: `app ${index}` }));
  apigee.seed({ developers: [{ email: 'many@example.com', apps }] });
  const { target, otherTarget } = targetsOf('companies');
  const pasted = [
    handMade({ target }),
    handMade({ target: otherTarget }),
    handMade({ target: 'developers/many@example.com/apps/app 229' }),
  ];

  const located = await Promise.all(pasted.map((credential) => provider.locate({ credential })));

  expect(located.map((one) => one?.target)).toEqual([target, otherTarget, 'developers/many@example.com/apps/app 229']);
});

test.each([
  ['edge', 'companies'],
  ['x', 'appgroups'],
] as const)('on %s a switched off owner of %s makes every key unusable', async (flavour, kind) => {
  const simulated = await simulatedApigee({ flavour });
  onTestFinished(() => simulated.close());
  const { provider, apigee, handMade } = simulated;
  const { target } = targetsOf(kind);
  const credential = handMade({ target });
  const [, name = ''] = target.split('/');

  if (kind === 'companies') apigee.hand.setCompanyStatus(name, 'inactive');
  else apigee.hand.setAppGroupStatus(name, 'inactive');

  const { key: found } = await provider.check({ target, credential, probe: 'none', times: 1 });
  expect(found.state).toBe('unusable');
  expect(await provider.list({ target })).toMatchObject([{ state: 'unusable' }]);
});
