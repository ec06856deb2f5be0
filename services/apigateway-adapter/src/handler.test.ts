import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { loopbackServer } from '@keyturn/http/loopback-server';
import { expect, onTestFinished, test, vi } from 'vitest';

const context = { invokedFunctionArn: 'arn', awsRequestId: 'id', getRemainingTimeInMillis: () => 1000 };
const list = { version: 1, operation: 'list', target: 'aord01/orders-client' };

/** The handler with such a provider, beside an API Gateway that knows no plan. */
async function load(provider: object, providerId = 'orders') {
  const api = await loopbackServer(({ url }) => ({
    status: url.startsWith('/apikeys?') ? 200 : 404,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': 'NotFoundException' },
    body: url.startsWith('/apikeys?') ? '{"item":[]}' : '{"message":"Invalid Usage Plan ID specified"}',
  }));
  onTestFinished(() => api.close());
  const folder = await mkdtemp(join(tmpdir(), 'keyturn-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'stage.yaml');
  const given = { endpointUrl: api.url, allowHttp: ['127.0.0.1'], ...provider };
  await writeFile(
    path,
    JSON.stringify({
      stage: 'test',
      runbooks: 'https://runbooks.example.com',
      providers: { orders: given },
      shapes: { pair: { keyId: '/apiKey', secret: '/apiKeyValue' } },
      readers: { app: { refresh: '5m' } },
      policies: { monthly: { schedule: 'rate(30 days)', readers: ['app'] } },
      routes: { default: { mail: ['ops@example.com'] } },
      notifications: { mail: { from: 'keyturn@example.com' } },
    }),
  );
  for (const [name, value] of Object.entries({
    KEYTURN_CONFIG: path,
    PROVIDER_ID: providerId,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'ASIAFUNCTION',
    AWS_SECRET_ACCESS_KEY: 'a-secret',
    AWS_SESSION_TOKEN: 'a-session',
    POWERTOOLS_LOG_LEVEL: 'SILENT',
  })) {
    vi.stubEnv(name, value);
  }
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.resetModules();
  return { ...(await import('./handler.ts')), api };
}

test('issue serves what issues, retire what destroys', async () => {
  const { issue, retire } = await load({ kind: 'apigateway', propagation: '10s' });
  const describe = { version: 1, operation: 'describe' };

  expect(await issue(describe, context)).toMatchObject({
    ok: true,
    result: { propagationMs: 10_000, overlap: 'multi', clientSuppliedKey: true, lastUsed: false },
  });
  expect(await retire(describe, context)).toMatchObject({ ok: false, error: { reason: 'unsupported' } });
  expect(await issue({ version: 1, operation: 'remove' }, context)).toMatchObject({
    ok: false,
    error: { reason: 'unsupported' },
  });
});

test('both ask the configured endpoint, by the credentials that Lambda gave them', async () => {
  const { issue, retire, api } = await load({ kind: 'apigateway' });

  for (const ask of [issue, retire]) {
    expect(await ask(list, context)).toMatchObject({ ok: false, error: { reason: 'target-missing', field: 'target' } });
  }

  expect(api.received).toHaveLength(4);
  for (const { headers } of api.received) {
    expect(headers.authorization).toMatch(/Credential=ASIAFUNCTION\/\d{8}\/eu-west-1\/apigateway\/aws4_request/);
  }
});

test.each(['unknown', 'constructor', '__proto__'])('a provider %s is not configured', async (id) => {
  await expect(load({ kind: 'apigateway' }, id)).rejects.toMatchObject({ field: 'PROVIDER_ID' });
});

test('a provider of another kind is not for this adapter', async () => {
  const apigee = { kind: 'apigee', organization: 'acme', adminSecret: 'a/b', endpointUrl: undefined };

  await expect(load(apigee)).rejects.toMatchObject({ field: 'PROVIDER_ID' });
});
