import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { hidden } from '@keyturn/rotation/hidden';
import { expect, test } from 'vitest';

import type { LoopbackAnswer, Received } from './loopback-aws.ts';
import { loopbackClients } from './loopback-clients.ts';
import { sdkSecretsManager } from './sdk-secrets-manager.ts';
import { secretStore } from './secrets-manager-store.ts';

const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders-abcdef';
const token = '0d1c2b3a-0000-4000-8000-000000000001';
const lambdaArn = 'arn:aws:lambda:eu-west-1:111122223333:function:f';
const described = { ARN: arn, Name: 'orders', VersionIdsToStages: { old: ['AWSCURRENT'] } };
const failed = (status: number, name: string): LoopbackAnswer => ({ status, json: { __type: name, message: 'why' } });

async function setUp(answer: (request: Received, nth: number) => LoopbackAnswer, attempts = 1) {
  const counts = new Map<string, number>();
  const numbered = (request: Received) => {
    const nth = (counts.get(request.operation) ?? 0) + 1;
    counts.set(request.operation, nth);
    return answer(request, nth);
  };
  const { clients, server } = await loopbackClients(numbered, { attempts });
  return { store: secretStore(sdkSecretsManager(clients.secretsManager())), server };
}

test('writes a pending value with its labels, and hands the rotation token on where there is one (C14)', async () => {
  const { store, server } = await setUp(() => ({ json: { ARN: arn, VersionId: token } }));

  await store.putPending({ arn, token, text: hidden('{"a":1}'), rotationToken: 'assumed-role' });
  await store.putPending({ arn, token, text: hidden('{"a":1}'), rotationToken: undefined });

  const body = {
    SecretId: arn,
    ClientRequestToken: token,
    SecretString: '{"a":1}',
    VersionStages: ['AWSPENDING', 'KEYTURN'],
  };
  expect(server.received.map((request) => request.body)).toEqual([{ ...body, RotationToken: 'assumed-role' }, body]);
});

test('attaches a schedule without RotateImmediately, which AWS takes for true (C12)', async () => {
  const { store, server } = await setUp(() => ({ json: { ARN: arn, VersionId: token } }));

  await store.attachRotation({ arn, lambdaArn, schedule: 'rate(30 days)', duration: undefined });

  expect(server.received[0]?.body).toMatchObject({
    RotationLambdaARN: lambdaArn,
    RotationRules: { ScheduleExpression: 'rate(30 days)' },
    RotateImmediately: false,
  });
});

test('says which stage it wants even where AWSCURRENT is the default', async () => {
  const { store, server } = await setUp(() => ({ json: { ARN: arn, VersionId: 'old', CreatedDate: 1_800_000_000.5 } }));

  const empty = await store.value(arn, {});

  expect(empty).toBeUndefined();
  expect(server.received[0]?.body).toEqual({ SecretId: arn, VersionStage: 'AWSCURRENT' });
});

test('reads the times of a secret as milliseconds, and a schedule in days as a rate', async () => {
  const { store } = await setUp(() => ({
    json: {
      ...described,
      RotationEnabled: true,
      RotationLambdaARN: lambdaArn,
      RotationRules: { AutomaticallyAfterDays: 30 },
      LastRotatedDate: 1_800_000_000.25,
      NextRotationDate: 1_800_000_100,
      DeletedDate: 1_800_000_200,
      ReplicationStatus: [{ Region: 'us-east-1', Status: 'InSync' }],
    },
  }));

  const description = await store.describe(arn);

  expect(description).toMatchObject({
    rotation: { enabled: true, schedule: 'rate(30 days)', lastAt: 1_800_000_000_250, nextAt: 1_800_000_100_000 },
    deletedAt: 1_800_000_200_000,
    replicas: [{ region: 'us-east-1', status: 'InSync' }],
  });
});

test('the copy of a secret in another Region is told from the secret itself, and is in no list of those with our tag', async () => {
  const Tags = [{ Key: 'keyturn:provider', Value: 'apigee' }];
  const { store } = await setUp(({ operation }) => ({
    json:
      operation === 'ListSecrets'
        ? { SecretList: [{ ARN: arn }] }
        : { ...described, Tags, PrimaryRegion: 'eu-central-1' },
  }));

  const listed = [];
  for await (const each of store.listTagged('keyturn:provider')) listed.push(each);

  expect(await store.describe(arn)).toMatchObject({ isReplica: true });
  expect(listed).toEqual([]);
});

