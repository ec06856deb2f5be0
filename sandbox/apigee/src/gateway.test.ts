import { expect, test } from 'vitest';
import { app, appPath, faultOf, send, simulatorUnderTest } from './simulator-under-test.ts';

const withKey = (key: string) => ({ headers: { 'x-apikey': key } });

test('takes the key in the header or in the query, on the path of its product and below', async () => {
  const { simulator } = await simulatorUnderTest();

  const header = await send(`${simulator.gatewayUrl}/orders`, withKey('hand-made'));
  const query = await send(`${simulator.gatewayUrl}/orders/42?apikey=hand-made`);

  expect(header).toMatchObject({ status: 200, json: { app, path: '/orders' } });
  expect(query).toMatchObject({ status: 200, json: { path: '/orders/42' } });
});

test('the nodes behind the one URL take requests in turn, and each can be called by itself', async () => {
  const { simulator } = await simulatorUnderTest();
  const nodeOf = async (url: string) => (await send(`${url}/orders`, withKey('hand-made'))).json['node'];

  const inTurn = [];
  for (let n = 0; n < 4; n += 1) {
    inTurn.push(await nodeOf(simulator.gatewayUrl));
  }

  expect(inTurn).toEqual([0, 1, 2, 0]);
  expect(await Promise.all(simulator.nodeUrls.map(nodeOf))).toEqual([0, 1, 2]);
});

test.each([
  ['no key', '/orders', {}, 401, 'steps.oauth.v2.FailedToResolveAPIKey'],
  ['an unknown key', '/orders', withKey('unknown'), 401, 'oauth.v2.InvalidApiKey'],
  ["another product's path", '/invoices', withKey('hand-made'), 401, 'oauth.v2.InvalidApiKeyForGivenResource'],
  ['a path of no product', '/ordersx', withKey('hand-made'), 404, 'messaging.adaptors.http.flow.ApplicationNotFound'],
])('refuses %s', async (_, path, sent, status, code) => {
  const { simulator } = await simulatorUnderTest();

  const answer = await send(`${simulator.gatewayUrl}${path}`, sent);

  expect(answer.status).toBe(status);
  expect(faultOf(answer)).toBe(code);
});

test('says why it refuses a key that it knows', async () => {
  const { simulator, wait } = await simulatorUnderTest();
  const { hand } = simulator;
  const seen = async () => faultOf(await send(`${simulator.gatewayUrl}/orders`, withKey('k')));
  const key = { consumerKey: 'k', consumerSecret: 's', expiresAt: 1_800_000_000_000 + 60_000 };

  hand.addKey(app, key);
  expect(await seen()).toBe('keymanagement.service.consumer_key_missing_api_product_association');

  hand.setProductStatus(app, 'k', 'orders-v1', 'pending');
  expect(await seen()).toBe('oauth.v2.InvalidApiKeyForGivenResource');

  hand.setProductStatus(app, 'k', 'orders-v1', 'approved');
  expect(await seen()).toBeUndefined();

  hand.setDeveloperStatus('dev@example.com', 'inactive');
  expect(await seen()).toBe('keymanagement.service.DeveloperStatusNotActive');

  hand.setAppStatus(app, 'revoked');
  expect(await seen()).toBe('keymanagement.service.invalid_client-app_not_approved');

  wait(60_000);
  expect(await seen()).toBe('keymanagement.service.consumer_key_expired');

  hand.setKeyStatus(app, 'k', 'revoked');
  expect(await seen()).toBe('oauth.v2.ApiKeyNotApproved');

  hand.deleteKey(app, 'k');
  expect(await seen()).toBe('oauth.v2.InvalidApiKey');
});

test('a key of keys/create calls nothing until a product is attached', async () => {
  const { simulator, manage } = await simulatorUnderTest();
  const call = () => send(`${simulator.gatewayUrl}/orders`, withKey('k'));

  await manage('POST', `${appPath}/keys/create`, { json: { consumerKey: 'k', consumerSecret: 's' } });
  expect((await call()).status).toBe(401);

  await manage('POST', `${appPath}/keys/k`, { json: { apiProducts: ['orders-v1'] } });
  expect((await call()).status).toBe(200);
});

