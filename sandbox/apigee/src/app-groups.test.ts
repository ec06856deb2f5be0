import { expect, test } from 'vitest';
import * as z from 'zod';
import {
  app,
  appGroups,
  groupAppPath,
  simulatorUnderTest,
  type UnderTest,
  violationOf,
} from './simulator-under-test.ts';
import type { SimulatorOptions } from './simulator.ts';

const at = 1_800_000_000_000;
const anyText: unknown = expect.any(String);
const name = { appGroup: 'acme-shop', app };
const key = `${groupAppPath}/keys/of-group`;

async function groupUnderTest(options: SimulatorOptions = {}): Promise<UnderTest> {
  const underTest = await simulatorUnderTest(options);
  underTest.simulator.seed(appGroups);
  return underTest;
}

test.each(['x', 'hybrid'] as const)('%s gives the app of an app group', async (flavour) => {
  const { manage, simulator } = await groupUnderTest({ flavour });

  const { json } = await manage('GET', groupAppPath);

  expect(simulator.flavour).toBe(flavour);
  expect(json).toEqual({
    appId: anyText,
    appGroup: 'acme-shop',
    name: app,
    status: 'approved',
    attributes: [{ name: 'DisplayName', value: 'Orders' }],
    callbackUrl: 'https://orders.example.com/callback',
    createdAt: String(at),
    lastModifiedAt: String(at),
    credentials: [
      {
        consumerKey: 'of-group',
        consumerSecret: 'typed-once',
        status: 'approved',
        apiProducts: [{ apiproduct: 'orders-v1', status: 'approved' }],
        issuedAt: String(at),
        expiresAt: '-1',
      },
    ],
  });
});

test('gives an app group with its status', async () => {
  const { manage, simulator } = await groupUnderTest();
  simulator.hand.setAppGroupStatus('acme-shop', 'inactive');

  expect(await manage('GET', '/appgroups/acme-shop')).toMatchObject({
    status: 200,
    json: { name: 'acme-shop', appGroupId: anyText, status: 'inactive' },
  });
});

const Page = z.object({ appGroupApps: z.array(z.object({ name: z.string() })), nextPageToken: z.string().optional() });

test('lists the apps of an app group page by page', async () => {
  const { manage, simulator } = await groupUnderTest();
  simulator.seed({ appGroups: [{ name: 'acme-shop', apps: [{ name: 'b' }, { name: 'a' }] }, { name: 'empty' }] });
  const page = async (token = '') =>
    Page.parse((await manage('GET', `/appgroups/acme-shop/apps?pageSize=2&pageToken=${token}`)).json);

  const first = await page();
  const last = await page(first.nextPageToken);

  expect([...first.appGroupApps, ...last.appGroupApps].map((one) => one.name)).toEqual(['a', 'b', app]);
  expect(last.nextPageToken).toBeUndefined();
  expect(await manage('GET', '/appgroups/empty/apps')).toMatchObject({ status: 200, text: '{}' });
});

test('PUT on the app mints with products, counts its expiry in seconds and wipes what was left out', async () => {
  const { manage, simulator } = await groupUnderTest();

  const answer = await manage('PUT', groupAppPath, { json: { apiProducts: ['orders-v1'], keyExpiresIn: '60' } });
  await manage('PUT', groupAppPath, { json: { callbackUrl: 'https://b.example' } });

  expect(answer).toMatchObject({ status: 200, json: { credentials: [{}, {}] } });
  expect(simulator.keys(name)[1]).toMatchObject({ expiresAt: at + 60_000, products: [{ name: 'orders-v1' }] });
  expect(simulator.keys(name)).toHaveLength(2);
  expect(simulator.app(name)).toMatchObject({
    attributes: [],
    callbackUrl: 'https://b.example',
    owner: { appGroup: 'acme-shop' },
  });
});

test('PUT with an action revokes and approves the app', async () => {
  const { manage, simulator } = await groupUnderTest();
  const act = (action: string) =>
    manage('PUT', `${groupAppPath}?action=${action}`, { headers: { 'content-type': 'application/octet-stream' } });

  expect(await act('revoke')).toMatchObject({ status: 204, text: '' });
  expect(simulator.app(name)).toMatchObject({ status: 'revoked', attributes: [{}] });

  await act('approve');
  expect(simulator.app(name)).toMatchObject({ status: 'approved' });

  expect((await manage('PUT', `${groupAppPath}?action=revoke`, { json: {} })).status).toBe(415);
  expect(simulator.app(name)).toMatchObject({ status: 'approved' });
});

test.each([
  ['POST', groupAppPath],
  ['POST', `${groupAppPath}/keys/create/x`],
  ['PUT', key],
  ['GET', '/companies/acme-shop'],
])('%s %s is a path of nothing', async (method, path) => {
  const { manage } = await groupUnderTest();

  const answer = await manage(method, path);

  expect(answer.status).toBe(404);
  expect(answer.headers['content-type']).toContain('text/html');
});

test('POST on keys creates the key that the caller chose', async () => {
  const { manage, simulator } = await groupUnderTest();
  const chosen = { consumerKey: 'new-key', consumerSecret: 'new-secret' };

  const created = await manage('POST', `${groupAppPath}/keys`, { json: { ...chosen, expiresInSeconds: '60' } });
  const again = await manage('POST', `${groupAppPath}/keys`, { json: chosen });
  const found = await manage('GET', `${groupAppPath}/keys/new-key`);

  expect(created).toMatchObject({ status: 200, json: { ...chosen, expiresAt: String(at + 60_000) } });
  expect(again.status).toBe(409);
  expect(violationOf(again)).toBe('keymanagement.service.ConsumerKeyAlreadyExists');
  expect(found.json).toMatchObject({ ...chosen, status: 'approved' });
  expect(simulator.keys(name)[1]).toMatchObject({ products: [] });
});

