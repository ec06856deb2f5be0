import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { loopbackAws, type LoopbackAnswer, type Received } from '@keyturn/aws/loopback-aws';
import { expect, onTestFinished, test } from 'vitest';

import { createSecrets } from './create-secrets.ts';
import { failoverSource } from './failover-source.ts';
import { fakeRuntime } from './fake-runtime.ts';
import { agentSource, extensionSource } from './local-sources.ts';
import { preload } from './preload.ts';
import { sdkSource } from './sdk-source.ts';
import type { SecretSource } from './secret-source.ts';
import { fakeSource } from './testing.ts';

const arn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:stripe-AbCdEf';
const secret = { ARN: arn, Name: 'stripe', VersionId: 'v1', SecretString: '{"apiKey":"first"}' };

async function server(answer: (request: Received) => LoopbackAnswer) {
  const started = await loopbackAws(answer);
  onTestFinished(() => started.stop());
  return { ...started, port: Number(new URL(started.endpoint).port) };
}

/** One attempt: the SDK's pauses are real time. */
async function bySdk(answer: (request: Received) => LoopbackAnswer, region?: string) {
  const aws = await server(answer);
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const config = { endpoint: aws.endpoint, region: region ?? 'eu-central-1', credentials, maxAttempts: 1 };
  const source = sdkSource({ client: new SecretsManagerClient(config), ...(region && { region }) });
  return { ...aws, source, secrets: createSecrets({ source }) };
}

const read = (source: SecretSource, secretId = 'stripe', fresh = false) =>
  source.get({ secretId, fresh, signal: new AbortController().signal });

test('the SDK: text and bytes, by stage and by version', async () => {
  const { received, secrets } = await bySdk(({ body }) => {
    const { VersionId } = body as { VersionId?: string };
    return { json: VersionId ? { ...secret, VersionId, SecretString: undefined, SecretBinary: 'AQI=' } : secret };
  });

  expect(await secrets.secret('stripe').get()).toEqual({ apiKey: 'first' });
  expect(await secrets.secret('stripe', { versionId: 'v0', format: 'binary' }).get()).toEqual(new Uint8Array([1, 2]));
  await secrets.secret('stripe', { stage: 'AWSPENDING' }).get();

  expect(received.map(({ body }) => body)).toEqual([
    { SecretId: 'stripe', VersionStage: 'AWSCURRENT' },
    { SecretId: 'stripe', VersionId: 'v0' },
    { SecretId: 'stripe', VersionStage: 'AWSPENDING' },
  ]);
});

const refusals = [
  ['ResourceNotFoundException', 400, 'NOT_FOUND', false],
  ['AccessDeniedException', 400, 'ACCESS_DENIED', false],
  ['UnrecognizedClientException', 400, 'ACCESS_DENIED', false],
  ['ExpiredTokenException', 400, 'ACCESS_DENIED', false],
  ['DecryptionFailure', 400, 'DECRYPTION_FAILED', false],
  ['InvalidRequestException', 400, 'INVALID_REQUEST', false],
  ['InvalidParameterException', 400, 'INVALID_REQUEST', false],
  ['ThrottlingException', 400, 'THROTTLED', true],
  ['InternalServiceError', 500, 'UNAVAILABLE', true],
  ['ServiceUnavailable', 503, 'UNAVAILABLE', true],
] as const;

test.each(refusals)('the SDK: %s', async (type, status, code, retryable) => {
  const { secrets } = await bySdk(() => ({ status, json: { __type: type, message: 'no' } }));

  await expect(secrets.secret('stripe').get()).rejects.toMatchObject({ code, retryable, secretId: 'stripe' });
});

test('the SDK: a connection that breaks is trouble that passes', async () => {
  const { secrets } = await bySdk(() => 'hang-up');

  await expect(secrets.secret('stripe').get()).rejects.toMatchObject({ retryable: true });
});

test('the SDK: an answer that is no JSON shows nothing of itself', async () => {
  const { secrets } = await bySdk(() => ({ html: '{"SecretString":"hunter2' }));

  const error: unknown = await secrets
    .secret('stripe')
    .get()
    .catch((thrown: unknown) => thrown);

  expect(error).toMatchObject({ name: 'SecretError' });
  expect((error as Error).stack).not.toContain('hunter2');
});

test('the SDK: many with one call for each twenty', async () => {
  const { received, secrets } = await bySdk(({ body }) => {
    const { SecretIdList } = body as { SecretIdList: string[] };
    const entry = (id: string) => ({ ARN: `arn:${id}`, Name: id, VersionId: id, SecretString: '{}' });
    return { json: { SecretValues: SecretIdList.map(entry), Errors: [] } };
  });

  await preload(secrets, ...Array.from({ length: 41 }, (_, n) => secrets.secret(`s${n}`)));

  expect(received.map(({ operation }) => operation)).toEqual(Array.from({ length: 3 }, () => 'BatchGetSecretValue'));
});

test('the SDK: a source of another Region asks for the replica there', async () => {
  const { received, source } = await bySdk(() => ({ json: secret }), 'eu-west-1');

  await read(source, arn);

  expect(received[0]?.body).toMatchObject({ SecretId: arn.replace('eu-central-1', 'eu-west-1') });
});

