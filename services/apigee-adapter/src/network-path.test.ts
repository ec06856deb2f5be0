import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { apigeeSimulator } from '@keyturn/apigee-simulator/apigee-simulator';
import { loopbackAws, type Received } from '@keyturn/aws/loopback-aws';
import { loopbackProxy, type LoopbackProxy } from '@keyturn/http/loopback-proxy';
import { loopbackServer } from '@keyturn/http/loopback-server';
import { loopbackTls } from '@keyturn/http/loopback-tls';
import { authorityCertificate } from '@keyturn/http/private-authority';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { expect, onTestFinished, test, vi } from 'vitest';

const context = { invokedFunctionArn: 'arn', awsRequestId: 'id', getRemainingTimeInMillis: () => 60_000 };
const canary = 'canary-proxy-password-31';
const authorization = `Basic ${Buffer.from(`keyturn:${canary}`).toString('base64')}`;
const target = 'developers/dev@example.com/apps/orders client';
const old = { keyId: 'hand-made-key-e1f0a9', secret: 'hand-made-secret-77c2d4' };
const next = { keyId: 'chosen-key-1b2c3d4e', secret: 'chosen-secret-5f6a7b8c' };
const mark = formatMark(
  markOf('arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders/key-AbCdEf', '00000002', 'test'),
);

/**
 * Apigee in a company: management API, token endpoint and gateway have names that only the proxy knows, and certificates of the company's own
 * authority. The adapter's module as Lambda loads it, with its secrets on a local AWS.
 */
async function company(network: (proxy: LoopbackProxy) => object) {
  const apigee = await apigeeSimulator();
  apigee.seed({
    products: [{ name: 'orders', paths: ['/orders'], scopes: ['read'] }],
    developers: [
      {
        email: 'dev@example.com',
        apps: [
          {
            name: 'orders client',
            keys: [{ consumerKey: old.keyId, consumerSecret: old.secret, products: ['orders'] }],
          },
        ],
      },
    ],
  });
  const tokens = await loopbackServer(() => ({
    status: 200,
    body: JSON.stringify({ access_token: apigee.accessToken(), expires_in: 3599 }),
  }));
  const [management, gateway, login] = await Promise.all(
    [new URL(apigee.managementUrl).origin, apigee.gatewayUrl, tokens.url].map(loopbackTls),
  );
  const proxy = await loopbackProxy({
    hosts: {
      'apigee.corp.internal:443': management!.url,
      'gateway.corp.internal:443': gateway!.url,
      'login.corp.internal:8443': login!.url,
    },
  });
  const secrets: Record<string, object> = {
    'apigee/admin': apigee.serviceAccount,
    'keyturn/proxy': { username: 'keyturn', password: canary },
  };
  const aws = await loopbackAws(({ body }: Received) => {
    const { SecretId: name = '' } = body as { SecretId?: string };
    return {
      json: { ARN: name, Name: name, VersionId: 'v1', CreatedDate: 1, SecretString: JSON.stringify(secrets[name]) },
    };
  });
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await Promise.all(
      [proxy, management!, gateway!, login!, tokens, apigee].map((one) => one.close()).concat(aws.stop()),
    );
  });
  return { proxy, issue: await load(network(proxy), aws.endpoint), apigee };
}

