import type { CredentialProvider } from '@keyturn/credential-provider/credential-provider';
import { token as tokenSchema } from '@keyturn/config/token-config';
import { loopbackServer, type Received, type Reply } from '@keyturn/http/loopback-server';
import { credential } from '@keyturn/rotation/credential';
import { TransientError } from '@keyturn/rotation/errors';
import { hidden } from '@keyturn/rotation/hidden';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { describe, expect, onTestFinished, test } from 'vitest';

import { signInBy } from './sign-in.ts';
import { keysDescription } from './simulated-api.conformance.ts';
import { tokenProvider } from './token-provider.ts';

const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders/key-AbCdEf';
const mark = formatMark(markOf(arn, 'v1', 'test'));
const wish = { target: 'orders', mark, like: undefined, entitlements: [] };
const now = 1_800_000_000_000;

type Describe = Record<string, unknown> | ((server: { readonly url: string }) => Record<string, unknown>);

async function answering(reply: (request: Received, earlier: number) => Reply, describe: Describe = {}) {
  const server = await loopbackServer(reply);
  onTestFinished(() => server.close());
  const ofKeys = { ...keysDescription, urls: { api: server.url, gateway: server.url } };
  const config = tokenSchema.parse({
    kind: 'token',
    adminSecret: 'token/master',
    allowHttp: ['127.0.0.1'],
    ...(typeof describe === 'function' ? describe(server) : { ...ofKeys, ...describe }),
  });
  const common = { clock: { now: () => now, sleep: async () => {} }, random: () => 0.5, timeoutMs: 1000 };
  const text = hidden('{"token":"master","username":"me","password":"mine"}');
  const secrets = { value: async () => ({ versionId: 'v', createdAt: 0, text, binary: false }) };
  const signIn = signInBy({ config, duty: 'issue', secrets, http: { ...common, allowHttp: config.allowHttp } });
  const provider = tokenProvider({ ...common, config, signIn, randomBytes: (size) => Buffer.alloc(size, 7) });
  return { provider, received: server.received };
}

const json = (body: unknown, headers: Record<string, string> = {}): Reply => ({
  status: 200,
  headers,
  body: JSON.stringify(body),
});
const keys = (...list: readonly Record<string, unknown>[]) => json({ keys: list });
const withList = (list: Record<string, unknown>) => ({ requests: { ...keysDescription.requests, list } });

const login = {
  as: 'login',
  login: { path: '/login', form: { user: '{master.username}', pass: '{master.password}' } },
  refusedWhen: { contains: 'Log in' },
};
const making = (made: Reply) => (request: Received) => {
  if (request.url === '/login') return { status: 302, headers: { location: '/apps', 'set-cookie': 's=1' } };
  return request.method === 'POST' ? made : keys();
};
const creates = (received: readonly Received[]) =>
  received.filter(({ method, url }) => method === 'POST' && url !== '/login').length;

test('a portal that answers a create with a redirect to its next page may have made a key: it is not asked twice', async () => {
  const made = { status: 302, headers: { location: '/apps/orders' } };
  const { provider, received } = await answering(making(made), { auth: login });

  await expect(provider.propose(wish)).rejects.toMatchObject({ reason: 'provider-answer', field: 'location' });

  expect(creates(received)).toBe(1);
});

test('a portal that answers a create with a redirect to its login did nothing: it is asked once more', async () => {
  const made = { status: 302, headers: { location: '/login?next=%2Fapps' } };
  const { provider, received } = await answering(making(made), { auth: login });

  await expect(provider.propose(wish)).rejects.toMatchObject({ reason: 'access-denied' });

  expect(creates(received)).toBeLessThanOrEqual(2);
});

test('a new key whose label holds the text of the login page was made, and once', async () => {
  const made = json({ id: 'k1', secret: 's1', name: `Log in ${mark}/new`, enabled: true });
  const { provider, received } = await answering(making(made), { auth: login });

  const { keyId } = await provider.propose(wish);

  expect(keyId.reveal()).toBe('k1');
  expect(creates(received)).toBe(1);
});

