import { expect, test } from 'vitest';
import { app, appPath, send, simulatorUnderTest, type UnderTest } from './simulator-under-test.ts';

const post = ({ simulator }: UnderTest, path: string, body: unknown, headers = {}) =>
  send(`${simulator.controlUrl}/_control/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
const get = ({ simulator }: UnderTest, path: string) => send(`${simulator.controlUrl}/_control/${path}`);

test('another process seeds, reads keys and acts by hand', async () => {
  const underTest = await simulatorUnderTest();
  const key = {
    consumerKey: 'k',
    consumerSecret: 's',
    products: ['orders-v1', { name: 'payments-v1', status: 'pending' }],
  };

  await post(underTest, 'seed', { developers: [{ email: 'new@example.com', apps: [{ name: 'new', keys: [key] }] }] });
  await post(underTest, 'hand/key-status', { app: 'new', consumerKey: 'k', status: 'revoked' });
  await post(underTest, 'hand/product-status', {
    app: 'new',
    consumerKey: 'k',
    product: 'payments-v1',
    status: 'approved',
  });
  await post(underTest, 'hand/remove-product', { app: 'new', consumerKey: 'k', product: 'orders-v1' });
  await post(underTest, 'hand/key-attributes', {
    app: 'new',
    consumerKey: 'k',
    attributes: [{ name: 'a', value: 'b' }],
  });
  await post(underTest, 'hand/app-status', { app: { developer: 'new@example.com', app: 'new' }, status: 'revoked' });
  await post(underTest, 'hand/add-key', { app: 'new', key: { consumerKey: 'k2', consumerSecret: 's' } });
  await post(underTest, 'hand/add-key', { app: 'new', key: { consumerKey: 'k3', consumerSecret: 's' } });
  await post(underTest, 'hand/delete-key', { app: 'new', consumerKey: 'k3' });

  const keys = await get(underTest, 'keys?app=new&developer=new@example.com');
  expect(JSON.parse(keys.text)).toMatchObject([
    {
      consumerKey: 'k',
      status: 'revoked',
      products: [{ name: 'payments-v1', status: 'approved' }],
      attributes: [{ name: 'a' }],
    },
    { consumerKey: 'k2', status: 'approved' },
  ]);
  expect(keys.text).not.toContain('consumerSecret');
  expect(await get(underTest, 'app?app=new')).toMatchObject({
    json: { status: 'revoked', owner: { developer: 'new@example.com' } },
  });
});

test('another process injects a fault, sees it, clears it and reads the log', async () => {
  const underTest = await simulatorUnderTest();
  const fault = { surface: 'management', times: 'always', answer: { kind: 'status', status: 503 } };

  const { json } = await post(underTest, 'faults', fault);
  expect((await underTest.manage('GET', appPath)).status).toBe(503);
  expect(JSON.parse((await get(underTest, 'faults')).text)).toEqual([{ ...json, hits: 1, fault }]);

  await post(underTest, 'faults/clear', json);
  expect((await underTest.manage('GET', appPath)).status).toBe(200);
  expect(JSON.parse((await get(underTest, 'requests')).text)).toMatchObject([{ status: 503 }, { status: 200 }]);
});

test('another process gets a management token and ends it', async () => {
  const underTest = await simulatorUnderTest();
  const { json } = await post(underTest, 'access-tokens', {});
  const headers = { authorization: `Bearer ${String(json['token'])}` };

  expect((await underTest.manage('GET', appPath, { headers })).status).toBe(200);
  await post(underTest, 'access-tokens/revoke', json);
  expect((await underTest.manage('GET', appPath, { headers })).status).toBe(401);
});

test('keeps web pages and other host names out', async () => {
  const underTest = await simulatorUnderTest();
  const fault = { surface: 'management', answer: { kind: 'reset' } };

  const refused = [
    await post(underTest, 'faults', fault, { origin: 'https://evil.example' }),
    await post(underTest, 'faults', fault, { host: 'evil.example' }),
    await post(underTest, 'faults', fault, { 'content-type': 'text/plain' }),
  ];

  expect(refused.map(({ status }) => status)).toEqual([403, 403, 403]);
  expect(await underTest.manage('GET', appPath)).toMatchObject({ status: 200 });
});

test.each([
  ['faults', { surface: 'elsewhere', answer: { kind: 'reset' } }, 400],
  ['faults', { surface: 'management', answer: { kind: 'reset' }, colour: 'blue' }, 400],
  ['faults', { surface: 'management', path: '(', answer: { kind: 'reset' } }, 400],
  ['hand/key-status', { app, consumerKey: 'unknown', status: 'revoked' }, 400],
  ['hand/app-status', { app: 'unknown', status: 'revoked' }, 400],
  ['seed', { developers: [{ email: 'Upper@example.com' }] }, 400],
  ['elsewhere', {}, 404],
])('refuses %s with %j', async (path, body, status) => {
  const underTest = await simulatorUnderTest();

  expect((await post(underTest, path, body)).status).toBe(status);
});