async function load(network: object, endpoint: string) {
  const folder = await mkdtemp(join(tmpdir(), 'keyturn-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'stage.yaml');
  const config = {
    stage: 'test',
    runbooks: 'https://runbooks.example.com',
    providers: {
      inside: {
        kind: 'apigee',
        organization: 'keyturn-sandbox',
        managementUrl: 'https://apigee.corp.internal/v1',
        auth: { as: 'serviceAccount', tokenUrl: 'https://login.corp.internal:8443/token' },
        adminSecret: 'apigee/admin',
        urls: { gateway: 'https://gateway.corp.internal' },
        probes: [{ id: 'orders', url: 'gateway', path: '/orders/1', send: { as: 'header' } }],
        network,
      },
    },
    shapes: {},
    readers: {},
    policies: {},
    routes: { default: { mail: ['ops@example.com'] } },
    notifications: { mail: { from: 'keyturn@example.com' } },
  };
  await writeFile(path, JSON.stringify(config));
  for (const [name, value] of Object.entries({
    KEYTURN_CONFIG: path,
    PROVIDER_ID: 'inside',
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL: endpoint,
  })) {
    vi.stubEnv(name, value);
  }
  vi.resetModules();
  return (await import('./handler.ts')).issue;
}

const check = { version: 1, operation: 'check', target, credential: next, probe: 'credential', times: 2 };
const ensure = {
  version: 1,
  operation: 'ensure',
  target,
  credential: next,
  like: old,
  entitlements: [],
  mark,
  approve: false,
};
const whole = ({ url }: LoopbackProxy) => ({
  proxy: url,
  proxySecret: 'keyturn/proxy',
  caBundle: authorityCertificate,
});

test('issues a key and probes it by a proxy, at hosts that nobody else can resolve and whose authority nobody else knows', async () => {
  const { proxy, issue, apigee } = await company(whole);
  proxy.manners.credentials = authorization;

  const ensured = await issue(ensure, context);
  const checked = await issue(check, context);

  expect(ensured).toMatchObject({ ok: true });
  expect(checked).toMatchObject({ ok: true, result: { key: { state: 'enabled' }, use: { outcome: 'accepted' } } });
  expect(apigee.keys('orders client').map(({ consumerKey }) => consumerKey)).toEqual([old.keyId, next.keyId]);
  const targets = new Set(proxy.asked.map(({ target }) => target));
  expect(targets).toEqual(
    new Set(['login.corp.internal:8443', 'apigee.corp.internal:443', 'gateway.corp.internal:443']),
  );
  // Each probe has a connection, and so a tunnel, of its own.
  expect(proxy.asked.filter(({ target }) => target.startsWith('gateway'))).toHaveLength(2);
});

test.each([
  [
    'without the bundle',
    ({ url }: LoopbackProxy) => ({ proxy: url, proxySecret: 'keyturn/proxy' }),
    { kind: 'permanent', reason: 'misconfigured' },
    /certificate is not trusted/,
  ],
  [
    'without the proxy',
    () => ({ caBundle: authorityCertificate }),
    { kind: 'transient' },
    /login\.corp\.internal:8443: no answer \((ENOTFOUND|EAI_AGAIN)\)/,
  ],
  [
    'without credentials of the proxy',
    ({ url }: LoopbackProxy) => ({ proxy: url, caBundle: authorityCertificate }),
    { kind: 'permanent', reason: 'access-denied', field: 'network.proxySecret' },
    /answers 407/,
  ],
])('fails %s, and says why', async (_, network, error, message) => {
  const { proxy, issue } = await company(network);
  proxy.manners.credentials = authorization;

  const answer = await issue(ensure, context);

  expect(answer).toMatchObject({ ok: false, error });
  expect(JSON.stringify(answer)).toMatch(message);
});

test.each([403, 407, 502])(
  'shows the password of the proxy neither in an answer nor in the log: %i',
  async (status) => {
    const printed: string[] = [];
    for (const stream of ['stdout', 'stderr'] as const) {
      vi.spyOn(process[stream], 'write').mockImplementation((text) => printed.push(String(text)) > 0);
    }
    for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
      vi.spyOn(console, method).mockImplementation((...texts) => void printed.push(JSON.stringify(texts)));
    }
    onTestFinished(() => void vi.restoreAllMocks());
    const { proxy, issue } = await company(whole);
    proxy.manners.whim = status;

    const answer = await issue(ensure, context);

    vi.restoreAllMocks();
    expect(proxy.asked[0]).toMatchObject({ authorization });
    expect(printed.join('')).toContain('ended');
    for (const secret of [canary, authorization.slice('Basic '.length)]) {
      expect(printed.join('') + JSON.stringify(answer)).not.toContain(secret);
    }
  },
);
