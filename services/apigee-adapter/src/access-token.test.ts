import { apigeeSimulator } from '@keyturn/apigee-simulator/apigee-simulator';
import type { ApigeeSimulator } from '@keyturn/apigee-simulator/simulator';
import { loopbackServer, type Reply } from '@keyturn/http/loopback-server';
import { hidden } from '@keyturn/rotation/hidden';
import { expect, onTestFinished, test, vi } from 'vitest';

import { serviceAccountToken } from './access-token.ts';
import { printed } from './printed.ts';

async function setUp(options: { accessTokenSeconds?: number } = {}) {
  let now = Date.now();
  const clock = {
    now: () => now,
    sleep: (ms: number) => {
      now += ms;
      return Promise.resolve();
    },
  };
  const apigee = await apigeeSimulator({ clock, ...options });
  onTestFinished(() => apigee.close());
  return { apigee, clock, ...reader(apigee) };
}

/** The administrator's secret, and how often it was read. */
function reader({ serviceAccount }: ApigeeSimulator) {
  const secret = { text: JSON.stringify(serviceAccount), reads: 0 };
  const secrets = {
    value: () => {
      secret.reads += 1;
      return Promise.resolve({ versionId: 'v', text: hidden(secret.text), createdAt: 0 });
    },
  };
  return { secret, secrets };
}

type Bench = Awaited<ReturnType<typeof setUp>>;

const tokens = ({ secrets, clock, apigee }: Bench, tokenUrl = apigee.tokenUrl, timeoutMs = 2000) =>
  serviceAccountToken({
    secrets,
    adminSecret: 'apigee/admin',
    tokenUrl,
    http: { clock, random: () => 0, allowHttp: ['127.0.0.1'], timeoutMs, retries: 1 },
  });

const tokenCalls = ({ apigee }: Bench) => apigee.requests().filter(({ surface }) => surface === 'token').length;

test('exchanges the key of a service account for a token that the management API takes', async () => {
  const bench = await setUp();

  const token = await tokens(bench)();

  const { managementUrl, organization } = bench.apigee;
  const answer = await fetch(`${managementUrl}/organizations/${organization}/apps`, {
    headers: { authorization: token.reveal() },
  });
  expect(answer.status).toBe(200);
});

test('asks where the configuration says, whatever address the key file names', async () => {
  const bench = await setUp();
  const elsewhere = await loopbackServer(() => ({ status: 500 }));
  onTestFinished(() => elsewhere.close());
  bench.secret.text = JSON.stringify({ ...bench.apigee.serviceAccount, token_uri: elsewhere.url });

  await tokens(bench)();

  expect(tokenCalls(bench)).toBe(1);
  expect(elsewhere.received).toEqual([]);
});

test('signs for the configured address and no other', async () => {
  const bench = await setUp();
  const server = await loopbackServer(() => ({ status: 200, body: '{"access_token":"t","expires_in":60}' }));
  onTestFinished(() => server.close());

  await tokens(bench, `${server.url}/token`)();

  const assertion = new URLSearchParams(server.received[0]?.body).get('assertion') ?? '';
  const claims: unknown = JSON.parse(Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString());
  expect(claims).toMatchObject({
    aud: `${server.url}/token`,
    iss: bench.apigee.serviceAccount.client_email,
    scope: 'https://www.googleapis.com/auth/cloud-platform',
  });
});

test('keeps a token until shortly before it ends', async () => {
  const bench = await setUp({ accessTokenSeconds: 600 });
  const accessToken = tokens(bench);

  const first = await accessToken();
  await bench.clock.sleep(539_000);
  const second = await accessToken();
  await bench.clock.sleep(1000);
  const third = await accessToken();

  expect(second).toBe(first);
  expect(third).not.toBe(first);
  expect(bench.secret.reads).toBe(2);
});

test('reads the secret again for a token that was refused, and once for many callers', async () => {
  const bench = await setUp();
  const accessToken = tokens(bench);
  const refused = await accessToken();

  const [one, other] = await Promise.all([accessToken(refused), accessToken(refused)]);
  const late = await accessToken(refused);

  expect(one).not.toBe(refused);
  expect(other).toBe(one);
  expect(late).toBe(one);
  expect(bench.secret.reads).toBe(2);
});

