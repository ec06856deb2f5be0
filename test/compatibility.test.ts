import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

import { handleNotice } from '@keyturn/announcer/handle-notice';
import { memoryBus } from '@keyturn/aws/memory-bus';
import { createSecrets } from '@keyturn/client';
import { secretsManager } from '@keyturn/client/secrets-manager';
import { fakeSource } from '@keyturn/client/testing';
import type { SecretRotation } from '@keyturn/events/secret-rotation';
import { TransientError } from '@keyturn/rotation/errors';
import { eventPattern } from '@keyturn/local-aws/event-pattern';
import { localAws } from '@keyturn/local-aws/local-aws';
import { expect, test } from 'vitest';

import { root } from './source-files.ts';
import { world, type World } from './world.ts';

const run = promisify(execFile);
const golden = JSON.parse(await readFile(join(root, 'events/compatibility/SecretRotation.json'), 'utf8')) as object;

/** The rule that the Python package's README makes, for one secret. */
const pattern = (secretId: string) =>
  eventPattern({ source: ['secretsmanager'], 'detail-type': ['Secret Rotation'], detail: { secretId: [secretId] } });

async function changed(w: World, defaultBus = memoryBus<SecretRotation>()) {
  const versionId = await w.paste(w.provider.handMade({ target: 'orders-app' }));
  const moved = { kind: 'moved', secretArn: w.arn, versionId, at: w.clock.now(), by: 'event' } as const;
  return { defaultBus, announce: () => handleNotice(moved, { ...w.announcer, defaultBus }) };
}

test('where it is asked for, a change is told on the default bus too, and the rule of the README takes it', async () => {
  const w = await world();
  const { defaultBus, announce } = await changed(w);

  await announce();

  const [event, ...more] = defaultBus.published;
  expect(more).toEqual([]);
  expect(pattern('orders/apigee')(event)).toBe(true);
  expect(pattern('orders')(event)).toBe(false);
  expect(golden).toMatchObject({ ...event });
});

test('unless it is asked for, the default bus hears nothing', async () => {
  const w = await world();
  const versionId = await w.paste(w.provider.handMade({ target: 'orders-app' }));
  const moved = { kind: 'moved', secretArn: w.arn, versionId, at: w.clock.now(), by: 'event' } as const;

  await handleNotice(moved, w.announcer);

  expect(w.events('SecretRotated')).toHaveLength(1);
  expect(w.bus.published.map(({ source }) => source)).not.toContain('secretsmanager');
});

test('one that the default bus did not take is told again with the whole fact, under the same idempotency key', async () => {
  const w = await world();
  const refusing = { ...memoryBus<SecretRotation>(), publish: () => Promise.reject(new TransientError('down')) };
  const { announce } = await changed(w, refusing);
  await expect(announce()).rejects.toThrow('down');

  const defaultBus = memoryBus<SecretRotation>();
  const versionId = (await w.secrets.value(w.arn, { stage: 'AWSCURRENT' }))?.versionId ?? '';
  const moved = { kind: 'moved', secretArn: w.arn, versionId, at: w.clock.now(), by: 'event' } as const;
  await handleNotice(moved, { ...w.announcer, defaultBus });

  const keys = w.events('SecretRotated').map(({ detail }) => detail.metadata.idempotencyKey);
  expect(keys).toHaveLength(2);
  expect(new Set(keys).size).toBe(1);
  expect(defaultBus.published).toHaveLength(1);
});

test('the client takes the event for what it is', async () => {
  const source = fakeSource({ 'orders/apigee': { key: 'first' } });
  const secret = secretsManager({ name: 'orders/apigee', secrets: createSecrets({ source }) });
  const handler = secret.wrap(async (_event: unknown, _context: object) => secret.item('key'));
  expect(await handler({}, {})).toBe('first');
  source.rotate('orders/apigee', { key: 'second' });

  await handler(golden, {});

  expect(await handler({}, {})).toBe('second');
});

const script = `
import json, os, sys
from aws_secretsmanager import SecretsManager
secret = SecretsManager('orders/apigee')
@secret
def handler(event, context):
    return 'called'
print(json.dumps(secret['KEY']), flush=True)
for line in sys.stdin:
    answer = handler(json.loads(line), {})
    print(json.dumps([answer, secret['KEY'], os.environ['KEY']]), flush=True)
`;

test('the Python package itself, reading from local-aws, updates the secret and does not call the handler', async ({
  skip,
}) => {
  const folder = await mkdtemp(join(tmpdir(), 'keyturn-python-'));
  const missing = await pythonPackage(folder);
  if (missing !== undefined) return skip(missing);
  const aws = await localAws();
  await aws.secrets.createSecret({
    Name: 'orders/apigee',
    SecretString: '{"KEY":"first"}',
    ClientRequestToken: '00000000-0000-4000-8000-000000000001',
  });
  await writeFile(join(folder, 'app.py'), script);
  const env = { ...process.env, ...aws.environment, PYTHONPATH: folder };
  const python = spawn('python3', [join(folder, 'app.py')], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => JSON.parse(String((await lines.next()).value));
  const send = (event: object) => python.stdin.write(`${JSON.stringify(event)}\n`);
  expect(await next()).toBe('first');

  send({ httpMethod: 'GET' });
  expect(await next()).toEqual(['called', 'first', 'first']);
  await aws.secrets.putSecretValue({
    SecretId: 'orders/apigee',
    SecretString: '{"KEY":"second"}',
    ClientRequestToken: '00000000-0000-4000-8000-000000000002',
  });
  send(golden);

  expect(await next()).toEqual([null, 'second', 'second']);
  python.stdin.end();
  await once(python, 'exit');
  await aws.close();
  await rm(folder, { recursive: true });
}, 60_000);

/** Installs it there; resolves to why it cannot be had. */
async function pythonPackage(folder: string): Promise<string | undefined> {
  const boto = await run('python3', ['-c', 'import boto3']).catch(() => undefined);
  if (boto === undefined) return 'There is no Python with boto3 on this machine';
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', folder, 'aws-secretsmanager==0.1.1'];
  const installed = await run('python3', pip, { timeout: 30_000 }).catch(() => undefined);
  return installed === undefined ? 'aws-secretsmanager cannot be installed by pip here' : undefined;
}
