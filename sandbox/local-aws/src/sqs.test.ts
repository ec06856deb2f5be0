import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListMessageMoveTasksCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  StartMessageMoveTaskCommand,
  type ReceiveMessageCommandInput,
} from '@aws-sdk/client-sqs';
import { awsClients } from '@keyturn/aws/clients';
import { afterEach, expect, test } from 'vitest';

import { localAws } from './local-aws.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const aws of open.splice(0)) await aws.close();
});

async function setUp() {
  const clock = { ms: Date.UTC(2026, 10, 21, 8), now: () => clock.ms, sleep: async () => {} };
  const aws = await localAws({ clock });
  open.push(aws);
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = awsClients({ endpoint: aws.url, region: aws.region, credentials }).sqs();
  const create = async (QueueName: string, Attributes: Record<string, string> = {}) =>
    (await client.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl ?? '';
  const send = (QueueUrl: string, MessageBody: string) =>
    client.send(new SendMessageCommand({ QueueUrl, MessageBody }));
  const receive = async (QueueUrl: string, more: Partial<ReceiveMessageCommandInput> = {}) =>
    (await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, ...more }))).Messages ?? [];
  const attributes = async (QueueUrl: string) =>
    (await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }))).Attributes ?? {};
  const withDlq = async (maxReceiveCount: number) => {
    const dlq = await create('work-dlq');
    const { QueueArn: deadLetterTargetArn } = await attributes(dlq);
    const url = await create('work', { RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount }) });
    return { url, dlq, arn: (await attributes(url))['QueueArn'], dlqArn: deadLetterTargetArn };
  };
  return { aws, clock, client, create, send, receive, attributes, withDlq };
}

test('hides a received message for its visibility timeout, and forgets a deleted one', async () => {
  const { client, clock, create, send, receive } = await setUp();
  const url = await create('work', { VisibilityTimeout: '60' });
  await send(url, 'hello');

  const [first] = await receive(url);
  expect(first?.Body).toBe('hello');
  expect(await receive(url)).toEqual([]);

  clock.ms += 60_000;
  const [second] = await receive(url, { MessageSystemAttributeNames: ['All'] });
  expect(second?.Attributes).toMatchObject({ ApproximateReceiveCount: '2', SentTimestamp: '1795248000000' });

  await client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: second?.ReceiptHandle }));
  clock.ms += 60_000;
  expect(await receive(url)).toEqual([]);
});

test('changes the visibility of a message in flight, and of no other', async () => {
  const { client, clock, create, send, receive } = await setUp();
  const url = await create('work');
  await send(url, 'hello');
  const [message] = await receive(url);
  const change = (VisibilityTimeout: number) =>
    client.send(
      new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle: message?.ReceiptHandle, VisibilityTimeout }),
    );

  await change(600);
  clock.ms += 599_000;
  expect(await receive(url)).toEqual([]);

  await change(0);
  expect(await receive(url, { VisibilityTimeout: 1 })).toHaveLength(1);
  await expect(change(10)).rejects.toMatchObject({ name: 'MessageNotInflight' });
});

test('message attributes of every type come back, each as it was asked for', async () => {
  const { client, create, receive } = await setUp();
  const url = await create('work');
  const attributes = {
    reason: { DataType: 'String', StringValue: 'zürich' },
    tries: { DataType: 'Number', StringValue: '3' },
    raw: { DataType: 'Binary', BinaryValue: new Uint8Array([0, 255]) },
  };
  await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'x', MessageAttributes: attributes }));

  const [all] = await receive(url, { MessageAttributeNames: ['All'], VisibilityTimeout: 0 });
  const [one] = await receive(url, { MessageAttributeNames: ['reason'], VisibilityTimeout: 0 });

  expect(all?.MessageAttributes).toEqual(attributes);
  expect(one?.MessageAttributes).toEqual({ reason: attributes.reason });
  expect(all?.MD5OfMessageAttributes).not.toBe(one?.MD5OfMessageAttributes);
});

test('a long poll answers as soon as a message is there', async () => {
  const { create, send, receive } = await setUp();
  const url = await create('work');

  const waiting = receive(url, { WaitTimeSeconds: 20 });
  await send(url, 'hello');

  expect((await waiting)[0]?.Body).toBe('hello');
});

test('a delayed message waits for its time', async () => {
  const { client, clock, create, receive, attributes } = await setUp();
  const url = await create('work');
  await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'later', DelaySeconds: 900 }));

  expect(await attributes(url)).toMatchObject({
    ApproximateNumberOfMessagesDelayed: '1',
    ApproximateNumberOfMessages: '0',
  });
  clock.ms += 900_000;
  expect(await receive(url)).toHaveLength(1);
});

test('redrive moves a message after its last try, and tells where it came from', async () => {
  const { clock, send, receive, withDlq } = await setUp();
  const { url, dlq, arn } = await withDlq(2);
  await send(url, 'poison');

  for (let tries = 0; tries < 2; tries += 1) {
    expect(await receive(url)).toHaveLength(1);
    clock.ms += 30_000;
  }

  expect(await receive(url)).toEqual([]);
  const [dead] = await receive(dlq, { MessageSystemAttributeNames: ['All'] });
  expect([dead?.Body, dead?.Attributes?.['DeadLetterQueueSourceArn']]).toEqual(['poison', arn]);
});

