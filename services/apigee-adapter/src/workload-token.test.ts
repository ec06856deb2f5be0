import { loopbackServer, type Reply } from '@keyturn/http/loopback-server';
import { hidden } from '@keyturn/rotation/hidden';
import { expect, onTestFinished, test, vi } from 'vitest';

import { authorizationBench, trustedIdentity, type AuthorizationBench } from './authorization-bench.conformance.ts';
import { printed } from './printed.ts';
import { workloadToken } from './workload-token.ts';

const tokens = (
  { apigee, http }: AuthorizationBench,
  {
    identity = () => Promise.resolve(trustedIdentity(apigee)),
    ...auth
  }: Partial<Parameters<typeof workloadToken>[0]> & Partial<Parameters<typeof workloadToken>[0]['auth']> = {},
) => {
  const { audience, stsUrl, iamCredentialsUrl, serviceAccount } = apigee.workloadIdentity;
  return workloadToken({
    auth: { as: 'workloadIdentity', audience, stsUrl, iamCredentialsUrl, serviceAccount, ...auth },
    identity,
    http,
  });
};
const caught = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

test('gets the token of the service account for the role that this function has', async () => {
  const bench = await authorizationBench();

  const token = await tokens(bench)();

  expect(await bench.statusWith(token)).toBe(200);
  expect(bench.apigee.requests().map(({ path }) => path.replace(/^.*:/, ':'))).toEqual([
    '/v1/token',
    ':generateAccessToken',
    expect.stringContaining('/orders'),
  ]);
});

test('needs no service account where the role itself may administer keys', async () => {
  const bench = await authorizationBench({ workloadIdentity: { serviceAccount: 'none' } });

  const token = await tokens(bench)();

  expect(await bench.statusWith(token)).toBe(200);
  expect(bench.tokenCalls()).toBe(1);
});

test('signs for one Region, one provider and the session, and sends nothing to AWS', async () => {
  const bench = await authorizationBench();
  const server = await loopbackServer(() => ({ status: 200, body: '{"access_token":"t","expires_in":3600}' }));
  onTestFinished(() => server.close());
  const identity = { ...trustedIdentity(bench.apigee), region: 'ap-southeast-2' };

  await tokens(bench, {
    identity: () => Promise.resolve(identity),
    stsUrl: `${server.url}/v1/token`,
    serviceAccount: undefined,
  })();

  expect(server.received).toHaveLength(1);
  const form = new URLSearchParams(server.received[0]?.body);
  const { audience } = bench.apigee.workloadIdentity;
  expect(Object.fromEntries(form)).toEqual({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    audience,
    scope: 'https://www.googleapis.com/auth/cloud-platform',
    requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    subject_token: expect.any(String) as string,
    subject_token_type: 'urn:ietf:params:aws:token-type:aws4_request',
  });
  const subject = JSON.parse(decodeURIComponent(form.get('subject_token') ?? '')) as {
    headers: { key: string; value: string }[];
  };
  const headers = Object.fromEntries(subject.headers.map(({ key, value }) => [key, value]));
  expect(subject).toMatchObject({
    url: 'https://sts.ap-southeast-2.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15',
    method: 'POST',
  });
  expect(headers).toMatchObject({
    host: 'sts.ap-southeast-2.amazonaws.com',
    'x-goog-cloud-target-resource': audience,
    'x-amz-security-token': identity.sessionToken?.reveal(),
  });
  expect(headers['authorization']).toMatch(
    /\/ap-southeast-2\/sts\/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token;x-goog-cloud-target-resource, /,
  );
  expect(JSON.stringify(subject)).not.toContain(identity.secretAccessKey.reveal());
});

test('keeps a token until shortly before it ends, and asks once for many callers', async () => {
  const bench = await authorizationBench({ accessTokenSeconds: 600 });
  const token = tokens(bench);

  const [first, same] = await Promise.all([token(), token()]);
  bench.wait(538);
  const second = await token();
  bench.wait(2);
  const third = await token();

  expect([same, second]).toEqual([first, first]);
  expect(third).not.toBe(first);
  expect(bench.tokenCalls()).toBe(4);
});

test('asks who it is each time: keys of AWS that were replaced are used after one refusal', async () => {
  const bench = await authorizationBench();
  const token = tokens(bench);
  const refused = await token();
  bench.apigee.workloadIdentity.replaceAwsKeys();
  bench.apigee.revokeAccessToken();

  expect(await bench.statusWith(await token(refused))).toBe(200);
});

