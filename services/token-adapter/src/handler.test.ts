import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { loopbackAws } from '@keyturn/aws/loopback-aws';
import { loopbackServer } from '@keyturn/http/loopback-server';
import { expect, onTestFinished, test, vi } from 'vitest';

import { keysDescription } from './simulated-api.conformance.ts';

const context = { invokedFunctionArn: 'arn', awsRequestId: 'id', getRemainingTimeInMillis: () => 1000 };

/** The handler between an AWS that has a master in every secret and an API that has no keys. */
async function load(providerId = 'vendor') {
  const aws = await loopbackAws(() => ({
    json: {
      ARN: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:a-AbCdEf',
      Name: 'a',
      VersionId: '00000000-0000-4000-8000-000000000001',
      VersionStages: ['AWSCURRENT'],
      SecretString: '{"token":"m"}',
      CreatedDate: 1_700_000_000,
    },
  }));
  onTestFinished(() => aws.stop());
  const api = await loopbackServer(() => ({ status: 200, body: '{"keys":[]}' }));
  onTestFinished(() => api.close());
  const vendor = {
    kind: 'token',
    adminSecret: 'vendor/master',
    retireSecret: 'vendor/retirement',
    masters: ['vendor/eu'],
    allowHttp: ['127.0.0.1'],
    ...keysDescription,
    urls: { api: api.url, gateway: api.url },
  };
  const stage = {
    stage: 'test',
    runbooks: 'https://runbooks.example.com',
    providers: { vendor, apigee: { kind: 'apigee', organization: 'acme', adminSecret: 'apigee/admin' } },
    shapes: {},
    readers: {},
    policies: {},
    routes: { default: { mail: ['ops@example.com'] } },
    notifications: { mail: { from: 'keyturn@example.com' } },
  };
  const folder = await mkdtemp(join(tmpdir(), 'keyturn-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'stage.yaml');
  await writeFile(path, JSON.stringify(stage));
  for (const [name, value] of Object.entries({
    KEYTURN_CONFIG: path,
    PROVIDER_ID: providerId,
    AWS_REGION: 'eu-west-1',
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_ACCESS_KEY_ID: 'ASIAFUNCTION',
    AWS_SECRET_ACCESS_KEY: 'a-secret',
  })) {
    vi.stubEnv(name, value);
  }
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.resetModules();
  const read = () => aws.received.map(({ body }) => (body as { SecretId: string }).SecretId);
  return { ...(await import('./handler.ts')), read, api };
}

test('issue serves what issues, retire what destroys; each reads a master of its own', async () => {
  const { issue, retire, read } = await load();

  expect(await issue({ version: 1, operation: 'describe' }, context)).toMatchObject({
    ok: true,
    result: { overlap: 'multi', clientSuppliedKey: false, mark: true, reversibleDisable: true, lastUsed: true },
  });
  expect(await issue({ version: 1, operation: 'remove' }, context)).toMatchObject({ error: { reason: 'unsupported' } });
  await issue({ version: 1, operation: 'list', target: 'orders' }, context);
  await retire({ version: 1, operation: 'list', target: 'orders' }, context);
  await issue({ version: 1, operation: 'list', target: 'orders@vendor/eu' }, context);

  expect(read()).toEqual(['vendor/master', 'vendor/retirement', 'vendor/eu']);
});

test.each(['unknown', 'constructor', 'apigee'])('a provider %s is not one of kind token', async (id) => {
  await expect(load(id)).rejects.toMatchObject({ name: 'PermanentError', field: 'PROVIDER_ID' });
});
