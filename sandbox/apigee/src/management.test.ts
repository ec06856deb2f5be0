import { expect, test } from 'vitest';
import { operationOf } from './discovery.ts';
import { bodyFault } from './schema-check.ts';
import { app, appPath, send, simulatorUnderTest } from './simulator-under-test.ts';

const url = (base: string, organization = 'acme') => `${base}/organizations/${organization}${appPath}`;

test.each([
  ['no token', {}],
  ['an unknown token', { authorization: 'Bearer ya29.unknown' }],
  ['a basic login', { authorization: 'Basic eDp5' }],
])('%s is unauthenticated', async (_, headers) => {
  const { simulator } = await simulatorUnderTest();

  const answer = await send(url(simulator.managementUrl), { headers });

  expect(answer).toMatchObject({ status: 401, json: { error: { code: 401, status: 'UNAUTHENTICATED' } } });
  expect(answer.headers['www-authenticate']).toContain('Bearer');
});

test('another organization is forbidden, whether or not it exists', async () => {
  const { simulator } = await simulatorUnderTest();

  const answer = await send(url(simulator.managementUrl, 'other'), {
    headers: { authorization: `Bearer ${simulator.accessToken()}` },
  });

  expect(answer).toMatchObject({ status: 403, json: { error: { status: 'PERMISSION_DENIED' } } });
});

test('a token ends with its lifetime, and when the test revokes it', async () => {
  const { simulator, wait } = await simulatorUnderTest({ accessTokenSeconds: 60 });
  const status = async (token: string) =>
    (await send(url(simulator.managementUrl), { headers: { authorization: `Bearer ${token}` } })).status;
  const [first, second, third] = [simulator.accessToken(), simulator.accessToken(), simulator.accessToken()] as const;

  simulator.revokeAccessToken(first);
  expect([await status(first), await status(second)]).toEqual([401, 200]);

  simulator.revokeAccessToken();
  expect([await status(second), await status(third)]).toEqual([401, 401]);

  const late = simulator.accessToken();
  wait(60_000);
  expect(await status(late)).toBe(401);
});

test.each([
  ['GET', '/v2/organizations/acme/apps'],
  ['GET', '/v1/organizations/acme/developers/dev@example.com/apps/orders%20client/keys'],
  ['PATCH', '/v1/organizations/acme/developers/dev@example.com/apps/orders%20client'],
  ['GET', '/v1/organizations/acme/developers//apps'],
  ['GET', '/v1/organizations/acme/developers/%ff/apps'],
])('%s %s is a path of nothing: a page, not JSON', async (method, path) => {
  const { simulator } = await simulatorUnderTest();

  const answer = await send(new URL(path, simulator.managementUrl).href, { method });

  expect(answer.status).toBe(404);
  expect(answer.headers['content-type']).toContain('text/html');
  expect(answer.text).toContain('<html');
});

test.each([
  [
    'an unknown field',
    { consumerKey: 'k', consumerSecret: 's', product: 'x' },
    'Unknown name "product": Cannot find field.',
  ],
  ['a field inside', { attributes: [{ key: 'x' }] }, `Unknown name "key" at 'attributes[0]'`],
  ['a number for a text', { consumerKey: 1, consumerSecret: 's' }, `Invalid value at 'consumerKey' (TYPE_STRING), 1`],
  ['a text for a list', { scopes: 'READ' }, `Value at 'scopes' is no list.`],
  ['words for an int64', { expiresInSeconds: 'soon' }, `Invalid value at 'expiresInSeconds' (TYPE_INT64)`],
  ['a list', [], 'is no object'],
  ['null in a list', { scopes: [null] }, `Null in 'scopes'.`],
])('refuses a body with %s as Google does, with nothing done', async (_, json, message) => {
  const { manage, simulator } = await simulatorUnderTest();

  const answer = await manage('POST', `${appPath}/keys/create`, { json });

  expect(answer).toMatchObject({ status: 400, json: { error: { status: 'INVALID_ARGUMENT' } } });
  expect(answer.text).toContain(JSON.stringify(message).slice(1, -1));
  expect(simulator.keys(app)).toHaveLength(1);
  expect(simulator.requests().at(-1)).toMatchObject({ fits: false, status: 400 });
});

