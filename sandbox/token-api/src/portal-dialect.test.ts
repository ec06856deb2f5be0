import { expect, test } from 'vitest';

import type { PortalOptions } from './simulator.ts';
import { type Got, worldUnderTest } from './world-under-test.ts';

const keys = '/api/apps/orders/keys';

function setUp(portal: PortalOptions = {}) {
  const under = worldUnderTest({ dialect: 'portal', portal });
  under.world.addTarget('orders');
  const login = async (more: Record<string, string> = {}) => {
    const page = await under.manage('GET /login');
    const [, csrf_token = ''] = /name="csrf_token" value="([^"]+)"/u.exec(page.text) ?? [];
    const form = { ...under.world.admin(), csrf_token, ...more };
    return under.manage('POST /login', { headers: { cookie: cookies(page) }, form });
  };
  const session = async () => {
    const entered = await login();
    const cookie = cookies(entered);
    return { cookie, 'x-xsrf-token': /XSRF-TOKEN=([^;]+)/u.exec(cookie)?.[1] ?? '' };
  };
  return { ...under, login, session };
}

const cookies = ({ headers }: Got) =>
  [headers['set-cookie'] ?? []]
    .flat()
    .map((one) => one.split(';')[0])
    .join('; ');

test('a session makes, lists and deletes keys, of which the app has two at most', async () => {
  const { manage, session, world, use } = setUp();
  const old = world.handMade({ target: 'orders' });
  const headers = await session();

  const made = await manage(`POST ${keys}`, { headers, json: { label: 'mine' } });
  const full = await manage(`POST ${keys}`, { headers, json: {} });
  const listed = await manage(`GET ${keys}`, { headers });
  const gone = await manage(`DELETE ${keys}/${old.keyId}`, { headers });

  const { clientId = '', clientSecret = '' } = made.json['key'] as Record<string, string>;
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  expect([made.status, full.status, gone.status]).toEqual([201, 409, 204]);
  expect(listed.json).toMatchObject({ keys: [{ clientId: old.keyId }, { clientId, label: 'mine' }] });
  expect(listed.text).not.toContain(clientSecret);
  expect((await use('GET /orders', { headers: { authorization: `Basic ${basic}` } })).status).toBe(200);
  expect((await use('GET /orders', { headers: { 'x-api-key': clientSecret } })).status).toBe(200);
  expect((await use('GET /orders', { headers: { 'x-api-key': old.secret } })).status).toBe(401);
});

test.for([
  ['redirect', 302],
  ['page', 200],
  [401, 401],
  [403, 403],
] as const)('without a living session a request meets %s', async ([withoutSession, status]) => {
  const { manage, session, wait } = setUp({ withoutSession, sessionSeconds: 60 });
  const headers = await session();

  const alive = await manage(`GET ${keys}`, { headers });
  wait(60_000);
  const dead = await manage(`GET ${keys}`, { headers });

  expect([alive.status, dead.status]).toEqual([200, status]);
  expect(dead.text).not.toContain('"keys"');
});

test('a write without the token of its session is forged', async () => {
  const { manage, session, world } = setUp();
  const { cookie } = await session();

  const forged = await manage(`POST ${keys}`, { headers: { cookie }, json: {} });

  expect(forged.status).toBe(403);
  expect(world.stored('orders')).toEqual([]);
});

test('wrong passwords get the form again, and lock the account', async () => {
  const { login, world } = setUp({ lockAfter: 2 });

  const wrong = [await login({ password: 'wrong' }), await login({ password: 'wrong' })];
  const locked = await login();
  world.hand.unlock();
  const right = await login();

  expect(wrong.map(({ status }) => status)).toEqual([200, 200]);
  expect(wrong[0]?.text).toContain('Wrong user name or password');
  expect(locked).toMatchObject({ status: 200 });
  expect(locked.text).toContain('locked');
  expect(right).toMatchObject({ status: 302, headers: { location: '/apps' } });
});

test('a login without its token against forgery, or with an old password, is none', async () => {
  const { login, world } = setUp();
  const { username = '', password = '' } = world.admin();

  const forged = await login({ csrf_token: 'guessed' });
  world.hand.changeAdmin();
  const old = await login({ username, password });

  expect([forged.status, old.status]).toEqual([403, 200]);
});

test('who may not change an app is refused, and what does not exist is not found', async () => {
  const { manage, session, world } = setUp();
  const headers = await session();

  const nowhere = await manage('GET /api/apps/nowhere/keys', { headers });
  world.hand.restrict(['read']);
  const reader = await manage(`POST ${keys}`, { headers, json: {} });
  world.hand.endSessions();
  const ended = await manage(`GET ${keys}`, { headers });

  expect([nowhere.status, reader.status, ended.status]).toEqual([404, 403, 302]);
});

test('a label is changed, and nothing else of the key', async () => {
  const { manage, session, world } = setUp();
  const made = world.handMade({ target: 'orders', name: 'mine' });
  const headers = await session();

  const changed = await manage(`PUT ${keys}/${made.keyId}`, { headers, json: { label: 'yours' } });

  expect(changed.status).toBe(200);
  expect(world.stored('orders')).toEqual([{ ...made, name: 'yours' }]);
});

test('knows no labels where it has none', async () => {
  const { manage, session } = setUp({ labels: false });
  const headers = await session();

  await manage(`POST ${keys}`, { headers, json: { label: 'mine' } });
  const { text } = await manage(`GET ${keys}`, { headers });

  expect(text).not.toContain('label');
});
