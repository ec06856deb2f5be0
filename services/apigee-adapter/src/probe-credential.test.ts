import type { ProbeConfig } from '@keyturn/config/config';
import { loopbackServer, type Received, type Reply } from '@keyturn/http/loopback-server';
import { credential } from '@keyturn/rotation/credential';
import { expect, onTestFinished, test } from 'vitest';

import { chooseProbe, probeCredential } from './probe-credential.ts';

const key = credential('the-key', 'the-secret');

async function setUp(reply: (request: Received, earlier: number) => Reply, change: Partial<ProbeConfig> = {}) {
  const server = await loopbackServer(reply);
  onTestFinished(() => server.close());
  const probe: ProbeConfig = {
    id: 'orders',
    products: [],
    targets: [],
    url: 'gateway',
    path: '/orders/1',
    method: 'GET',
    send: { as: 'header', name: 'x-apikey' },
    expect: [200],
    ...change,
  };
  const http = {
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    random: () => 0,
    allowHttp: ['127.0.0.1'],
    timeoutMs: 200,
    retries: 1,
  };
  const config = { urls: { gateway: `${server.url}/base` } };
  return { server, run: () => probeCredential(probe, key, { config, http }) };
}

const fault = (errorcode: string, status = 401): Reply => ({
  status,
  body: JSON.stringify({ fault: { faultstring: 'said', detail: { errorcode } } }),
});
const clientCredentials = { as: 'clientCredentials', tokenPath: '/oauth/token' } as const;
const granted = (clientId = 'the-key'): Reply => ({
  status: 200,
  body: JSON.stringify({ access_token: 'a-token', client_id: clientId, expires_in: '3599' }),
});

test('sends the key where the probe says, and nowhere else', async () => {
  const inHeader = await setUp(() => ({ status: 200 }));
  const inQuery = await setUp(() => ({ status: 200 }), { send: { as: 'query', name: 'apikey' } });

  expect(await inHeader.run()).toEqual({ outcome: 'accepted' });
  expect(await inQuery.run()).toEqual({ outcome: 'accepted' });

  expect(inHeader.server.received[0]).toMatchObject({ url: '/base/orders/1', headers: { 'x-apikey': 'the-key' } });
  expect(inQuery.server.received[0]).toMatchObject({ url: '/base/orders/1?apikey=the-key' });
  expect(inQuery.server.received[0]?.headers['x-apikey']).toBeUndefined();
});

test('exchanges key and secret for a token, and calls with it', async () => {
  const { server, run } = await setUp(({ url }) => (url === '/base/oauth/token' ? granted() : { status: 200 }), {
    send: clientCredentials,
  });

  expect(await run()).toEqual({ outcome: 'accepted' });

  const basic = `Basic ${Buffer.from('the-key:the-secret').toString('base64')}`;
  expect(server.received).toMatchObject([
    {
      method: 'POST',
      url: '/base/oauth/token',
      body: 'grant_type=client_credentials',
      headers: { authorization: basic },
    },
    { method: 'GET', url: '/base/orders/1', headers: { authorization: 'Bearer a-token' } },
  ]);
});

test('makes each request on a connection of its own', async () => {
  const { server, run } = await setUp(() => ({ status: 200 }));

  for (let time = 0; time < 3; time += 1) await run();

  expect(server.received.map(({ connection }) => connection)).toEqual([1, 2, 3]);
});

test.each([
  ['oauth.v2.InvalidApiKey', 'unknown-key'],
  ['oauth.v2.InvalidApiKeyForGivenResource', 'not-entitled'],
  ['oauth.v2.ApiKeyNotApproved', 'switched-off'],
  ['keymanagement.service.consumer_key_expired', 'switched-off'],
  ['keymanagement.service.consumer_key_missing_api_product_association', 'not-entitled'],
  ['keymanagement.service.invalid_client-app_not_approved', 'switched-off'],
  ['keymanagement.service.DeveloperStatusNotActive', 'switched-off'],
  ['keymanagement.service.CompanyStatusNotActive', 'switched-off'],
  ['oauth.v2.InvalidClientIdentifier', 'unknown-key'],
  ['oauth.v2.InvalidAccessToken', 'unknown-token'],
  ['keymanagement.service.invalid_access_token', 'unknown-token'],
  ['keymanagement.service.access_token_expired', 'unknown-token'],
  ['keymanagement.service.InvalidAPICallAsNoApiProductMatchFound', 'not-entitled'],
  ['steps.oauth.v2.InsufficientScope', 'not-entitled'],
])('reads the fault %s as %s, with any status of a refusal', async (code, refusal) => {
  for (const status of [400, 401, 403]) {
    const { run } = await setUp(() => fault(code, status));

    expect(await run()).toEqual({ outcome: 'rejected', refusal, code });
  }
});