test('a move task brings dead messages back to where each came from', async () => {
  const { aws, client, clock, send, receive, attributes, withDlq } = await setUp();
  const { url, dlqArn } = await withDlq(1);
  await send(url, 'again');
  await receive(url);
  clock.ms += 30_000;
  await receive(url);

  await client.send(new StartMessageMoveTaskCommand({ SourceArn: dlqArn }));
  await aws.idle();

  const { Results } = await client.send(new ListMessageMoveTasksCommand({ SourceArn: dlqArn }));
  expect(Results).toMatchObject([{ Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 1 }]);
  expect(await attributes(url)).toMatchObject({ ApproximateNumberOfMessages: '1' });
  expect((await receive(url))[0]?.Body).toBe('again');
});

test('a move task needs a destination for a message that redrive did not bring', async () => {
  const { aws, client, send, withDlq, attributes } = await setUp();
  const { url, dlq, dlqArn, arn } = await withDlq(1);
  await send(dlq, 'sent here');
  const start = (more: object = {}) => client.send(new StartMessageMoveTaskCommand({ SourceArn: dlqArn, ...more }));

  await start();
  await aws.idle();
  const { Results } = await client.send(new ListMessageMoveTasksCommand({ SourceArn: dlqArn }));
  expect(Results).toMatchObject([{ Status: 'FAILED', FailureReason: 'CouldNotDetermineMessageSource' }]);

  await start({ DestinationArn: arn });
  await aws.idle();
  expect(await attributes(url)).toMatchObject({ ApproximateNumberOfMessages: '1' });

  const noDlq = client.send(new StartMessageMoveTaskCommand({ SourceArn: arn }));
  await expect(noDlq).rejects.toMatchObject({ name: 'UnsupportedOperation' });
});

test('a batch tells of each entry', async () => {
  const { client, create, receive } = await setUp();
  const url = await create('work', { MaximumMessageSize: '1024' });

  const sent = await client.send(
    new SendMessageBatchCommand({
      QueueUrl: url,
      Entries: [
        { Id: 'a', MessageBody: 'fits' },
        { Id: 'b', MessageBody: 'x'.repeat(1025) },
      ],
    }),
  );
  expect([sent.Successful?.map(({ Id }) => Id), sent.Failed?.map(({ Id }) => Id)]).toEqual([['a'], ['b']]);

  const [message] = await receive(url);
  const deleted = await client.send(
    new DeleteMessageBatchCommand({
      QueueUrl: url,
      Entries: [
        { Id: 'a', ReceiptHandle: message?.ReceiptHandle },
        { Id: 'b', ReceiptHandle: 'nonsense' },
      ],
    }),
  );
  expect([deleted.Successful?.length, deleted.Failed?.[0]?.Code]).toEqual([1, 'ReceiptHandleIsInvalid']);
});

test('takes messages of up to 1 MiB', async () => {
  const { create, send, receive } = await setUp();
  const url = await create('work');

  await send(url, 'x'.repeat(1_048_576));
  await expect(send(url, 'x'.repeat(1_048_577))).rejects.toMatchObject({ name: 'InvalidParameterValue' });

  expect((await receive(url))[0]?.Body).toHaveLength(1_048_576);
});

test('forgets messages after the retention period', async () => {
  const { clock, create, send, receive } = await setUp();
  const url = await create('work', { MessageRetentionPeriod: '3600' });
  await send(url, 'old');

  clock.ms += 3_600_000;

  expect(await receive(url)).toEqual([]);
});

test('queues are found by name and by a URL of any origin, and created twice only alike', async () => {
  const { client, create, send, receive, withDlq } = await setUp();
  const { url, dlq } = await withDlq(3);

  expect((await client.send(new GetQueueUrlCommand({ QueueName: 'work' }))).QueueUrl).toBe(url);
  expect((await client.send(new ListQueuesCommand({ QueueNamePrefix: 'work-' }))).QueueUrls).toEqual([dlq]);
  expect((await client.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: dlq }))).queueUrls).toEqual([url]);
  await send('https://sqs.eu-central-1.amazonaws.com/123456789012/work', 'elsewhere');
  expect(await receive(url)).toHaveLength(1);
  expect(await create('work-dlq')).toBe(dlq);
  await expect(create('work-dlq', { DelaySeconds: '5' })).rejects.toMatchObject({ name: 'QueueNameExists' });
  await expect(receive('nowhere')).rejects.toMatchObject({ name: 'QueueDoesNotExist' });
});

test('attributes are checked, changed and purged', async () => {
  const { client, create, send, attributes } = await setUp();
  const url = await create('work');
  const set = (Attributes: Record<string, string>) =>
    client.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes }));

  await set({ VisibilityTimeout: '7' });
  await expect(set({ VisibilityTimeout: '-1' })).rejects.toMatchObject({ name: 'InvalidAttributeValue' });
  await expect(set({ Colour: 'red' })).rejects.toMatchObject({ name: 'InvalidAttributeName' });
  await expect(create('queue.fifo')).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  await send(url, 'gone');
  await client.send(new PurgeQueueCommand({ QueueUrl: url }));

  expect(await attributes(url)).toMatchObject({ VisibilityTimeout: '7', ApproximateNumberOfMessages: '0' });
});
