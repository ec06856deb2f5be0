import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { loopbackAws, type LoopbackAws } from '@keyturn/aws/loopback-aws';
import { loopbackServer, type LoopbackServer } from '@keyturn/http/loopback-server';
import { expect, onTestFinished, test, vi } from 'vitest';

const context = { invokedFunctionArn: 'arn', awsRequestId: 'id', getRemainingTimeInMillis: () => 1000 };

async function load(providerId: string, text = yaml, env: Record<string, string> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'keyturn-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'stage.yaml');
  await writeFile(path, text);
  for (const [name, value] of Object.entries({
    KEYTURN_CONFIG: path,
    PROVIDER_ID: providerId,
    AWS_REGION: 'eu-west-1',
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    ...env,
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

const target = 'developers/dev@example.com/apps/orders';
const list = { version: 1, operation: 'list', target };

/** The handler with such a provider, between an AWS that has one user in every secret and an Apigee that refuses everybody. */
async function loadBetween(provider: (apigee: string) => object) {
  const aws = await loopbackAws(() => ({
    json: {
      ARN: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:a-AbCdEf',
      Name: 'a',
      VersionId: '00000000-0000-4000-8000-000000000001',
      VersionStages: ['AWSCURRENT'],
      SecretString: '{"username":"m@x.io","password":"p"}',
      CreatedDate: 1_700_000_000,
    },
  }));
  onTestFinished(() => aws.stop());
  const apigee = await loopbackServer(() => ({ status: 400, body: '{"error":"invalid_grant"}' }));
  onTestFinished(() => apigee.close());
  const given = { kind: 'apigee', organization: 'acme', allowHttp: ['127.0.0.1'], ...provider(apigee.url) };
  const text = yaml.replace(/ {2}apigee-x:\n(?: {4}.*\n)+/, `  apigee-x: ${JSON.stringify(given)}\n`);
  const handler = await load('apigee-x', text, {
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_ACCESS_KEY_ID: 'ASIAFUNCTION',
    AWS_SECRET_ACCESS_KEY: 'a-secret',
    AWS_SESSION_TOKEN: 'a-session',
  });
  return { ...handler, aws, apigee };
}

const secretsRead = ({ received }: LoopbackAws) => received.map(({ body }) => (body as { SecretId: string }).SecretId);
const asked = ({ received }: LoopbackServer) => received.map(({ url }) => url);

test('each function reads the secret of its own, and no other', async () => {
  const { issue, retire, aws } = await loadBetween((url) => ({
    flavour: 'opdk',
    managementUrl: `${url}/v1`,
    adminSecret: 'apigee/admin',
    retireSecret: 'apigee/retirement',
  }));

  await issue(list, context);
  expect(secretsRead(aws)).toEqual(['apigee/admin']);

  await retire(list, context);
  expect(secretsRead(aws)).toEqual(['apigee/admin', 'apigee/retirement']);
});

test('without a key, each function proves itself by the credentials that Lambda gave it', async () => {
  const { issue, aws, apigee } = await loadBetween((url) => ({
    auth: {
      as: 'workloadIdentity',
      audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/a/providers/b',
      stsUrl: `${url}/v1/token`,
    },
  }));

  const answer = await issue(list, context);

  expect(answer).toMatchObject({ error: { reason: 'access-denied', field: 'auth.audience' } });
  expect(asked(apigee)).toEqual(['/v1/token']);
  const subject = new URLSearchParams(apigee.received[0]?.body).get('subject_token') ?? '';
  expect(decodeURIComponent(subject)).toMatch(/Credential=ASIAFUNCTION\/\d{8}\/eu-west-1\/sts\//);
  expect(decodeURIComponent(subject)).toContain('a-session');
  expect(aws.received).toEqual([]);
});