test.each([
  ['a cursor that is none', keysDescription.requests.list, { keys: [], nextCursor: { after: 1 } }, {}],
  [
    'a link without the parameter',
    { path: '/keys', items: '/keys', paging: { as: 'link', query: 'after' } },
    { keys: [] },
    { link: '</keys?page=2>; rel="next"' },
  ],
  [
    'a link that nobody expects',
    { path: '/keys', items: '/keys' },
    { keys: [] },
    { link: '</keys?page=2>; rel="next"' },
  ],
])('a list that goes on is no whole list: %s', async (_, list, body, headers) => {
  const { provider } = await answering(() => json(body, headers), withList(list));

  await expect(provider.list({ target: 'orders' })).rejects.toMatchObject({
    reason: 'provider-answer',
    field: 'requests.list.paging',
  });
});

test('the clients of an OAuth server are read to the last page', async () => {
  const page = (clients: readonly unknown[], next?: string): Reply => ({
    status: 200,
    headers: next === undefined ? {} : { link: `</admin/clients?page_size=1&page_token=${next}>; rel="next"` },
    body: JSON.stringify(clients),
  });
  const { provider } = await answering(
    ({ url }) => (url.includes('page_token=two') ? page([{ client_id: 'b' }]) : page([{ client_id: 'a' }], 'two')),
    ({ url }) => ({ preset: 'oauth', parameters: { issuer: url, admin: url } }),
  );

  expect((await provider.list({ target: 'orders' })).map(({ keyId }) => keyId.reveal())).toEqual(['a', 'b']);
});

test.each([
  ['by their place', {}, [{ id: 'same' }, { id: 'same' }]],
  [
    'by what requests call them',
    { key: { ...keysDescription.key, keyId: '/name', handle: '/id' } },
    [
      { id: '1', name: 'a' },
      { id: '2', name: 'a' },
    ],
  ],
])('several keys with one id cannot be told apart: neither is touched (%s)', async (_, describe, list) => {
  const { provider, received } = await answering(() => keys(...list), describe);

  await expect(provider.disable({ target: 'orders', keyId: hidden('a'), mark })).rejects.toMatchObject({
    reason: 'provider-answer',
    field: 'key.keyId',
  });

  expect(received.every(({ method }) => method === 'GET')).toBe(true);
});

const lastUse = (lastUsedAt: unknown) =>
  answering(() => keys({ id: 'k1', secret: 's', enabled: true, lastUsedAt })).then(({ provider }) =>
    provider.check({ target: 'orders', credential: credential('k1', 's'), probe: 'none', times: 1, usage: true }),
  );

test.each(['3 days ago', 'yesterday', '27/11/2026', { at: 1 }, true])(
  'a last use that nobody understands is no key that nobody uses: %j',
  async (lastUsedAt) => {
    await expect(lastUse(lastUsedAt)).rejects.toMatchObject({ reason: 'provider-answer', field: 'key.lastUsed' });
  },
);

test.each([
  ['1799999999', 1_799_999_999_000],
  [1_799_999_999_000, 1_799_999_999_000],
  ['2027-01-14T00:00:00Z', Date.UTC(2027, 0, 14)],
  // The day is all that the API tells, so it may have been its last moment.
  ['2027-01-14', Date.UTC(2027, 0, 15)],
  ['Thu, 14 Jan 2027 00:00:00 GMT', Date.UTC(2027, 0, 14)],
  ['0001-01-01T00:00:00Z', undefined],
  ['never', undefined],
  [null, undefined],
])('a last use of %j is read', async (said, lastUsedAt) => {
  expect((await lastUse(said)).key).toMatchObject({ state: 'enabled', lastUsedAt });
});

test('a key that the list has and that cannot be read is not gone', async () => {
  const describe = {
    secretIn: 'read',
    requests: { ...keysDescription.requests, read: { path: '/projects/{target}/keys/{keyId}' } },
  };
  const { provider } = await answering(
    ({ url }) => (url.includes('/keys/') ? { status: 404, body: '{}' } : keys({ id: 'k1', enabled: true })),
    describe,
  );
  const request = { target: 'orders', credential: credential('k1', 's'), probe: 'none', times: 1 } as const;

  await expect(provider.check(request)).rejects.toBeInstanceOf(TransientError);
  expect((await provider.check({ ...request, credential: credential('k2', 's') })).key.state).toBe('absent');
});

