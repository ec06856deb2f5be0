import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test, vi } from 'vitest';

const context = { invokedFunctionArn: 'arn', awsRequestId: 'id', getRemainingTimeInMillis: () => 1000 };

async function load(providerId: string) {
  const folder = await mkdtemp(join(tmpdir(), 'keyturn-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'stage.yaml');
  await writeFile(path, yaml);
  for (const [name, value] of Object.entries({
    KEYTURN_CONFIG: path,
    PROVIDER_ID: providerId,
    AWS_REGION: 'eu-west-1',
    POWERTOOLS_LOG_LEVEL: 'SILENT',
  })) {
    vi.stubEnv(name, value);
  }
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.resetModules();
  return import('./handler.ts');
}

const yaml = `
stage: test
runbooks: https://runbooks.example.com
providers:
  apigee-x:
    kind: apigee
    organization: acme
    adminSecret: apigee/admin
    propagation: 10s
shapes:
  pair: { keyId: /key, secret: /secret }
readers:
  app: { refresh: 5m }
policies:
  monthly: { schedule: rate(30 days), readers: [app] }
routes:
  default: { mail: [ops@example.com] }
notifications:
  mail: { from: keyturn@example.com }
`;

test('issue serves what issues, retire what destroys', async () => {
  const { issue, retire } = await load('apigee-x');
  const describe = { version: 1, operation: 'describe' };

  expect(await issue(describe, context)).toMatchObject({
    ok: true,
    result: { propagationMs: 10_000, overlap: 'multi' },
  });
  expect(await retire(describe, context)).toMatchObject({ ok: false, error: { reason: 'unsupported' } });
  expect(await issue({ version: 1, operation: 'remove' }, context)).toMatchObject({
    ok: false,
    error: { reason: 'unsupported' },
  });
});

test.each(['unknown', 'constructor', '__proto__'])('a provider %s is not configured', async (id) => {
  await expect(load(id)).rejects.toMatchObject({ name: 'PermanentError', field: 'PROVIDER_ID' });
});
