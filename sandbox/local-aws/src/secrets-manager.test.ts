import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  UpdateSecretVersionStageCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { awsClients } from '@keyturn/aws/clients';
import { afterEach, expect, test } from 'vitest';
import * as z from 'zod';

import { localAws, type LocalAws, type LocalAwsOptions } from './local-aws.ts';

const running: LocalAws[] = [];
afterEach(async () => {
  for (const aws of running.splice(0)) await aws.close();
});

const step = z.object({ Step: z.string(), SecretId: z.string(), ClientRequestToken: z.string() });
type Step = z.output<typeof step>;

/** A local AWS with a secret and a function that rotates it by itself, or fails as the test says. */
async function setUp(
  options: LocalAwsOptions = {},
  before: (step: Step, client: SecretsManagerClient) => Promise<void> = async () => {},
) {
  const aws = await localAws({ rotationAttempts: 3, rotationRetryDelayMs: 5, ...options });
  running.push(aws);
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = awsClients({ endpoint: aws.url, region: aws.region, credentials }).secretsManager();
  const steps: string[] = [];
  const fn = aws.functions.register('rotator', async (event) => {
    const input = step.parse(event);
    steps.push(input.Step);
    await before(input, client);
    await rotate(input, client);
  });
  const { ARN: arn = '' } = await client.send(new CreateSecretCommand({ Name: 'app', SecretString: 'old' }));
  const describe = async () =>
    (await client.send(new DescribeSecretCommand({ SecretId: arn }))).VersionIdsToStages ?? {};
  const start = (more: object = {}) =>
    client.send(new RotateSecretCommand({ SecretId: arn, RotationLambdaARN: fn.arn, ...more }));
  const notices = () =>
    aws.events
      .filter((event) => event['detail-type'] === 'AWS Service Event via CloudTrail')
      .map(({ detail }) => (detail as { eventName: string }).eventName);
  return { aws, client, fn, arn, steps, describe, start, notices };
}

async function rotate({ Step, SecretId, ClientRequestToken }: Step, client: SecretsManagerClient): Promise<void> {
  if (Step === 'createSecret') {
    const VersionStages = ['AWSPENDING'];
    await client.send(new PutSecretValueCommand({ SecretId, ClientRequestToken, SecretString: 'new', VersionStages }));
  }
  if (Step === 'finishSecret') {
    const { VersionId } = await client.send(new GetSecretValueCommand({ SecretId }));
    await client.send(
      new UpdateSecretVersionStageCommand({
        SecretId,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: ClientRequestToken,
        RemoveFromVersionId: VersionId,
      }),
    );
  }
}

test('rotates in the background: four steps, then nothing is pending', async () => {
  const { aws, client, arn, steps, start, describe, notices } = await setUp();

  const { VersionId = '' } = await start();
  await aws.idle();

  expect(steps).toEqual(['createSecret', 'setSecret', 'testSecret', 'finishSecret']);
  expect((await describe())[VersionId]).toEqual(['AWSCURRENT']);
  expect(notices()).toEqual(['RotationStarted', 'RotationSucceeded']);
  expect((await client.send(new GetSecretValueCommand({ SecretId: arn }))).SecretString).toBe('new');
});

test('the first step finds its version labelled and empty, and knows the secret by its ARN', async () => {
  const found: unknown[] = [];
  const lab = await setUp({}, async ({ Step, SecretId, ClientRequestToken: VersionId }, client) => {
    if (Step !== 'createSecret') return;
    const { VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId }));
    const value = client.send(new GetSecretValueCommand({ SecretId, VersionId, VersionStage: 'AWSPENDING' }));
    found.push(SecretId, VersionIdsToStages?.[VersionId], await value.catch((error: Error) => error.name));
  });

  await lab.start();
  await lab.aws.idle();

  expect(found).toEqual([lab.arn, ['AWSPENDING'], 'ResourceNotFoundException']);
});

test('a step that fails ends the attempt, and the whole process is tried again with the same token', async () => {
  let failures = 2;
  const tokens = new Set<string>();
  const { aws, steps, start, notices } = await setUp({}, async ({ Step, ClientRequestToken }) => {
    tokens.add(ClientRequestToken);
    if (Step === 'testSecret' && failures-- > 0) throw new Error('not yet');
  });

  await start();
  await aws.idle();

  const failed = ['createSecret', 'setSecret', 'testSecret'];
  expect(steps).toEqual([...failed, ...failed, ...failed, 'finishSecret']);
  expect(tokens.size).toBe(1);
  expect(notices()).toEqual([
    'RotationStarted',
    'RotationFailed',
    'RotationStarted',
    'RotationFailed',
    'RotationStarted',
    'RotationSucceeded',
  ]);
});