test('the SDK: a retry is the SDK’s, and the whole of it has our limit', async () => {
  const { endpoint } = await server(() => ({ status: 503, json: {} }));
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SecretsManagerClient({ endpoint, region: 'eu-central-1', credentials, maxAttempts: 50 });
  const secrets = createSecrets({ source: sdkSource({ client }), timeoutMs: 200 });

  await expect(secrets.secret('stripe').get()).rejects.toMatchObject({ code: 'TIMEOUT' });
});

test('the extension: asks with the session’s token, by stage and version', async () => {
  const { port, received } = await server(() => ({ json: secret }));
  const runtime = fakeRuntime({ AWS_SESSION_TOKEN: 'token', PARAMETERS_SECRETS_EXTENSION_HTTP_PORT: String(port) });
  const secrets = createSecrets({ source: extensionSource({ runtime }) });

  expect(await secrets.secret('prod/stripe').get()).toEqual({ apiKey: 'first' });
  await secrets.secret('prod/stripe', { versionId: 'v0' }).get();

  expect(received.map(({ operation }) => operation)).toEqual([
    'GET /secretsmanager/get?secretId=prod%2Fstripe&versionStage=AWSCURRENT',
    'GET /secretsmanager/get?secretId=prod%2Fstripe&versionId=v0',
  ]);
});

test('the extension: is waited for while it starts', async () => {
  let count = 0;
  const { port } = await server(() => {
    count++;
    if (count === 1) return 'hang-up';
    if (count === 2) return { status: 400, html: 'not ready to serve traffic, please wait' };
    return { json: secret };
  });

  expect(await read(extensionSource({ port }))).toMatchObject({ versionId: 'v1' });
});

test('the extension: after a refused key Secrets Manager itself is asked, for the extension cannot be told', async () => {
  const { port } = await server(() => ({ json: secret }));
  const fresh = fakeSource({ stripe: { apiKey: 'second' } });
  const secrets = createSecrets({ source: extensionSource({ port, fresh }) });

  const answer = await secrets.secret('stripe').use(({ apiKey }) => ({ status: apiKey === 'first' ? 401 : 200 }));

  expect(answer).toEqual({ status: 200 });
  expect(fresh.calls).toHaveLength(1);
});

test.each([
  [400, 'ResourceNotFoundException: hunter2', 'NOT_FOUND'],
  [400, 'AccessDeniedException', 'ACCESS_DENIED'],
  [401, '', 'ACCESS_DENIED'],
  [400, 'DecryptionFailure', 'DECRYPTION_FAILED'],
  [400, 'ThrottlingException', 'THROTTLED'],
  [400, 'what', 'INVALID_REQUEST'],
  [500, '', 'UNAVAILABLE'],
])('the extension: %i %s', async (status, html, code) => {
  const { port } = await server(() => ({ status, html }));

  const error: unknown = await read(extensionSource({ port })).catch((thrown: unknown) => thrown);

  expect(error).toMatchObject({ code, secretId: 'stripe' });
  expect((error as Error).stack).not.toContain('hunter2');
});

test('the extension: an answer that is none is an error', async () => {
  const { port } = await server(() => ({ json: ['hunter2'] }));

  await expect(read(extensionSource({ port }))).rejects.toMatchObject({ code: 'PARSE' });
});

test('the agent: asks with the token in its file, and past its own memory where that is asked for', async () => {
  const { port, received } = await server(() => ({ json: { ...secret, SecretString: null, SecretBinary: 'AQI=' } }));
  const tokenFile = join(await mkdtemp(join(tmpdir(), 'keyturn-')), 'token');
  await writeFile(tokenFile, 'token\n');
  const source = agentSource({ port, tokenFile });

  expect((await read(source)).binary).toEqual(Buffer.from([1, 2]));
  await read(source, 'stripe', true);

  expect(received.map(({ operation }) => operation)).toEqual([
    'GET /secretsmanager/get?secretId=stripe',
    'GET /secretsmanager/get?secretId=stripe&refreshNow=true',
  ]);
});

test('the agent: a token that cannot be read is an error of the fetch', async () => {
  const secrets = createSecrets({ source: agentSource({ tokenFile: '/no/such/file' }) });

  await expect(secrets.secret('stripe').get()).rejects.toMatchObject({ name: 'SecretError' });
});

test('failover: the next source is asked where one does not answer, and a refusal is an answer', async () => {
  const [first, second] = [fakeSource({ stripe: { apiKey: 'first' } }), fakeSource({ stripe: { apiKey: 'replica' } })];
  const source = failoverSource([first, second]);
  first.failWith('UNAVAILABLE');
  expect((await read(source)).text).toContain('replica');

  first.failWith('ACCESS_DENIED');

  await expect(read(source)).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
});

test('failover: a source that hangs is given up in time for the next, whether it heeds its signal or not', async () => {
  const [first, second] = [fakeSource({ stripe: '' }), fakeSource({ stripe: { apiKey: 'replica' } })];
  const runtime = fakeRuntime();
  first.answerAfter(() => new Promise(() => undefined));
  const secrets = createSecrets({ source: failoverSource([first, second], { runtime }), runtime });

  const value = secrets.secret('stripe').get();
  await runtime.pass(1000);

  expect(await value).toEqual({ apiKey: 'replica' });
});

test('failover: needs a source', () => {
  expect(() => failoverSource([])).toThrow(RangeError);
});