test.each([
  ['made', (provider: CredentialProvider, target: string) => provider.propose({ ...wish, target })],
  ['marked', (provider: CredentialProvider, target: string) => provider.mark({ target, mark, keyId: hidden('k1') })],
])('a key whose label would lose its target is not %s', async (_, act) => {
  const target = 'orders-of-the-north';
  const longestLabel = mark.length + 8;
  const { provider, received } = await answering(() => keys({ id: 'k1', enabled: true, name: target }), {
    longestLabel,
    key: { ...keysDescription.key, group: '{target}' },
    targets: { form: '.*' },
  });

  await expect(act(provider, target)).rejects.toMatchObject({ reason: 'misconfigured', field: 'longestLabel' });

  expect(received.every(({ method }) => method === 'GET')).toBe(true);
});

describe('without overlap, where the current key is gone,', () => {
  const replace = { method: 'POST', path: '/projects/{target}/keys/{keyId}/rotate' };
  const replacing = (list: Record<string, unknown>, body: Record<string, unknown> = {}) => {
    const { list: listing } = keysDescription.requests;
    return answering(
      ({ method }) => (method === 'GET' ? keys(list) : json({ id: 'k3', secret: 's3', createdAt: now })),
      { model: 'none', requests: { list: listing, replace: { ...replace, ...body } } },
    );
  };
  const like = { ...wish, like: credential('k1', 's1') };

  test.each([
    ['an old one of somebody else', { createdAt: now - 5 * 86_400_000 }, {}],
    [
      'a new one without the mark that ours bear from the start',
      { createdAt: now - 3_600_000 },
      { json: { name: '{label}' } },
    ],
  ])('another key is not replaced: %s', async (_, key, body) => {
    const { provider, received } = await replacing({ id: 'k2', enabled: true, ...key }, body);

    await expect(provider.propose(like)).rejects.toMatchObject({ reason: 'key-conflict' });

    expect(received.every(({ method }) => method === 'GET')).toBe(true);
  });

  test.each([
    ['because it is that new', { createdAt: now - 3_600_000 }, {}],
    ['because it bears the mark', { createdAt: now - 3_600_000, name: mark }, { json: { name: '{label}' } }],
  ])('the one of an earlier attempt is replaced, %s', async (_, key, body) => {
    const { provider } = await replacing({ id: 'k2', enabled: true, ...key }, body);

    expect((await provider.propose(like)).keyId.reveal()).toBe('k3');
  });
});

describe('where no request renames a key,', () => {
  const foreign = `keyturn/v1/111122223333/eu-west-1/test/${'0'.repeat(32)}/v1`;
  const { create, list, revoke } = keysDescription.requests;
  const replace = { method: 'POST', path: '/projects/{target}/keys/{keyId}/rotate' };
  const two = [
    { id: 'k1', enabled: true, name: `Billing ${foreign}` },
    { id: 'k2', enabled: true },
  ] as const;

  test.each([
    [
      'which bears its mark from the start',
      { model: 'none', requests: { list, revoke, replace: { ...replace, json: { name: '{label}' } } } },
    ],
    ['which bears none of ours', { model: 'none', requests: { list, revoke, replace } }],
  ])('the key of another secret is not ended: %s', async (_, describe) => {
    const { provider, received } = await answering(() => keys(...two), describe);
    const request = { target: 'orders', keyId: hidden('k1'), mark };

    await expect(provider.disable(request)).rejects.toMatchObject({ reason: 'not-yours' });
    await expect(provider.remove(request)).rejects.toMatchObject({ reason: 'not-yours' });

    expect(received.every(({ method }) => method === 'GET')).toBe(true);
  });

  test.each([
    ['create', { requests: { create, list, revoke } }],
    ['replace', { model: 'none', requests: { list, replace: { ...replace, json: { name: '{label}' } } } }],
  ])('a label that %s writes is a mark', async (_, describe) => {
    const { provider } = await answering(() => keys(), describe);

    expect((await provider.describe()).mark).toBe(true);
  });
});
