import { expect, test } from 'vitest';
import {
  app,
  appGroups,
  companies,
  companyAppPath,
  faultOf,
  groupAppPath,
  send,
  simulatorUnderTest,
  type UnderTest,
} from './simulator-under-test.ts';

const kinds = [
  {
    kind: 'company',
    flavour: 'edge',
    seed: companies,
    name: { company: 'acme-shop', app },
    path: companyAppPath,
    route: 'company-status',
  },
  {
    kind: 'app group',
    flavour: 'x',
    seed: appGroups,
    name: { appGroup: 'acme-shop', app },
    path: groupAppPath,
    route: 'app-group-status',
  },
] as const;

const lagging = [{ propagationMs: 1000, revocationMs: 5000, negativeMs: 0 }];
const call = ({ simulator }: UnderTest, key = 'of-group') =>
  send(`${simulator.gatewayUrl}/orders`, { headers: { 'x-apikey': key } });
const post = ({ simulator }: UnderTest, path: string, body: unknown) =>
  send(`${simulator.controlUrl}/_control/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

test.each(kinds)('a $kind that is switched off is refused once a node has heard of it', async (one) => {
  const underTest = await simulatorUnderTest({ flavour: one.flavour, nodes: lagging });
  underTest.simulator.seed(one.seed);
  const { hand } = underTest.simulator;
  const set = (status: 'active' | 'inactive') => {
    if (one.kind === 'company') {
      hand.setCompanyStatus('acme-shop', status);
    } else {
      hand.setAppGroupStatus('acme-shop', status);
    }
  };
  expect(await call(underTest)).toMatchObject({ status: 200, json: { app } });

  set('inactive');
  underTest.wait(4999);
  expect((await call(underTest)).status).toBe(200);

  underTest.wait(1);
  const off = await call(underTest);
  expect(off.status).toBe(401);
  expect(faultOf(off)).toBe('keymanagement.service.CompanyStatusNotActive');

  set('active');
  underTest.wait(1000);
  expect((await call(underTest)).status).toBe(200);
});

test.each(kinds)('the app of a $kind that is revoked is refused', async ({ flavour, seed, name }) => {
  const underTest = await simulatorUnderTest({ flavour });
  underTest.simulator.seed(seed);

  underTest.simulator.hand.setAppStatus(name, 'revoked');

  expect(faultOf(await call(underTest))).toBe('keymanagement.service.invalid_client-app_not_approved');
});

test.each(kinds)('a person changes the keys of a $kind by hand', async ({ flavour, seed, name, path }) => {
  const underTest = await simulatorUnderTest({ flavour });
  const { hand, seed: seeded, keys } = underTest.simulator;
  seeded(seed);

  hand.addKey(name, { consumerKey: 'k', consumerSecret: 's', products: ['orders-v1', 'invoices-v1'] });
  hand.removeProduct(name, 'k', 'invoices-v1');
  hand.setProductStatus(name, 'k', 'orders-v1', 'revoked');
  hand.setKeyAttributes(name, 'k', [{ name: 'a', value: 'b' }]);
  hand.setKeyStatus(name, 'k', 'revoked');
  hand.deleteKey(name, 'of-group');

  expect(keys(name)).toMatchObject([
    {
      consumerKey: 'k',
      status: 'revoked',
      products: [{ name: 'orders-v1', status: 'revoked' }],
      attributes: [{ name: 'a', value: 'b' }],
    },
  ]);
  expect(await underTest.manage('GET', `${path}/keys/k`)).toMatchObject({ status: 200, json: { status: 'revoked' } });
});

test.each(kinds)('an app of a $kind is told from one of the same name, and tells its owner', async (one) => {
  const { simulator } = await simulatorUnderTest({ flavour: one.flavour });
  simulator.seed(one.seed);

  expect(() => simulator.app(app)).toThrow('More than one app');
  expect(simulator.app({ developer: 'dev@example.com', app })).toMatchObject({
    owner: { developer: 'dev@example.com' },
  });
  const { owner, name } = simulator.app(one.name);
  expect({ ...owner, app: name }).toEqual(one.name);
  for (const other of [{ developer: 'acme-shop' }, { company: 'dev@example.com' }, { appGroup: 'dev@example.com' }]) {
    expect(() => simulator.app({ ...other, app })).toThrow('No app is');
  }
});

test.each(kinds)('another process seeds a $kind, reads its keys and switches it off', async (one) => {
  const underTest = await simulatorUnderTest({ flavour: one.flavour });

  await post(underTest, 'seed', one.seed);
  await post(underTest, 'hand/key-status', { app: one.name, consumerKey: 'of-group', status: 'revoked' });
  await post(underTest, `hand/${one.route}`, { name: 'acme-shop', status: 'inactive' });

  const query = new URLSearchParams(one.name).toString();
  const keys = await send(`${underTest.simulator.controlUrl}/_control/keys?${query}`);
  expect(JSON.parse(keys.text)).toMatchObject([{ consumerKey: 'of-group', status: 'revoked' }]);
  const owner = await underTest.manage('GET', one.path.replace(/\/apps\/.*/u, ''));
  expect(owner.json).toMatchObject({ status: 'inactive' });
});

test.each([
  ['edge', 'app-group-status', { appGroups: [{ name: 'g' }] }],
  ['x', 'company-status', { companies: [{ name: 'g' }] }],
] as const)('%s has no such thing', async (flavour, route, seed) => {
  const underTest = await simulatorUnderTest({ flavour });

  expect((await post(underTest, 'seed', seed)).status).toBe(400);
  expect((await post(underTest, `hand/${route}`, { name: 'g', status: 'inactive' })).status).toBe(400);
});