test('counts a label move whose answer got lost as moved', async () => {
  let current = 'old';
  const { store, server } = await setUp(({ operation }, nth) => {
    if (operation === 'DescribeSecret')
      return { json: { ...described, VersionIdsToStages: { [current]: ['AWSCURRENT'] } } };
    current = token;
    return nth === 1 ? 'hang-up' : failed(400, 'InvalidParameterException');
  }, 3);

  const outcome = await store.moveCurrent({ arn, from: 'old', to: token });

  expect(outcome).toBe('moved');
  expect(server.received.map(({ operation }) => operation)).toEqual([
    'UpdateSecretVersionStage',
    'UpdateSecretVersionStage',
    'DescribeSecret',
  ]);
});

test('lists over all pages and skips a secret that is gone by the time it is described', async () => {
  const { store } = await setUp(({ operation, body }) => {
    const request = body as { NextToken?: string; SecretId?: string };
    if (operation === 'ListSecrets') {
      return request.NextToken === undefined
        ? { json: { SecretList: [{ ARN: 'arn:1' }, { ARN: 'arn:gone' }], NextToken: 'more' } }
        : { json: { SecretList: [{ ARN: 'arn:2' }] } };
    }
    if (request.SecretId === 'arn:gone') return failed(400, 'ResourceNotFoundException');
    return { json: { ...described, ARN: request.SecretId, Tags: [{ Key: 'keyturn:provider', Value: 'apigee' }] } };
  });

  const listed = [];
  for await (const { arn: each } of store.listTagged('keyturn:provider')) listed.push(each);

  expect(listed).toEqual(['arn:1', 'arn:2']);
});

test('takes no rotation for running whose version is current already (C7)', async () => {
  const { store } = await setUp(({ operation }) =>
    operation === 'RotateSecret'
      ? failed(400, 'InvalidRequestException')
      : {
          json: {
            ...described,
            RotationLambdaARN: lambdaArn,
            VersionIdsToStages: { old: ['AWSCURRENT', 'AWSPENDING'] },
          },
        },
  );

  await expect(store.rotateNow(arn)).rejects.toMatchObject({ reason: 'misconfigured' });
});

test.each([
  ['throttled', failed(400, 'ThrottlingException')],
  ['refused for their load', failed(429, 'TooManyRequestsException')],
  ['broken on their side', failed(500, 'InternalServiceError')],
  ['not there', failed(503, 'ServiceUnavailable')],
  ['answered by something else', { status: 502, html: '<html>bad gateway</html>' }],
  ['answered by something else that is content', { html: '<html>welcome</html>' }],
  ['not answered', 'hang-up'],
] satisfies [string, LoopbackAnswer][])('a call that is %s may be repeated', async (_, answer) => {
  const { store } = await setUp(() => answer);

  const outcome = await store.describe(arn).catch((error: unknown) => error);

  expect(outcome).toBeInstanceOf(TransientError);
});

test.each([
  [failed(400, 'AccessDeniedException'), 'access-denied'],
  [failed(403, 'SomethingForbidden'), 'access-denied'],
  [failed(400, 'DecryptionFailure'), 'access-denied'],
  [failed(400, 'UnrecognizedClientException'), 'access-denied'],
  [failed(400, 'ExpiredTokenException'), 'access-denied'],
  [failed(400, 'KMSInvalidStateException'), 'access-denied'],
  [failed(400, 'LimitExceededException'), 'quota'],
  [failed(400, 'InvalidParameterException'), 'misconfigured'],
  [failed(400, 'UnknownOperationException'), 'misconfigured'],
])('%j is for somebody to look after: %s', async (answer, reason) => {
  const { store } = await setUp(() => answer);

  const outcome = await store.value(arn, {}).catch((error: unknown) => error);

  expect(outcome).toBeInstanceOf(PermanentError);
  expect(outcome).toMatchObject({ reason });
});

test('an error tells the operation, the name of the failure and the request, and not what AWS said', async () => {
  const { store } = await setUp(() => ({
    status: 400,
    json: { __type: 'AccessDeniedException', message: 'User anna may not read orders' },
    headers: { 'x-amzn-requestid': 'r-1' },
  }));

  const reading = store.value(arn, {});

  await expect(reading).rejects.toThrow('GetSecretValue: AccessDeniedException (HTTP 400, request r-1)');
});

test('an endpoint where nobody listens is worth another try', async () => {
  const { store, server } = await setUp(() => 'hang-up');
  await server.stop();

  const outcome = await store.describe(arn).catch((error: unknown) => error);

  expect(outcome).toBeInstanceOf(TransientError);
  expect(outcome).toMatchObject({ message: 'DescribeSecret: ECONNREFUSED' });
});