test('takes neither a proxy nor an identity from the environment', async () => {
  const bench = await authorizationBench();
  const proxy = await loopbackServer(() => ({ status: 200, body: '{"access_token":"stolen","expires_in":60}' }));
  onTestFinished(() => proxy.close());
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy']) vi.stubEnv(name, proxy.url);
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_REGION']) {
    vi.stubEnv(name, 'other');
  }
  onTestFinished(() => void vi.unstubAllEnvs());

  expect(await bench.statusWith(await tokens(bench)())).toBe(200);
  expect(proxy.received).toEqual([]);
});

test.each<[string, (bench: AuthorizationBench) => ReturnType<typeof tokens>, object]>([
  [
    'a wrong secret key',
    (bench) =>
      tokens(bench, {
        identity: () => Promise.resolve({ ...trustedIdentity(bench.apigee), secretAccessKey: hidden('canary') }),
      }),
    {
      field: 'auth.audience',
      message: expect.stringContaining('invalid_grant: the request that was signed') as string,
    },
  ],
  [
    'a role without a session',
    (bench) =>
      tokens(bench, { identity: () => Promise.resolve({ ...trustedIdentity(bench.apigee), sessionToken: undefined }) }),
    { field: 'auth.audience' },
  ],
  [
    'another provider',
    (bench) => tokens(bench, { audience: `${bench.apigee.workloadIdentity.audience}-2` }),
    { field: 'auth.audience', message: expect.stringContaining('there is no such pool or provider') as string },
  ],
  [
    'a role that the condition does not allow',
    (bench) => {
      bench.apigee.workloadIdentity.allowRole(false);
      return tokens(bench);
    },
    { field: 'auth.audience', message: expect.stringContaining("the provider's attribute condition") as string },
  ],
  [
    'a role that may not impersonate',
    (bench) => {
      bench.apigee.workloadIdentity.allowImpersonation(false);
      return tokens(bench);
    },
    { field: 'auth.serviceAccount', message: expect.stringContaining('roles/iam.workloadIdentityUser') as string },
  ],
  [
    'another service account',
    (bench) => tokens(bench, { serviceAccount: 'other@acme.iam.gserviceaccount.com' }),
    { field: 'auth.serviceAccount', message: expect.stringContaining('other@acme') as string },
  ],
])('after %s says what to do at Google', async (_, token, expected) => {
  const bench = await authorizationBench();
  const { secretAccessKey, sessionToken, accessKeyId } = bench.apigee.workloadIdentity.awsKeys();

  const error = await caught(token(bench)());

  expect(error).toMatchObject({ name: 'PermanentError', reason: 'access-denied', ...expected });
  for (const secret of ['canary', secretAccessKey, sessionToken, accessKeyId])
    expect(printed(error)).not.toContain(secret);
});

const replies: [string, Reply, object][] = [
  ['HTML', { status: 200, body: '<html>canary' }, { reason: 'provider-answer' }],
  ['nothing', { status: 200 }, { reason: 'provider-answer' }],
  ['other words', { status: 400, body: '{"error":"canary"}' }, { reason: 'provider-answer' }],
  ['a page that forbids', { status: 403, body: '<html>canary' }, { reason: 'provider-answer' }],
  [
    'a token that is none',
    {
      status: 200,
      body: '{"access_token":"a\\nb","accessToken":"a\\nb","expires_in":60,"expireTime":"2030-01-01T00:00:00Z"}',
    },
    { reason: 'provider-answer' },
  ],
  ['no time', { status: 200, body: '{"access_token":"canary","accessToken":"canary"}' }, { reason: 'provider-answer' }],
  ['a redirect', { status: 302, headers: { location: '/canary' } }, { reason: 'provider-answer' }],
  ['an outage', { status: 500, body: 'canary' }, { name: 'TransientError' }],
  ['a cut connection', 'reset', { name: 'TransientError' }],
];

test.each(replies)(
  'after %s from STS, or from IAM credentials, shows no answer and nothing of the identity',
  async (_, reply, expected) => {
    const bench = await authorizationBench();
    const server = await loopbackServer(() => reply);
    onTestFinished(() => server.close());
    const { secretAccessKey, sessionToken, accessKeyId } = bench.apigee.workloadIdentity.awsKeys();

    const errors = [
      await caught(tokens(bench, { stsUrl: `${server.url}/v1/token` })()),
      await caught(tokens(bench, { iamCredentialsUrl: `${server.url}/v1` })()),
    ];

    for (const error of errors) {
      expect(error).toMatchObject(expected);
      for (const secret of ['canary', secretAccessKey, sessionToken, accessKeyId]) {
        expect(printed(error)).not.toContain(secret);
      }
    }
  },
);
