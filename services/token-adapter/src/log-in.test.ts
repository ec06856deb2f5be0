import { inspect } from 'node:util';

import { hidden } from '@keyturn/rotation/hidden';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { tokenApiSimulator } from '@keyturn/token-api-simulator/token-api-simulator';
import type { PortalOptions } from '@keyturn/token-api-simulator/simulator';
import { token as tokenSchema } from '@keyturn/config/token-config';
import { expect, onTestFinished, test } from 'vitest';

import { signInBy } from './sign-in.ts';
import { tokenProvider } from './token-provider.ts';

const mark = formatMark(markOf('arn:aws:secretsmanager:eu-west-1:111122223333:secret:o/k-AbCdEf', 'v1', 'test'));
const wish = { target: 'orders', mark, like: undefined, entitlements: [] };

const description = {
  model: 'two-slot',
  longestLabel: 150,
  auth: {
    as: 'login',
    page: { path: '/login' },
    csrf: { cookie: 'XSRF-TOKEN' },
    login: {
      path: '/login',
      form: { username: '{master.username}', password: '{master.password}', csrf_token: '{csrf}' },
    },
    headers: { 'x-xsrf-token': '{csrf}' },
    refusedWhen: { contains: 'action="/login"' },
  },
  key: { keyId: '/clientId', secret: '/clientSecret', label: '/label', created: '/created' },
  requests: {
    create: { method: 'POST', path: '/api/apps/{target}/keys', json: { label: '{label}' }, at: '/key' },
    list: { path: '/api/apps/{target}/keys', items: '/keys' },
    label: { method: 'PUT', path: '/api/apps/{target}/keys/{keyId}', json: { label: '{label}' } },
    revoke: { method: 'DELETE', path: '/api/apps/{target}/keys/{keyId}' },
  },
} as const;

async function portal(options: PortalOptions = {}) {
  let now = 1_800_000_000_000;
  const clock = { now: () => now, sleep: async (ms: number) => void (now += ms) };
  const api = await tokenApiSimulator({ dialect: 'portal', clock, portal: options });
  onTestFinished(() => api.close());
  api.addTarget('orders');
  const config = tokenSchema.parse({
    kind: 'token',
    adminSecret: 'portal/user',
    allowHttp: ['127.0.0.1'],
    urls: { api: api.managementUrl },
    ...description,
  });
  const common = { clock, random: () => 0.5 };
  const user = { current: JSON.stringify(api.admin()) };
  const secrets = {
    value: async () => ({ versionId: 'v', createdAt: 0, text: hidden(user.current), binary: false }),
  };
  const signIn = signInBy({ config, duty: 'issue', secrets, http: { ...common, allowHttp: config.allowHttp } });
  const provider = tokenProvider({ ...common, config, signIn, randomBytes: (size) => Buffer.alloc(size, 7) });
  const logins = () => api.requests().filter(({ kind, method }) => kind === 'login' && method === 'POST').length;
  return { api, provider, clock, user, logins };
}

test.each(['redirect', 'page', 401, 403] as const)(
  'a session that ended is renewed once: %s',
  async (withoutSession) => {
    const { api, provider, logins } = await portal({ withoutSession });
    await provider.list({ target: 'orders' });

    api.hand.endSessions();
    await provider.propose(wish);

    expect(logins()).toBe(2);
    expect(api.stored('orders')).toHaveLength(1);
  },
);

test('one session does for many requests', async () => {
  const { provider, logins } = await portal();

  const credential = await provider.propose(wish);
  await provider.ensure({ ...wish, credential, approve: false });
  await provider.list({ target: 'orders' });

  expect(logins()).toBe(1);
});

test('a wrong password is tried once and not again until the secret changes, so that no account is locked', async () => {
  const { api, provider, user, logins } = await portal();
  const right = user.current;
  user.current = JSON.stringify({ ...api.admin(), password: 'wrong-canary' });

  for (let time = 1; time <= 5; time += 1) {
    const error: unknown = await provider.list({ target: 'orders' }).catch((reason: unknown) => reason);

    expect(error).toMatchObject({ reason: 'access-denied', field: 'adminSecret' });
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toMatch(/canary/);
  }
  expect(logins()).toBe(1);
  user.current = right;
  expect(await provider.list({ target: 'orders' })).toEqual([]);
});

test('no error shows a session, a token or the password', async () => {
  const { api, provider } = await portal();
  await provider.list({ target: 'orders' });
  const canaries = api.confidential();
  for (const trouble of ['throttled', 'denied', 'nonsense', 'error-in-200'] as const) {
    api.faults.always(trouble);

    const error: unknown = await provider.propose(wish).catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(Error);
    const printed = inspect(error, { depth: Infinity, showHidden: true, getters: true });
    expect(canaries.filter((canary) => printed.includes(canary))).toEqual([]);
    api.faults.calm();
  }
});

test('both slots taken: nothing is removed, and the error says who frees one', async () => {
  const { api, provider } = await portal();
  const old = api.handMade({ target: 'orders', name: `Orders ${mark}` });
  api.handMade({ target: 'orders', name: 'by a person' });
  const like = { keyId: hidden(old.keyId), secret: hidden(old.secret) };
  const next = formatMark(markOf('arn:aws:secretsmanager:eu-west-1:111122223333:secret:o/k-AbCdEf', 'v2', 'test'));
  const before = api.stored('orders');

  const error: unknown = await provider.propose({ ...wish, mark: next, like }).catch((reason: unknown) => reason);

  expect(error).toMatchObject({ reason: 'quota', field: 'target' });
  expect(String(error)).toContain('Keyturn did not make');
  expect(api.stored('orders')).toEqual(before);
});
