import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { serveIssue, serveRetire } from '@keyturn/credential-provider/serve-provider';
import { deployServerless } from '@keyturn/local-aws/deploy-serverless';
import { localAws } from '@keyturn/local-aws/local-aws';
import { expect, onTestFinished, test, vi } from 'vitest';

import { root } from '../source-files.ts';
import { lighthouses } from './lighthouse.ts';

const arn = (name: string) => `arn:aws:lambda:eu-central-1:123456789012:function:${name}`;
const config = {
  stage: 'fifth',
  providers: {
    lighthouse: {
      kind: 'custom',
      functions: { issue: arn('lighthouse-issue'), retire: arn('lighthouse-retire') },
      propagation: '0s',
      revocation: '0s',
    },
  },
  shapes: { pair: { keyId: '/id', secret: '/code' } },
  readers: { app: { refresh: '200ms' } },
  policies: { standard: { grace: '1s', soak: '500ms', accepts: 2, schedule: 'rate(4 hours)', readers: ['app'] } },
  routes: { default: { mail: ['platform@acme.example'] }, keepers: { mail: ['keepers@acme.example'] } },
  notifications: { mail: { from: 'keyturn@acme.example' } },
  runbooks: 'https://runbooks.acme.example/keyturn',
  timing: { toleratedSkew: '50ms', eventLag: '500ms', orphanMinAge: '2s', holdRetry: '1s' },
};
const tags = { provider: 'lighthouse', policy: 'standard', shape: 'pair', owner: 'keepers', target: 'north-cape' };

test(
  'a provider that nobody of Keyturn knows is rotated, verified and retired in a deployed stage: a folder, configuration and wiring',
  { timeout: 60_000 },
  async () => {
    const aws = await localAws({ sweepEveryMs: 200 });
    const folder = await mkdtemp(join(tmpdir(), 'keyturn-fifth-'));
    onTestFinished(async () => {
      await aws.close();
      await rm(folder, { recursive: true });
    });
    await writeFile(join(folder, 'stage.yaml'), JSON.stringify(config));
    await deployServerless(aws, {
      root,
      config: join(folder, 'stage.yaml'),
      environment: { POWERTOOLS_LOG_LEVEL: 'SILENT', METRICS: 'off' },
    });
    const { provider, keys, accepts, handMade } = lighthouses(['north-cape'], () => crypto.randomUUID());
    const asked = { issue: new Set<string>(), retire: new Set<string>() };
    const noting = (duty: 'issue' | 'retire', serve: (payload: unknown) => Promise<unknown>) => (payload: unknown) => {
      asked[duty].add((payload as { operation: string }).operation);
      return serve(payload);
    };
    aws.functions.register('lighthouse-issue', noting('issue', serveIssue(provider)), { timeoutMs: 90_000 });
    aws.functions.register('lighthouse-retire', noting('retire', serveRetire(provider)), { timeoutMs: 90_000 });
    handMade('north-cape', { keyId: 'by-hand', secret: 'long ago' });
    const { ARN: secretArn = '' } = await aws.secrets.createSecret({
      Name: 'keepers/lamp',
      SecretString: '{"id":"by-hand","code":"long ago"}',
      Tags: Object.entries(tags).map(([name, Value]) => ({ Key: `keyturn:${name}`, Value })),
    });

    await aws.secrets.rotateSecret({
      SecretId: secretArn,
      RotationLambdaARN: arn('keyturn-fifth-rotation-handler'),
      RotationRules: { ScheduleExpression: 'rate(4 hours)' },
    });

    const told = () => aws.events.map((event) => event['detail-type']);
    await vi.waitFor(() => expect(told()).toContain('CredentialRetired'), { timeout: 40_000, interval: 100 });
    const { SecretString = '' } = await aws.secrets.getSecretValue({ SecretId: secretArn });
    const { id, code } = JSON.parse(SecretString) as { id: string; code: string };
    expect(told().filter((type) => /^(Secret|Credential|Rotation|Verification)[A-Z]/.test(type))).toEqual(
      expect.arrayContaining(['SecretRotated', 'CredentialVerified', 'CredentialDisabled', 'CredentialRetired']),
    );
    expect(told()).not.toContain('RotationFailed');
    expect([...keys.keys()]).toEqual([id]);
    expect(accepts(id, code)).toBe(true);
    expect([...asked.issue].sort()).toEqual(['check', 'describe', 'ensure', 'list', 'mark', 'propose']);
    expect([...asked.retire].sort()).toEqual(['disable', 'remove']);
  },
);
