import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { loopbackAws } from '@keyturn/aws/loopback-aws';
import { expect, onTestFinished, test, vi } from 'vitest';

const context = { invokedFunctionArn: 'arn', awsRequestId: 'id', getRemainingTimeInMillis: () => 1000 };
const yaml = `
stage: test
runbooks: https://runbooks.example.com
providers:
  hosts:
    kind: ssh
    groups:
      web: { tag: { key: Role, values: [web] }, user: deploy }
shapes:
  ssh: { keyId: /PublicKey, secret: /PrivateKey }
readers:
  app: { refresh: 5m }
policies:
  monthly: { schedule: rate(30 days), readers: [app] }
routes:
  default: { mail: [ops@example.com] }
notifications:
  mail: { from: keyturn@example.com }
`;

async function load(providerId: string) {
  const aws = await loopbackAws(() => ({
    status: 400,
    json: { __type: 'AccessDeniedException', message: 'User is not authorized' },
  }));
  onTestFinished(() => aws.stop());
  const folder = await mkdtemp(join(tmpdir(), 'keyturn-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'stage.yaml');
  await writeFile(path, yaml);
  for (const [name, value] of Object.entries({
    KEYTURN_CONFIG: path,
    PROVIDER_ID: providerId,
    AWS_REGION: 'eu-west-1',
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 's',
    POWERTOOLS_LOG_LEVEL: 'SILENT',
  })) {
    vi.stubEnv(name, value);
  }
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.resetModules();
  return { ...(await import('./handler.ts')), aws };
}

test('issue serves what issues, retire what destroys', async () => {
  const { issue, retire } = await load('hosts');
  const describe = { version: 1, operation: 'describe' };

  expect(await issue(describe, context)).toMatchObject({
    ok: true,
    result: { propagationMs: 10_000, overlap: 'multi' },
  });
  expect(await retire(describe, context)).toMatchObject({ ok: false, error: { reason: 'unsupported' } });
  expect(await issue({ version: 1, operation: 'remove' }, context)).toMatchObject({ error: { reason: 'unsupported' } });
});

test('what AWS forbids is told by reason', async () => {
  const { issue } = await load('hosts');

  expect(await issue({ version: 1, operation: 'list', target: 'web' }, context)).toMatchObject({
    error: { reason: 'access-denied' },
  });
});

test.each(['unknown', '__proto__'])('a provider %s is not configured', async (id) => {
  await expect(load(id)).rejects.toMatchObject({ name: 'PermanentError', field: 'PROVIDER_ID' });
});
