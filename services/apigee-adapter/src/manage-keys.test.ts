import { apigeeSimulator } from '@keyturn/apigee-simulator/apigee-simulator';
import type { HttpOptions } from '@keyturn/http/http-exchange';
import { loopbackServer, type Received, type Reply } from '@keyturn/http/loopback-server';
import { hidden } from '@keyturn/rotation/hidden';
import { expect, onTestFinished, test } from 'vitest';

import { serviceAccountToken } from './access-token.ts';
import type { Authorize } from './authorize.ts';
import { flavours } from './flavour.ts';
import { manageKeys } from './manage-keys.ts';
import { managementApi } from './management-api.ts';
import { checkAndCount } from './simulated-apigee.conformance.ts';

const http: HttpOptions = {
  clock: { now: () => Date.now(), sleep: () => Promise.resolve() },
  random: () => 0,
  allowHttp: ['127.0.0.1'],
  retries: 0,
  timeoutMs: 2000,
};
const always: Authorize = () => Promise.resolve(hidden('Bearer a-token'));
const owner = { kind: 'developers', name: 'dev@x.io' } as const;
const ref = { owner, app: "a b/c'", keyId: hidden('odd/key?1') };
const path = "/v1/organizations/acme/developers/dev%40x.io/apps/a%20b%2Fc'";

async function setUp(reply: (request: Received, earlier: number) => Reply, authorize = always) {
  const server = await loopbackServer((request, earlier) => {
    checkAndCount(request);
    return reply(request, earlier);
  });
  onTestFinished(() => server.close());
  const config = { managementUrl: `${server.url}/v1`, organization: 'acme' };
  return { server, keys: manageKeys(managementApi({ config, flavour: flavours.x, authorize, http }), flavours.x) };
}

const answer = (body: unknown, status = 200): Reply => ({ status, body: JSON.stringify(body) });
const key = { consumerKey: 'odd/key?1', consumerSecret: 's', status: 'approved' };

test('encodes every segment of a path', async () => {
  const { keys, server } = await setUp(() => answer(key));

  await keys.get(ref);

  expect(server.received[0]).toMatchObject({ method: 'GET', url: `${path}/keys/odd%2Fkey%3F1` });
  expect(server.received[0]?.headers.authorization).toBe('Bearer a-token');
});

test('reads 64-bit numbers that come as texts, and takes -1, 0 and nothing for never', async () => {
  const { keys } = await setUp((_, earlier) =>
    answer({
      ...key,
      issuedAt: '1737545929988',
      expiresAt: ['1769081929988', '-1', '0', undefined, 1769081929988][earlier],
    }),
  );

  const read = [
    await keys.get(ref),
    await keys.get(ref),
    await keys.get(ref),
    await keys.get(ref),
    await keys.get(ref),
  ];

  const times = read.map((one) => (one === 'no-key' ? one : [one.issuedAt, one.expiresAt]));
  expect(times).toEqual([
    [1737545929988, 1769081929988],
    [1737545929988, undefined],
    [1737545929988, undefined],
    [1737545929988, undefined],
    [1737545929988, 1769081929988],
  ]);
});

test.each([
  ['a time that is none', { ...key, issuedAt: 'yesterday' }, 'issuedAt'],
  ['a key without its secret', { consumerKey: 'k', status: 'approved' }, 'consumerSecret'],
  ['products by name alone', { ...key, apiProducts: ['p'] }, 'apiProducts.0'],
  ['another key', { ...key, consumerKey: 'other' }, 'consumerKey'],
  ['a list', [key], 'answer'],
])('refuses %s', async (_, body, field) => {
  const { keys } = await setUp(() => answer(body));

  await expect(keys.get(ref)).rejects.toMatchObject({ reason: 'provider-answer', field });
});

test('looks in the app where a missing key is not told in words that it knows', async () => {
  const notFound = answer({ error: { code: 404, message: 'not found', status: 'NOT_FOUND' } }, 404);
  const app = { name: 'a', status: 'approved' };
  const withKey = await setUp(({ url }) =>
    url.includes('/keys/') ? notFound : answer({ ...app, credentials: [key] }),
  );
  const without = await setUp(({ url }) => (url.includes('/keys/') ? notFound : answer(app)));

  expect(await withKey.keys.get(ref)).toMatchObject({ approved: true });
  expect(await without.keys.get(ref)).toBe('no-key');
});

test('finds the app of a key by a filter, and believes only an app that shows the key', async () => {
  const shows = { name: 'shows', status: 'approved', developerEmail: 'd@x.io', credentials: [key] };
  const { keys, server } = await setUp(({ url }) => {
    if (url.includes('?filter=')) return answer({ app: [{ appId: 'id-1' }, { appId: 'id-2' }] });
    return answer(url.endsWith('/apps/id-2') ? shows : { ...shows, name: 'hides', credentials: [] });
  });

  const found = await keys.appWith(ref.keyId);

  expect(found).toMatchObject({ name: 'shows', owner: { kind: 'developers', name: 'd@x.io' } });
  expect(server.received[0]?.url).toBe('/v1/organizations/acme/apps?filter=consumerKey%3Dodd%2Fkey%3F1');
});

test('asks for a new token once after a 401, and gives up after the second', async () => {
  const tokens = ['Bearer old', 'Bearer new'];
  const given: (string | undefined)[] = [];
  const authorize: Authorize = (refused) => {
    given.push(refused?.reveal());
    return Promise.resolve(hidden(tokens[refused === undefined ? 0 : 1] ?? ''));
  };
  const heals = await setUp(
    ({ headers }) => (headers.authorization === 'Bearer new' ? answer(key) : answer({}, 401)),
    authorize,
  );
  const stays = await setUp(() => answer({ error: { code: 401, status: 'UNAUTHENTICATED' } }, 401), authorize);

  await heals.keys.get(ref);
  await expect(stays.keys.get(ref)).rejects.toMatchObject({ reason: 'access-denied', field: 'adminSecret' });

  expect(given).toEqual([undefined, 'Bearer old', undefined, 'Bearer old']);
  expect(stays.server.received).toHaveLength(2);
});

test('goes on with the new key that an administrator put into the secret', async () => {
  const apigee = await apigeeSimulator();
  onTestFinished(() => apigee.close());
  apigee.seed({ developers: [{ email: 'dev@x.io', apps: [{ name: 'a' }] }] });
  const secrets = {
    value: () => Promise.resolve({ versionId: 'v', text: hidden(JSON.stringify(apigee.serviceAccount)), createdAt: 0 }),
  };
  const { managementUrl, organization, tokenUrl } = apigee;
  const authorize = serviceAccountToken({ secrets, adminSecret: 'apigee/admin', tokenUrl, http });
  const keys = manageKeys(
    managementApi({ config: { managementUrl, organization }, flavour: flavours.x, authorize, http }),
    flavours.x,
  );
  await keys.app({ owner, app: 'a' });

  apigee.revokeAccessToken();

  await expect(keys.app({ owner, app: 'a' })).resolves.toMatchObject({ name: 'a' });
});

test('permission comes before existence: another organization is a matter of access', async () => {
  const apigee = await apigeeSimulator();
  onTestFinished(() => apigee.close());
  const authorize = () => Promise.resolve(hidden(`Bearer ${apigee.accessToken()}`));
  const config = { managementUrl: apigee.managementUrl, organization: 'elsewhere' };
  const keys = manageKeys(managementApi({ config, flavour: flavours.x, authorize, http }), flavours.x);

  await expect(keys.app({ owner, app: 'a' })).rejects.toMatchObject({ reason: 'access-denied' });
});