test.each<[string, Reply, string]>([
  [
    'a token policy',
    { status: 401, body: '{"ErrorCode":"invalid_client","Error":"ClientId is Invalid"}' },
    'unknown-key',
  ],
  ['RFC 6749', { status: 401, body: '{"error":"invalid_client"}' }, 'unknown-key'],
])('reads the words of %s', async (_, reply, refusal) => {
  const { run } = await setUp(() => reply, { send: clientCredentials });

  expect(await run()).toEqual({ outcome: 'rejected', refusal, code: 'invalid_client' });
});

test.each<Reply>([
  { status: 401, body: '<html>no</html>' },
  { status: 401 },
  { status: 401, body: '{"error":"the-key"}' },
  fault('custom.the-key'),
])('prints the status where a proxy has words of its own: %j', async (reply) => {
  const { run } = await setUp(() => reply);

  expect(await run()).toEqual({ outcome: 'rejected', refusal: 'other', code: 'status-401' });
});

test.each(['steps.oauth.v2.FailedToResolveAPIKey', 'steps.oauth.v2.FailedToResolveClientId'])(
  '%s means that the probe has to be changed',
  async (code) => {
    const { run } = await setUp(() => fault(code));

    await expect(run()).rejects.toMatchObject({ reason: 'misconfigured', field: 'probes.orders' });
  },
);

test.each([400, 404, 405])('an answer %i says nothing about the key', async (status) => {
  const { run } = await setUp(() => fault('messaging.adaptors.http.flow.ApplicationNotFound', status));

  await expect(run()).rejects.toMatchObject({ reason: 'misconfigured', field: 'probes.orders' });
});

test.each<Reply>([
  { status: 500 },
  { status: 503, body: '<html>' },
  { status: 429 },
  'hang',
  'reset',
  fault('oauth.v2.InvalidApiKey', 500),
])('trouble of the gateway is none of the key: %j', async (reply) => {
  const { run } = await setUp(() => reply);

  await expect(run()).rejects.toMatchObject({ name: 'TransientError' });
});

test('accepts what the probe expects, and only that', async () => {
  const { run } = await setUp(() => ({ status: 404, body: '{}' }), { expect: [200, 404] });
  const other = await setUp(() => ({ status: 204 }), { expect: [200] });

  expect(await run()).toEqual({ outcome: 'accepted' });
  await expect(other.run()).rejects.toMatchObject({ reason: 'misconfigured' });
});

test.each<[string, Reply, string | undefined]>([
  ['for another key', granted('another'), 'client_id'],
  ['for nobody', { status: 200, body: '{"access_token":"t"}' }, 'client_id'],
  ['that is none', { status: 200, body: '{"client_id":"the-key"}' }, 'access_token'],
  ['in a page', { status: 200, body: '<html>' }, 'answer'],
])('refuses a token %s, and calls nobody with it', async (_, reply, field) => {
  const { server, run } = await setUp(() => reply, { send: clientCredentials });

  await expect(run()).rejects.toMatchObject({ reason: 'provider-answer', field });

  expect(server.received).toHaveLength(1);
});

test('follows no redirect with the key', async () => {
  const elsewhere = await setUp(() => ({ status: 200 }));
  const { run } = await setUp(() => ({ status: 302, headers: { location: elsewhere.server.url } }));

  await expect(run()).rejects.toMatchObject({ reason: 'provider-answer' });

  expect(elsewhere.server.received).toEqual([]);
});

test.each<[string, string[], string, string | undefined]>([
  ['by a product of the key', ['z'], 'companies/acme/apps/a', 'b'],
  ['the first of several that fit', ['y', 'x'], 'companies/acme/apps/a', 'a'],
  ['by the whole target', ['w'], 'companies/acme/apps/orders', 'c'],
  ['not by a part of one', ['w'], 'companies/acme/apps/orders 2', 'e'],
  ['by the beginning of the target', ['w'], 'appgroups/acme/apps/a', 'c'],
  ['by product or target, whatever comes first', ['v'], 'appgroups/acme/apps/a', 'c'],
  ['by a product where the target is another one', ['v'], 'developers/a@b.c/apps/a', 'd'],
  ['for all, where it names neither', [], 'developers/a@b.c/apps/a', 'e'],
])('chooses a probe %s', (_, products, target, id) => {
  const probe = (id: string, names: readonly string[], targets: readonly string[] = []) =>
    ({ id, products: names, targets }) as ProbeConfig;
  const probes = [
    probe('a', ['x']),
    probe('b', ['y', 'z']),
    probe('c', [], ['companies/acme/apps/orders', 'appgroups/acme/*']),
    probe('d', ['v'], ['companies/other/*']),
    probe('e', []),
    probe('f', ['z']),
  ];

  expect(chooseProbe(probes, { products, target })?.id).toBe(id);
  expect(chooseProbe(probes.slice(0, 4), { products, target })?.id).toBe(id === 'e' ? undefined : id);
});
