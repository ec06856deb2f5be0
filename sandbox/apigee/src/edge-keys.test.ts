import { expect, test } from 'vitest';
import { app, appPath, companies, companyAppPath, simulatorUnderTest, type UnderTest } from './simulator-under-test.ts';
import type { SimulatorOptions } from './simulator.ts';

const at = 1_800_000_000_000;
const chosen = { consumerKey: 'new-key_1', consumerSecret: 'new-secret_1' };
const owners = [
  ['a developer', appPath, { developer: 'dev@example.com', app }, 'hand-made'],
  ['a company', companyAppPath, { company: 'acme-shop', app }, 'of-group'],
] as const;

async function edgeUnderTest(options: SimulatorOptions = {}): Promise<UnderTest> {
  const underTest = await simulatorUnderTest({ flavour: 'edge', ...options });
  underTest.simulator.seed(companies);
  return underTest;
}

test.each(owners)('creates a chosen key of %s, without products and without an expiry', async (_, path, name) => {
  const { manage, simulator } = await edgeUnderTest();

  const created = await manage('POST', `${path}/keys/create`, { json: { ...chosen, expiresInSeconds: 60 } });
  const key = await manage('GET', `${path}/keys/new-key_1`);

  const written = { ...chosen, apiProducts: [], attributes: [], issuedAt: at, scopes: [], status: 'approved' };
  expect(created.status).toBe(201);
  expect(created.json).toEqual(written);
  expect(key.json).toEqual({ ...written, expiresAt: -1 });
  expect(simulator.keys(name)[1]).toMatchObject({ expiresAt: null });
});

test.each([200, 201] as const)('a created key may be answered %i', async (createdStatus) => {
  const { manage } = await edgeUnderTest({ unsettled: { createdStatus } });

  expect(await manage('POST', `${appPath}/keys/create`, { json: chosen })).toMatchObject({ status: createdStatus });
});

test('keeps attributes and scopes of a creation where told that Edge does', async () => {
  const { manage, simulator } = await edgeUnderTest({ unsettled: { createKeepsAttributes: true } });
  const attributes = [{ name: 'keyturn', value: 'm' }];

  await manage('POST', `${appPath}/keys/create`, { json: { ...chosen, attributes, scopes: ['READ'] } });

  expect(simulator.keys({ developer: 'dev@example.com', app })[1]).toMatchObject({ attributes, scopes: ['READ'] });
});

test('a key id is unique in the organization, whoever has it', async () => {
  const { manage } = await edgeUnderTest();
  const json = { ...chosen, consumerKey: 'hand-made' };

  const again = await manage('POST', `${appPath}/keys/create`, { json });
  const other = await manage('POST', `${companyAppPath}/keys/create`, { json });

  const code = 'keymanagement.service.ConsumerKeyAlreadyExists';
  expect([again, other]).toMatchObject([
    { status: 409, json: { code, message: 'ConsumerKey already exists', contexts: [] } },
    { status: 409, json: { code } },
  ]);
});

test.each([
  ['a slash', { consumerSecret: 'a/b' }],
  ['no secret', { consumerSecret: undefined }],
])('refuses a credential with %s', async (_, wrong) => {
  const { manage } = await edgeUnderTest();

  expect(await manage('POST', `${appPath}/keys/create`, { json: { ...chosen, ...wrong } })).toMatchObject({
    status: 400,
    json: { contexts: [] },
  });
});

test('has room for a hundred keys in an app', async () => {
  const { manage, simulator } = await edgeUnderTest();
  for (let n = 2; n <= 100; n += 1) {
    simulator.hand.addKey({ company: 'acme-shop', app }, { consumerKey: `key-${n}`, consumerSecret: 's' });
  }

  const refused = await manage('POST', `${companyAppPath}/keys/create`, { json: chosen });

  expect(simulator.keys({ company: 'acme-shop', app })).toHaveLength(100);
  expect(refused.status).toBe(400);
});

test.each(owners)('adds products, replaces attributes and scopes of a key of %s', async (_, path, name, id) => {
  const { manage, simulator } = await edgeUnderTest();
  const attributes = [{ name: 'keyturn', value: 'mark' }];

  const updated = await manage('POST', `${path}/keys/${id}`, {
    json: { apiProducts: ['payments-v1', 'orders-v1'], attributes },
  });
  const replaced = await manage('PUT', `${path}/keys/${id}`, { json: { scopes: ['READ'] } });
  const wrong = await manage('PUT', `${path}/keys/${id}`, { json: { scopes: ['ADMIN'] } });

  expect(updated).toMatchObject({
    status: 200,
    json: {
      apiProducts: [
        { apiproduct: 'orders-v1', status: 'approved' },
        { apiproduct: 'payments-v1', status: 'pending' },
      ],
      attributes,
    },
  });
  expect(replaced).toMatchObject({ status: 200, json: { scopes: ['READ'], attributes } });
  expect(wrong.status).toBe(400);
  expect(simulator.keys(name)[0]).toMatchObject({ scopes: ['READ'] });
});

test.each(owners)('revokes and approves a key of %s and a product on it', async (_, path, name, id) => {
  const { act, simulator } = await edgeUnderTest();

  expect(await act(`${path}/keys/${id}`, 'revoke')).toMatchObject({ status: 204, text: '' });
  expect(await act(`${path}/keys/${id}/apiproducts/orders-v1`, 'revoke')).toMatchObject({ status: 204, text: '' });
  expect(simulator.keys(name)[0]).toMatchObject({ status: 'revoked', products: [{ status: 'revoked' }] });

  await act(`${path}/keys/${id}`, 'approve');
  await act(`${path}/keys/${id}/apiproducts/orders-v1`, 'approve');
  expect(simulator.keys(name)[0]).toMatchObject({ status: 'approved', products: [{ status: 'approved' }] });
});

test.each(owners)('removes a product from a key of %s; a second time is a 500', async (_, path, name, id) => {
  const { manage, simulator } = await edgeUnderTest();
  const product = `${path}/keys/${id}/apiproducts/orders-v1`;

  const removed = await manage('DELETE', product);
  const again = await manage('DELETE', product);

  expect(removed).toMatchObject({ status: 200, json: { consumerKey: id, apiProducts: [] } });
  expect(again).toMatchObject({ status: 500, json: { message: 'APIProduct is not associated with consumer key' } });
  expect(simulator.keys(name)[0]?.products).toEqual([]);
});

test.each(owners)('deletes a key of %s and answers with it', async (_, path, name, id) => {
  const { manage, simulator } = await edgeUnderTest();

  const gone = await manage('DELETE', `${path}/keys/${id}`);
  const unknown = await manage('DELETE', `${path}/keys/${id}`);

  expect(gone).toMatchObject({ status: 200, json: { consumerKey: id, consumerSecret: 'typed-once', expiresAt: -1 } });
  expect(unknown.status).toBe(404);
  expect(simulator.keys(name)).toEqual([]);
});