test.each([
  ['an attribute without a name', { attributes: [{ name: null, value: null }] }],
  ['products by something else than names', { apiProducts: [{ apiproduct: 'orders-v1' }] }],
  ['too many attributes', { attributes: Array.from({ length: 19 }, (_, n) => ({ name: `a${n}`, value: '' })) }],
])('refuses %s on a key', async (_, json) => {
  const { manage } = await simulatorUnderTest();

  expect((await manage('POST', `${appPath}/keys/hand-made`, { json })).status).toBe(400);
});

test('refuses an expiry beyond all time, and a count of nothing', async () => {
  const { manage } = await simulatorUnderTest();
  const json = { consumerKey: 'k', consumerSecret: 's', expiresInSeconds: '9223372036854775807' };

  expect((await manage('POST', `${appPath}/keys/create`, { json })).status).toBe(400);
  expect((await manage('GET', '/developers/dev@example.com/apps?count=many')).status).toBe(400);
});

test('takes null for a field left out, and a number for an int64', async () => {
  const { manage } = await simulatorUnderTest();
  const json = { consumerKey: 'k', consumerSecret: 's', scopes: null, expiresInSeconds: 60 };

  expect((await manage('POST', `${appPath}/keys/create`, { json })).status).toBe(200);
});

test.each([
  ['broken JSON', { headers: { 'content-type': 'application/json' }, body: '{"a":' }, 400],
  ['a form', { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'a=b' }, 415],
  ['octets without an action', { headers: { 'content-type': 'application/octet-stream' } }, 400],
])('refuses %s', async (_, sent, status) => {
  const { manage } = await simulatorUnderTest();

  expect((await manage('POST', `${appPath}/keys/hand-made`, sent)).status).toBe(status);
});

test.each(['?colour=blue', '?expand=yes', '?expand=true&expand=maybe'])('refuses the query %s', async (query) => {
  const { manage } = await simulatorUnderTest();

  expect(await manage('GET', `/developers/dev@example.com/apps${query}`)).toMatchObject({ status: 400 });
});

test('refuses a body where none belongs', async () => {
  const { manage, simulator } = await simulatorUnderTest();

  expect((await manage('DELETE', `${appPath}/keys/hand-made`, { json: {} })).status).toBe(400);
  expect(simulator.keys(app)).toHaveLength(1);
});

test('says that it does not know an operation that Apigee has', async () => {
  const { manage } = await simulatorUnderTest();

  expect(await manage('DELETE', '/appgroups/g/apps/a')).toMatchObject({
    status: 501,
    json: { error: { status: 'UNIMPLEMENTED' } },
  });
});

test('the log tells which discovery method each request was and whether it fit', async () => {
  const { manage, act, simulator } = await simulatorUnderTest();

  await manage('POST', `${appPath}/keys/create`, { json: { consumerKey: 'k', consumerSecret: 'never-logged' } });
  await act(`${appPath}/keys/k`, 'revoke');

  expect(simulator.requests()).toMatchObject([
    {
      method: 'POST',
      operation: 'apigee.organizations.developers.apps.keys.create.create',
      fits: true,
      status: 200,
      query: [],
    },
    {
      operation: 'apigee.organizations.developers.apps.keys.updateDeveloperAppKey',
      fits: true,
      query: ['action'],
      status: 204,
    },
  ]);
  expect(JSON.stringify(simulator.requests())).not.toMatch(/never-logged|ya29/u);
});

test('keys/create is no key of that name, a key beside it is', () => {
  const base = '/v1/organizations/o/developers/d/apps/a/keys';

  expect(operationOf('POST', `${base}/create`)?.operation.id).toContain('keys.create.create');
  expect(operationOf('POST', `${base}/other`)?.operation.id).toContain('keys.updateDeveloperAppKey');
});

test('an answer has every int64 as text, and nothing that the document does not name', () => {
  const schema = 'GoogleCloudApigeeV1DeveloperAppKey';

  expect(bodyFault(schema, { issuedAt: '1' }, 'answer')).toBeUndefined();
  expect(bodyFault(schema, { issuedAt: 1 }, 'answer')).toContain('issuedAt');
  expect(bodyFault(schema, { secret: 'x' }, 'answer')).toContain('secret');
  expect(bodyFault(schema, { status: null }, 'answer')).toContain('status');
});
