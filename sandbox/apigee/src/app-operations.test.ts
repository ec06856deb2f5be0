import { expect, test } from 'vitest';
import * as z from 'zod';
import { app, appPath, simulatorUnderTest } from './simulator-under-test.ts';

const anyText: unknown = expect.any(String);

test('the app-level POST mints a key of its own and wipes what the request leaves out', async () => {
  const { manage, simulator } = await simulatorUnderTest();

  const answer = await manage('POST', appPath, {
    json: { apiProducts: ['orders-v1', 'payments-v1'], keyExpiresIn: '60000' },
  });

  expect(answer).toMatchObject({ status: 200, json: { credentials: [{}, {}] } });
  expect(simulator.app(app)).toMatchObject({ attributes: [], callbackUrl: '' });
  expect(simulator.keys(app)[1]).toMatchObject({
    status: 'approved',
    expiresAt: 1_800_000_060_000,
    products: [
      { name: 'orders-v1', status: 'approved' },
      { name: 'payments-v1', status: 'pending' },
    ],
  });
});

test('PUT on an app mints a key only when it names products, and wipes all the same', async () => {
  const { manage, simulator } = await simulatorUnderTest();

  await manage('PUT', appPath, { json: { name: app, callbackUrl: 'https://b.example' } });
  expect(simulator.keys(app)).toHaveLength(1);
  expect(simulator.app(app)).toMatchObject({ attributes: [], callbackUrl: 'https://b.example' });

  await manage('PUT', appPath, { json: { apiProducts: ['orders-v1'] } });
  expect(simulator.keys(app)).toHaveLength(2);
});

test('revokes and approves an app without minting anything', async () => {
  const { act, simulator } = await simulatorUnderTest();

  expect(await act(appPath, 'revoke')).toMatchObject({ status: 204, text: '' });
  expect(simulator.app(app).status).toBe('revoked');

  await act(appPath, 'approve');
  expect(simulator.app(app)).toMatchObject({ status: 'approved', attributes: [{ name: 'DisplayName' }] });
  expect(simulator.keys(app)).toHaveLength(1);
});

test('gives an app with its credentials, every int64 as text and nothing empty', async () => {
  const { manage } = await simulatorUnderTest();

  const { json } = await manage('GET', appPath);

  expect(json).toEqual({
    appId: anyText,
    appFamily: 'default',
    name: app,
    status: 'approved',
    attributes: [{ name: 'DisplayName', value: 'Orders' }],
    callbackUrl: 'https://orders.example.com/callback',
    developerId: anyText,
    createdAt: '1800000000000',
    lastModifiedAt: '1800000000000',
    credentials: [
      {
        consumerKey: 'hand-made',
        consumerSecret: 'typed-once',
        status: 'approved',
        apiProducts: [{ apiproduct: 'orders-v1', status: 'approved' }],
        issuedAt: '1800000000000',
        expiresAt: '-1',
      },
    ],
  });
});

test('credentials come in no order of age', async () => {
  const { manage } = await simulatorUnderTest();
  for (const consumerKey of ['a-second', 'z-third']) {
    await manage('POST', `${appPath}/keys/create`, { json: { consumerKey, consumerSecret: 's' } });
  }

  const { json } = await manage('GET', appPath);

  expect(json['credentials']).toMatchObject(
    ['a-second', 'hand-made', 'z-third'].map((consumerKey) => ({ consumerKey })),
  );
});

test('gives a developer by e-mail in lower case, or by id', async () => {
  const { manage } = await simulatorUnderTest();

  const byEmail = await manage('GET', '/developers/dev%40example.com');
  const byId = await manage('GET', `/developers/${String(byEmail.json['developerId'])}`);
  const inCapitals = await manage('GET', '/developers/Dev@example.com');

  expect(byEmail.json).toMatchObject({
    email: 'dev@example.com',
    status: 'active',
    apps: [app],
    organizationName: 'acme',
  });
  expect(byId.json).toEqual(byEmail.json);
  expect(inCapitals.status).toBe(404);
});

test('lists the apps of a developer by name, or whole when expanded', async () => {
  const { manage, simulator } = await simulatorUnderTest();
  simulator.seed({ developers: [{ email: 'dev@example.com', apps: [{ name: 'b' }, { name: 'a' }] }] });
  const apps = '/developers/dev@example.com/apps';

  const names = await manage('GET', apps);
  const rest = await manage('GET', `${apps}?count=1&startKey=b`);
  const whole = await manage('GET', `${apps}?expand=true`);
  const both = await manage('GET', `${apps}?expand=true&count=1`);

  expect(names.json).toEqual({ app: [{ appId: 'a' }, { appId: 'b' }, { appId: app }] });
  expect(rest.json).toEqual({ app: [{ appId: 'b' }] });
  expect(whole.json['app']).toMatchObject([
    { name: 'a' },
    { name: 'b' },
    { credentials: [{ consumerKey: 'hand-made' }] },
  ]);
  expect(both.status).toBe(400);
});

test('finds the app that has a key, in the whole organization', async () => {
  const { manage } = await simulatorUnderTest();

  const found = await manage('GET', '/apps?filter=consumerKey%3Dhand-made&expand=true&includeCred=true');
  const bare = await manage('GET', '/apps?filter=consumerKey%3Dhand-made');
  const none = await manage('GET', '/apps?filter=consumerKey%3Dabsent&expand=true');

  expect(found.json['app']).toMatchObject([
    { name: app, developerEmail: 'dev@example.com', credentials: [{ consumerKey: 'hand-made' }] },
  ]);
  expect(bare.json).toEqual({ app: [{ appId: anyText }] });
  expect(none).toMatchObject({ status: 200, text: '{}' });
});

test('leaves credentials out of the organization list unless they are asked for', async () => {
  const { manage } = await simulatorUnderTest();

  const { json } = await manage('GET', '/apps?filter=developerEmail%3Ddev@example.com&expand=true');

  expect(json['app']).toMatchObject([{ name: app }]);
  expect(JSON.stringify(json)).not.toContain('hand-made');
});

const Page = z.object({ app: z.array(z.object({ appId: z.string() })), nextPageToken: z.string().optional() });

test('pages through the apps of the organization', async () => {
  const { manage, simulator } = await simulatorUnderTest();
  simulator.seed({
    developers: [{ email: 'many@example.com', apps: [{ name: 'm1' }, { name: 'm2' }, { name: 'm3' }] }],
  });
  const page = async (token = '') => Page.parse((await manage('GET', `/apps?pageSize=2&pageToken=${token}`)).json);

  const first = await page();
  const second = await page(first.nextPageToken);
  const last = await page(second.nextPageToken);

  expect(new Set([first, second, last].flatMap(({ app: apps }) => apps.map(({ appId }) => appId))).size).toBe(5);
  expect([second.app.length, last.app.length, last.nextPageToken]).toEqual([2, 1, undefined]);
  expect((await manage('GET', '/apps?pageToken=forged')).status).toBe(400);
});

test('gives an app by its id', async () => {
  const { manage, simulator } = await simulatorUnderTest();

  const found = await manage('GET', `/apps/${simulator.app(app).appId}`);

  expect(found.json).toMatchObject({ name: app, developerEmail: 'dev@example.com' });
  expect((await manage('GET', '/apps/unknown')).status).toBe(404);
});

test.each(['consumerKey', 'secret=x', 'consumerKey=a AND status=b'])('refuses the filter %s', async (filter) => {
  const { manage } = await simulatorUnderTest();

  expect((await manage('GET', `/apps?filter=${encodeURIComponent(filter)}`)).status).toBe(400);
});