const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});
const form = { 'content-type': 'application/x-www-form-urlencoded' };
const credentials = (id: string, secret: string) => ({
  method: 'POST',
  headers: { ...form, ...basic(id, secret) },
  body: 'grant_type=client_credentials',
});

test('client credentials give a token whose numbers are texts, and the token calls the API on every node', async () => {
  const { simulator } = await simulatorUnderTest({ gatewayTokenSeconds: 60 });

  const { status, json } = await send(`${simulator.gatewayUrl}/oauth/token`, credentials('hand-made', 'typed-once'));

  expect({ status, json }).toMatchObject({
    status: 200,
    json: {
      client_id: 'hand-made',
      token_type: 'BearerToken',
      expires_in: '60',
      issued_at: '1800000000000',
      api_product_list: '[orders-v1]',
      application_name: simulator.app(app).appId,
    },
  });
  const headers = { authorization: `Bearer ${String(json['access_token'])}` };
  for (const url of simulator.nodeUrls) {
    expect((await send(`${url}/orders`, { headers })).status).toBe(200);
  }
  expect(faultOf(await send(`${simulator.gatewayUrl}/invoices`, { headers }))).toBe(
    'keymanagement.service.InvalidAPICallAsNoApiProductMatchFound',
  );
});

test('takes the pair in the form, too, and the grant type in the query', async () => {
  const { simulator } = await simulatorUnderTest();
  const body = 'client_id=hand-made&client_secret=typed-once';

  const answer = await send(
    `${simulator.gatewayUrl}/oauth/client_credential/accesstoken?grant_type=client_credentials`,
    { method: 'POST', headers: form, body },
  );

  expect(answer).toMatchObject({ status: 200, json: { client_id: 'hand-made' } });
});

test('refuses a wrong pair in either of the two shapes that occur', async () => {
  const { simulator } = await simulatorUnderTest();
  const url = `${simulator.gatewayUrl}/oauth/token`;

  const unknown = await send(url, credentials('unknown', 'typed-once'));
  const wrong = await send(url, credentials('hand-made', 'wrong'));
  const missing = await send(url, { method: 'POST', headers: form, body: 'grant_type=client_credentials' });
  const other = await send(url, { ...credentials('hand-made', 'typed-once'), body: 'grant_type=password' });

  expect(unknown).toMatchObject({ status: 401, json: { ErrorCode: 'invalid_client', Error: 'ClientId is Invalid' } });
  expect([wrong.status, faultOf(wrong)]).toEqual([401, 'oauth.v2.InvalidClientIdentifier']);
  expect([missing.status, faultOf(missing)]).toEqual([401, 'steps.oauth.v2.FailedToResolveClientId']);
  expect(other).toMatchObject({ status: 400, json: { ErrorCode: 'invalid_request' } });
});

test('a token ends with its lifetime, and with the key behind it', async () => {
  const { simulator, wait } = await simulatorUnderTest({ gatewayTokenSeconds: 60 });
  const tokenOf = async () => {
    const { json } = await send(`${simulator.gatewayUrl}/oauth/token`, credentials('hand-made', 'typed-once'));
    return { headers: { authorization: `Bearer ${String(json['access_token'])}` } };
  };
  const call = async (sent: { headers: Record<string, string> }) =>
    faultOf(await send(`${simulator.gatewayUrl}/orders`, sent));
  const first = await tokenOf();

  wait(60_000);
  expect(await call(first)).toBe('keymanagement.service.access_token_expired');

  const second = await tokenOf();
  simulator.hand.setKeyStatus(app, 'hand-made', 'revoked');
  expect(await call(second)).toBe('oauth.v2.ApiKeyNotApproved');

  simulator.hand.deleteKey(app, 'hand-made');
  expect(await call(second)).toBe('oauth.v2.InvalidAccessToken');
  expect(await call({ headers: { authorization: 'Bearer unknown' } })).toBe(
    'keymanagement.service.invalid_access_token',
  );
});