test('asks again after a failure', async () => {
  const bench = await setUp();
  const accessToken = tokens(bench);
  bench.apigee.inject({ surface: 'token', times: 2, answer: { kind: 'status', status: 503 } });

  await expect(accessToken()).rejects.toMatchObject({ name: 'TransientError' });
  await accessToken();

  expect(tokenCalls(bench)).toBe(3);
});

test('takes no proxy from the environment', async () => {
  const bench = await setUp();
  const proxy = await loopbackServer(() => ({ status: 200, body: '{"access_token":"stolen","expires_in":60}' }));
  onTestFinished(() => proxy.close());
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy']) vi.stubEnv(name, proxy.url);
  onTestFinished(() => void vi.unstubAllEnvs());

  const token = await tokens(bench)();

  expect(token.reveal()).not.toBe('stolen');
  expect(proxy.received).toEqual([]);
});

test.each<[string, Reply, object]>([
  [
    'a refusal',
    { status: 400, body: '{"error":"invalid_grant","error_description":"canary-answered"}' },
    { reason: 'access-denied', field: 'adminSecret' },
  ],
  ['a refusal in other words', { status: 400, body: '{"error":"canary-answered"}' }, { reason: 'provider-answer' }],
  ['HTML', { status: 200, body: '<html>canary-answered' }, { reason: 'provider-answer' }],
  ['nothing', { status: 200 }, { reason: 'provider-answer' }],
  [
    'a token that is none',
    { status: 200, body: '{"access_token":"a\\nb canary-answered","expires_in":60}' },
    { reason: 'provider-answer', field: 'access_token' },
  ],
  [
    'a redirect',
    { status: 302, headers: { location: 'http://127.0.0.1:9/canary-answered' } },
    { reason: 'provider-answer' },
  ],
  ['an outage', { status: 500, body: 'canary-answered' }, { name: 'TransientError' }],
  ['silence', 'hang', { name: 'TransientError' }],
  ['a cut connection', 'reset', { name: 'TransientError' }],
])('after %s tells what is wrong and shows neither assertion nor answer', async (_, reply, expected) => {
  const bench = await setUp();
  const server = await loopbackServer(() => reply);
  onTestFinished(() => server.close());

  const timeoutMs = reply === 'hang' ? 100 : 2000;
  const error: unknown = await tokens(bench, `${server.url}/token`, timeoutMs)().catch((caught: unknown) => caught);

  expect(error).toMatchObject(expected);
  const assertion = new URLSearchParams(server.received[0]?.body).get('assertion');
  expect(assertion).toMatch(/^ey/);
  for (const canary of ['canary-answered', assertion ?? '', 'PRIVATE KEY'])
    expect(printed(error)).not.toContain(canary);
});

test.each<[string, (file: Record<string, unknown>) => unknown, string]>([
  ['is empty', () => '', 'adminSecret'],
  ['is no JSON', () => 'canary-secret{', 'adminSecret'],
  ['is the key file of a person', (file) => ({ ...file, type: 'authorized_user' }), 'type'],
  ['names nobody', (file) => ({ ...file, client_email: 'canary-secret' }), 'client_email'],
  ['has no private key', (file) => ({ ...file, private_key: undefined }), 'private_key'],
  ['has a private key that is none', (file) => ({ ...file, private_key: 'canary-secret' }), 'private_key'],
])('a secret that %s is named by its field, never by its value', async (_, edit, field) => {
  const bench = await setUp();
  const edited = edit({ ...bench.apigee.serviceAccount });
  bench.secret.text = typeof edited === 'string' ? edited : JSON.stringify(edited);

  const error: unknown = await tokens(bench)().catch((caught: unknown) => caught);

  expect(error).toMatchObject({ name: 'PermanentError', reason: 'misconfigured', field });
  expect(printed(error)).not.toContain('canary-secret');
  expect(tokenCalls(bench)).toBe(0);
});