test('a rotation that never succeeds stays pending, names its step, and is attempted again by the next call', async () => {
  let broken = true;
  const { aws, fn, arn, start, describe } = await setUp({ rotationAttempts: 1 }, async ({ Step }) => {
    if (Step === 'setSecret' && broken) throw new Error('down');
  });

  const { VersionId = '' } = await start();
  await aws.idle();

  expect((await describe())[VersionId]).toEqual(['AWSPENDING']);
  expect(aws.events.at(-1)).toMatchObject({
    bus: 'default',
    source: 'aws.secretsmanager',
    account: aws.account,
    resources: [],
    detail: {
      eventName: 'RotationFailed',
      additionalEventData: { SecretId: arn },
      requestID: `Rotation-${arn}-${VersionId}`,
      errorMessage: `Error when executing lambda ${fn.arn} during setSecret step`,
    },
  });

  broken = false;
  await expect(start()).rejects.toMatchObject({
    name: 'InvalidRequestException',
    message: "A previous rotation isn't complete. That rotation will be reattempted.",
  });
  await aws.idle();
  expect((await describe())[VersionId]).toEqual(['AWSCURRENT']);
});

test('a value saved by hand in the middle abandons the rotation: no further step runs', async () => {
  const { aws, steps, start, describe, notices } = await setUp({}, async ({ Step, SecretId }, client) => {
    if (Step === 'setSecret') await client.send(new PutSecretValueCommand({ SecretId, SecretString: 'by hand' }));
  });

  await start();
  await aws.idle();

  expect(steps).toEqual(['createSecret', 'setSecret']);
  expect(notices()).toEqual(['RotationStarted', 'RotationAbandoned']);
  expect(
    Object.values(await describe())
      .flat()
      .sort(),
  ).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
});

test('attaching a schedule without rotating runs testSecret alone', async () => {
  const { aws, steps, start, describe, notices } = await setUp();

  await start({ RotateImmediately: false, RotationRules: { ScheduleExpression: 'rate(30 days)' } });
  await aws.idle();

  expect(steps).toEqual(['testSecret']);
  expect(notices()).toEqual(['TestRotationStarted', 'TestRotationSucceeded']);
  expect(Object.values(await describe())).toEqual([['AWSCURRENT']]);
});

test('rotates by its schedule, which can be played faster', async () => {
  // 30 days in a tenth of a second.
  const { aws, steps, start } = await setUp({ scheduleSpeed: (30 * 86_400_000) / 100 });

  await start({ RotateImmediately: false, RotationRules: { ScheduleExpression: 'rate(30 days)' } });

  await expect.poll(() => steps.filter((name) => name === 'finishSecret').length, { timeout: 3000 }).toBeGreaterThan(1);
  await aws.close();
});

test('a jump of the clock brings a rotation that is due months later', async () => {
  const clock = { ms: Date.UTC(2026, 10, 21), now: () => clock.ms, sleep: async () => {} };
  const { aws, steps, start } = await setUp({ clock });
  await start({ RotateImmediately: false, RotationRules: { ScheduleExpression: 'cron(0 3 1 3 ? *)' } });
  await aws.idle();

  clock.ms = Date.UTC(2027, 2, 1, 3);

  await expect.poll(() => steps).toEqual(['testSecret', 'createSecret', 'setSecret', 'testSecret', 'finishSecret']);
});

test('a rotation needs a function that exists and lets Secrets Manager in', async () => {
  const { aws, fn, start } = await setUp();
  fn.permissions = [{ principal: 'secretsmanager.amazonaws.com', sourceAccount: '999999999999' }];

  await expect(start()).rejects.toMatchObject({ name: 'AccessDeniedException' });
  await expect(start({ RotationLambdaARN: `${fn.arn}-2` })).rejects.toMatchObject({ name: 'AccessDeniedException' });

  fn.permissions = [{ principal: 'secretsmanager.amazonaws.com', sourceAccount: aws.account }];
  await start();
  await aws.idle();
});

test('tells of moved labels on the default bus, with no value in any event', async () => {
  const { aws, arn, start } = await setUp();

  const { VersionId } = await start();
  await aws.idle();

  const moves = aws.events.filter((event) => event['detail-type'] === 'Secret Label Updated');
  expect(moves.at(-1)).toMatchObject({
    source: 'aws.secretsmanager',
    resources: [arn],
    detail: { name: 'app', labelUpdated: 'AWSCURRENT', versionId: VersionId },
  });
  expect(moves).toHaveLength(2);
  expect(JSON.stringify(aws.events)).not.toMatch(/"(old|new)"/);
});

test('bytes, dates and pages survive the wire', async () => {
  const { client } = await setUp();
  const SecretBinary = new Uint8Array([0, 1, 255]);
  await client.send(new CreateSecretCommand({ Name: 'binary', SecretBinary }));

  const read = await client.send(new GetSecretValueCommand({ SecretId: 'binary' }));
  const first = await client.send(new ListSecretsCommand({ MaxResults: 1 }));
  const second = await client.send(new ListSecretsCommand({ MaxResults: 1, NextToken: first.NextToken }));

  expect(read.SecretBinary).toEqual(SecretBinary);
  expect(Math.abs((read.CreatedDate?.getTime() ?? 0) - Date.now())).toBeLessThan(10_000);
  expect([first, second].map(({ SecretList }) => SecretList?.[0]?.Name)).toEqual(['app', 'binary']);
});

test('errors arrive as those of AWS', async () => {
  const { client } = await setUp();

  const missing = client.send(new GetSecretValueCommand({ SecretId: 'nobody' }));
  const malformed = client.send(new DescribeSecretCommand({ SecretId: 7 as unknown as string }));

  await expect(missing).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    $metadata: { httpStatusCode: 400 },
  });
  await expect(malformed).rejects.toMatchObject({ name: 'SerializationException' });
});