test('POST on keys/create is a change of a key of that name', async () => {
  const { manage } = await groupUnderTest();

  const answer = await manage('POST', `${groupAppPath}/keys/create`, { json: {} });

  expect(answer.status).toBe(404);
  expect(violationOf(answer)).toBe('keymanagement.service.InvalidClientIdForGivenApp');
});

test('one body adds products and replaces attributes and scopes', async () => {
  const { manage, simulator } = await groupUnderTest();
  const attributes = [{ name: 'keyturn', value: 'mark' }];

  const answer = await manage('POST', key, {
    json: { apiProducts: ['invoices-v1', 'orders-v1'], appGroupAppKey: { attributes, scopes: ['READ'] } },
  });
  expect(answer).toMatchObject({ status: 200, json: { attributes, scopes: ['READ'], apiProducts: [{}, {}] } });

  await manage('POST', key, { json: { apiProducts: ['payments-v1'], appGroupAppKey: { attributes } } });
  expect(simulator.keys(name)[0]).toMatchObject({
    attributes,
    scopes: [],
    products: [{ name: 'orders-v1' }, { name: 'invoices-v1' }, { name: 'payments-v1', status: 'pending' }],
  });
});

test.each([
  [false, [], []],
  [true, [{ name: 'keyturn', value: 'mark' }], ['READ']],
])('with %j, what the body does not tell is kept or wiped', async (groupKeyKeepsUntold, attributes, scopes) => {
  const { manage, simulator } = await groupUnderTest({ unsettled: { groupKeyKeepsUntold } });
  const appGroupAppKey = { attributes: [{ name: 'keyturn', value: 'mark' }], scopes: ['READ'] };
  await manage('POST', key, { json: { appGroupAppKey } });

  await manage('POST', key, { json: { action: 'revoke' } });

  expect(simulator.keys(name)[0]).toMatchObject({ status: 'revoked', attributes, scopes });
});

test.each([
  ['a scope of no product', { apiProducts: ['invoices-v1'], appGroupAppKey: { scopes: ['ADMIN'] } }, 400],
  ['an unknown product', { apiProducts: ['nowhere'], appGroupAppKey: { scopes: ['READ'] } }, 404],
  ['an unknown action', { action: 'approved', apiProducts: ['invoices-v1'] }, 400],
  ['the body of a developer key', { attributes: [] }, 400],
])('refuses %s with nothing done', async (_, json, status) => {
  const { manage, simulator } = await groupUnderTest();

  expect((await manage('POST', key, { json })).status).toBe(status);
  expect(simulator.keys(name)[0]).toMatchObject({ products: [{ name: 'orders-v1' }], scopes: [], status: 'approved' });
});

test.each([
  [undefined, 204],
  [200, 200],
] as const)('revokes a key by its body, answered as told by %j', async (keyActionStatus, status) => {
  const { manage, simulator } = await groupUnderTest({
    unsettled: keyActionStatus === undefined ? {} : { keyActionStatus },
  });

  expect(await manage('POST', key, { json: { action: 'revoke' } })).toMatchObject({ status });
  expect(simulator.keys(name)[0]).toMatchObject({ status: 'revoked', products: [{}] });

  await manage('POST', key, { json: { action: 'approve' } });
  expect(simulator.keys(name)[0]).toMatchObject({ status: 'approved' });
});

test('approves, revokes and removes one product, and deletes the key', async () => {
  const { act, manage, simulator } = await groupUnderTest();
  const product = `${key}/apiproducts/orders-v1`;

  expect(await act(product, 'revoke')).toMatchObject({ status: 200, text: '{}' });
  expect(simulator.keys(name)[0]).toMatchObject({ products: [{ status: 'revoked' }] });

  expect(await manage('DELETE', product)).toMatchObject({ status: 200, json: { consumerKey: 'of-group' } });
  expect((await manage('DELETE', product)).status).toBe(400);

  expect(await manage('DELETE', key)).toMatchObject({ status: 200, json: { consumerSecret: 'typed-once' } });
  expect(simulator.keys(name)).toEqual([]);
});

test('the organization finds an app of an app group, and tells it from those of developers', async () => {
  const { manage } = await groupUnderTest();
  const found = async (filter: string) =>
    (await manage('GET', `/apps?filter=${encodeURIComponent(filter)}&expand=true`)).json['app'];

  expect(await found('consumerKey=of-group')).toMatchObject([{ appGroup: 'acme-shop', name: app }]);
  expect(await found('appGroup=acme-shop')).toHaveLength(1);
  expect(await found('appType=AppGroup')).toHaveLength(1);
  expect(await found('appType=Developer')).toHaveLength(2);
});

test.each([
  ['/appgroups/nobody', 'developer.service.AppGroupDoesNotExist'],
  ['/appgroups/acme-shop/apps/x', 'developer.service.AppDoesNotExist'],
  [`${groupAppPath}/keys/hand-made`, 'keymanagement.service.InvalidClientIdForGivenApp'],
])('%s is not there', async (path, type) => {
  const { manage } = await groupUnderTest();

  const answer = await manage('GET', path);

  expect(answer.status).toBe(404);
  expect(violationOf(answer)).toBe(type);
});
