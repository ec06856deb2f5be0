import { randomBytes } from 'node:crypto';

import { token as tokenSchema } from '@keyturn/config/token-config';
import { credential } from '@keyturn/rotation/credential';
import { hidden } from '@keyturn/rotation/hidden';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { expect, onTestFinished, test } from 'vitest';

import { metadata, oauthServer, type OAuthServer } from './oauth-server.conformance.ts';
import { signInBy } from './sign-in.ts';
import { hashOf } from './token-key.ts';
import { tokenProvider } from './token-provider.ts';

const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders/key-AbCdEf';
const markOfVersion = (version: string) => formatMark(markOf(arn, version, 'test'));

async function server(): Promise<OAuthServer> {
  const one = await oauthServer();
  onTestFinished(() => one.close());
  return one;
}

function providerOf(described: object, masters: Readonly<Record<string, string>>) {
  const config = tokenSchema.parse({
    kind: 'token',
    adminSecret: 'oauth/admin',
    allowHttp: ['127.0.0.1'],
    ...described,
  });
  const common = { clock: { now: Date.now, sleep: async () => undefined }, random: () => 0.5 };
  const secrets = {
    value: async (name: string) => ({
      versionId: 'v',
      createdAt: 0,
      text: hidden(JSON.stringify({ token: masters[name] })),
      binary: false,
    }),
  };
  const http = { ...common, allowHttp: config.allowHttp };
  return tokenProvider({ ...common, config, randomBytes, signIn: signInBy({ config, duty: 'issue', secrets, http }) });
}

const newClients = ({ url, token }: OAuthServer) =>
  providerOf(
    {
      preset: 'oauth',
      parameters: { issuer: url, admin: url, register: '/reg', token: '/token' },
      targets: { known: ['orders'] },
    },
    { 'oauth/admin': token },
  );

test('a new client for each rotation: registered, used, and the old one is deleted when its time has come', async () => {
  const oauth = await server();
  const provider = newClients(oauth);
  const first = await oauth.register('Orders');
  const like = credential(first.clientId, first.secret);
  const target = 'orders';

  await provider.mark({ target, keyId: like.keyId, mark: markOfVersion('v1') });
  const wish = { target, mark: markOfVersion('v2'), like, entitlements: [] };
  const next = await provider.propose(wish);
  await provider.ensure({ ...wish, credential: next, approve: false });
  const used = await provider.check({ target, credential: next, probe: 'credential', times: 3 });
  const random = await provider.check({ target, credential: next, probe: 'random', times: 1 });
  const old = await provider.check({ target, credential: like, probe: 'credential', times: 1 });
  await provider.remove({ target, keyId: like.keyId, mark: markOfVersion('v1') });
  const gone = await provider.check({ target, credential: like, probe: 'credential', times: 1 });

  expect(used).toMatchObject({
    key: { state: 'enabled', mark: markOfVersion('v2'), entitlements: ['orders.read'] },
    use: { outcome: 'accepted' },
  });
  expect(random.use).toEqual({ outcome: 'rejected', code: 'status-401', final: false });
  expect(old.use).toEqual({ outcome: 'accepted' });
  expect(gone).toMatchObject({ key: { state: 'absent' }, use: { outcome: 'rejected' } });
  expect(oauth.clients().map((client) => client['client_name'])).toEqual([`Orders ${markOfVersion('v2')}`]);
});

test('a registration whose answer was lost leaves one client', async () => {
  const oauth = await server();
  const provider = newClients(oauth);
  const wish = { target: 'orders', mark: markOfVersion('v1'), like: undefined, entitlements: ['orders.read'] };
  oauth.lose('POST');

  await expect(provider.propose(wish)).rejects.toMatchObject({ name: 'TransientError' });
  const lost = oauth.clients().length;
  const made = await provider.propose(wish);

  expect(lost).toBe(1);
  expect(oauth.clients().map((client) => client['client_id'])).toEqual([made.keyId.reveal()]);
});

const byPost = { ...metadata, token_endpoint_auth_method: 'client_secret_post' };

/** RFC 7592: the client stays, its secret is replaced. The master of each client is what manages that client. */
const newSecrets = ({ url }: OAuthServer, clientId: string, accessToken: string) =>
  providerOf(
    {
      model: 'none',
      masters: ['oauth/orders-client'],
      auth: { as: 'headers', headers: { authorization: 'Bearer {master.token}' } },
      urls: { api: url },
      targets: { form: '[\\w-]+', known: [clientId] },
      secretIn: 'list',
      key: { keyId: { hashOf: '/client_secret' }, secret: '/client_secret', entitlements: '/scope' },
      requests: {
        list: { path: '/reg/{target}' },
        replace: {
          method: 'PUT',
          path: '/reg/{target}',
          json: { ...byPost, client_id: '{target}', client_name: 'Orders', scope: '{scope}' },
        },
      },
      probes: [
        {
          id: 'token',
          url: 'api',
          method: 'POST',
          path: '/token',
          form: { grant_type: 'client_credentials', client_id: '{target}', client_secret: '{secret}' },
        },
      ],
    },
    { 'oauth/admin': 'nobody', 'oauth/orders-client': accessToken },
  );

test('a client whose secret is replaced: the old one ends at once, and the adapter says so', async () => {
  const oauth = await server();
  const client = await oauth.register('Orders', byPost);
  const provider = newSecrets(oauth, client.clientId, client.accessToken);
  const target = `${client.clientId}@oauth/orders-client`;
  const like = credential(hashOf(client.secret), client.secret);

  expect(await provider.describe()).toMatchObject({ overlap: 'none', clientSuppliedKey: false, mark: false });
  const next = await provider.propose({ target, mark: markOfVersion('v2'), like, entitlements: [] });

  const used = await provider.check({ target, credential: next, probe: 'credential', times: 2 });
  const random = await provider.check({ target, credential: next, probe: 'random', times: 1 });
  const old = await provider.check({ target, credential: like, probe: 'credential', times: 1 });
  expect(next.secret.reveal()).not.toBe(client.secret);
  expect(used).toMatchObject({
    key: { state: 'enabled', secretMatches: true, entitlements: ['orders.read'] },
    use: { outcome: 'accepted' },
  });
  expect(random.use).toMatchObject({ outcome: 'rejected' });
  expect(old).toMatchObject({ key: { state: 'absent' }, use: { outcome: 'rejected' } });
});

test('a replacement whose answer was lost is read, and not made again', async () => {
  const oauth = await server();
  const client = await oauth.register('Orders', byPost);
  const provider = newSecrets(oauth, client.clientId, client.accessToken);
  const target = `${client.clientId}@oauth/orders-client`;
  const wish = {
    target,
    mark: markOfVersion('v2'),
    like: credential(hashOf(client.secret), client.secret),
    entitlements: [],
  };
  oauth.lose('PUT');

  await expect(provider.propose(wish)).rejects.toMatchObject({ name: 'TransientError' });
  const [replaced] = oauth.clients().map((one) => one['client_secret']);
  const next = await provider.propose(wish);
  const again = await provider.propose(wish);

  expect(replaced).not.toBe(client.secret);
  expect([next, again].map(({ secret }) => secret.reveal())).toEqual([replaced, replaced]);
  expect(oauth.clients().map((one) => one['client_secret'])).toEqual([replaced]);
});
