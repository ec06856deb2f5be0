import { createHash } from 'node:crypto';

import { InvokeCommand } from '@aws-sdk/client-lambda';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { expect, onTestFinished, test } from 'vitest';

import { awsClients } from './clients.ts';
import { loopbackAws, type LoopbackAnswer, type Received } from './loopback-aws.ts';
import { sqsConsumed, sqsQueue } from './sqs-queue.ts';
import { ssmFleet } from './ssm-fleet.ts';

const local = { region: 'eu-west-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };

test('a queue URL of a foreign origin stays on the local endpoint', async () => {
  const server = await loopbackAws(takeMessage);
  onTestFinished(() => server.stop());
  const client = awsClients({ ...local, endpoint: server.endpoint }).sqs();
  const queueUrl = 'https://sqs.eu-west-1.amazonaws.com/111122223333/keyturn-test-announcer';
  const consumed = sqsConsumed({ client, queueUrl, deadLetterQueueUrl: `${queueUrl}-dlq` });

  await sqsQueue({ client, queueUrl }).send({ a: 1 });
  await consumed.deadLetter('{}', { reason: 'malformed', field: undefined, message: '' });
  await consumed.delay('receipt', 1_000);

  expect(server.received.map(({ operation, host }) => `${operation} ${host}`)).toEqual(
    ['SendMessage', 'SendMessage', 'ChangeMessageVisibility'].map(
      (operation) => `${operation} ${new URL(server.endpoint).host}`,
    ),
  );
  expect(server.received[0]?.body).toMatchObject({ QueueUrl: queueUrl });
});

test('a queue URL of a foreign origin stays on the endpoint of the environment too', async () => {
  const server = await loopbackAws(takeMessage);
  onTestFinished(() => server.stop());
  const before = process.env['AWS_ENDPOINT_URL'];
  process.env['AWS_ENDPOINT_URL'] = server.endpoint;
  onTestFinished(() => {
    if (before === undefined) delete process.env['AWS_ENDPOINT_URL'];
    else process.env['AWS_ENDPOINT_URL'] = before;
  });

  await sqsQueue({ client: awsClients(local).sqs(), queueUrl: 'https://sqs.invalid/1/q' }).send({ a: 1 });

  expect(server.received).toHaveLength(1);
});

test('each client is built once, and only when it is asked for', () => {
  const clients = awsClients(local);

  expect(clients.sqs()).toBe(clients.sqs());
  expect(clients.sqs()).not.toBe(awsClients(local).sqs());
});

test('an invocation gets one attempt and a little more time than an adapter may take, the rest a few attempts and seconds', async () => {
  const server = await loopbackAws(() => ({ json: {} }));
  onTestFinished(() => server.stop());
  const clients = awsClients({ ...local, endpoint: server.endpoint });
  const [lambda, ssm] = [clients.lambda(), clients.ssm()];

  await lambda.send(new InvokeCommand({ FunctionName: 'f' }));
  await ssm.send(new GetParameterCommand({ Name: 'p' }));

  expect([await lambda.config.maxAttempts(), await ssm.config.maxAttempts()]).toEqual([1, 3]);
  expect(handlerOf(lambda)).toMatchObject({
    requestTimeout: 95_000,
    throwOnRequestTimeout: true,
  });
  expect(handlerOf(ssm)).toMatchObject({
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    throwOnRequestTimeout: true,
  });
});

test('a Region that nobody set is named', async () => {
  const { credentials } = local;
  const unset = ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_CONFIG_FILE'].map(
    (name) => [name, process.env[name]] as const,
  );
  onTestFinished(() => {
    for (const [name, value] of unset) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  delete process.env['AWS_REGION'];
  delete process.env['AWS_DEFAULT_REGION'];
  process.env['AWS_CONFIG_FILE'] = '/nonexistent';

  const reading = ssmFleet({ client: awsClients({ credentials }).ssm(), parameter: '/keyturn/test/fleet' }).paused();

  await expect(reading).rejects.toMatchObject({ reason: 'misconfigured', field: 'AWS_REGION' });
});

/** What a client's HTTP handler was built with; it says so after its first request. */
function handlerOf({ config }: { config: { requestHandler: object } }): object {
  return (config.requestHandler as { httpHandlerConfigs(): object }).httpHandlerConfigs();
}

/** SQS answers with a checksum, and the SDK looks at it. */
function takeMessage({ body }: Received): LoopbackAnswer {
  const { MessageBody: text = '' } = body as { MessageBody?: string };
  return { json: { MessageId: '1', MD5OfMessageBody: createHash('md5').update(text).digest('hex') } };
}
