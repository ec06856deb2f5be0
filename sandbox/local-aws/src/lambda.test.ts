import {
  CreateEventSourceMappingCommand,
  DeleteEventSourceMappingCommand,
  GetFunctionCommand,
  InvokeCommand,
  ListEventSourceMappingsCommand,
} from '@aws-sdk/client-lambda';
import { awsClients } from '@keyturn/aws/clients';
import { afterEach, expect, test } from 'vitest';
import * as z from 'zod';

import type { FunctionOptions, Handler } from './lambda.ts';
import { localAws } from './local-aws.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const aws of open.splice(0)) await aws.close();
});

const batch = z.object({ Records: z.array(z.looseObject({ messageId: z.string(), body: z.string() })) });

async function setUp() {
  const clock = { ms: Date.UTC(2026, 10, 21, 8), now: () => clock.ms, sleep: async () => {} };
  const aws = await localAws({ clock, asyncRetryDelaysMs: [1, 1] });
  open.push(aws);
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = awsClients({ endpoint: aws.url, region: aws.region, credentials }).lambda();
  const invoke = async (FunctionName: string, payload: unknown, InvocationType?: 'Event') => {
    const answer = await client.send(
      new InvokeCommand({ FunctionName, InvocationType, Payload: Buffer.from(JSON.stringify(payload)) }),
    );
    const text = Buffer.from(answer.Payload ?? []).toString();
    return { ...answer, text, json: (text === '' ? undefined : JSON.parse(text)) as unknown };
  };

  /** A queue with a dead-letter queue after two tries, feeding a function. */
  const fed = async (handler: Handler, mapping: object = {}, options: FunctionOptions = {}) => {
    const dlq = aws.queues.create('work-dlq', {});
    const queue = aws.queues.create('work', {
      VisibilityTimeout: '30',
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dlq.arn, maxReceiveCount: 2 }),
    });
    aws.functions.register('worker', handler, options);
    const created = await client.send(
      new CreateEventSourceMappingCommand({ FunctionName: 'worker', EventSourceArn: queue.arn, ...mapping }),
    );
    const again = async () => {
      clock.ms += 30_000;
      await aws.idle();
    };
    return { queue, dlq, again, id: created.UUID };
  };
  return { aws, client, invoke, fed, clock };
}

test('invokes a function with its payload and a context', async () => {
  const { aws, invoke } = await setUp();
  const { arn } = aws.functions.register('echo', (event, context) => ({
    event,
    name: context.functionName,
    arn: context.invokedFunctionArn,
    hasId: context.awsRequestId.length === 36,
    remaining: context.getRemainingTimeInMillis() > 2000,
  }));

  for (const name of ['echo', arn, `${aws.account}:function:echo`]) {
    const { json, FunctionError, StatusCode } = await invoke(name, { a: 1 });
    expect(json).toEqual({ event: { a: 1 }, name: 'echo', arn, hasId: true, remaining: true });
    expect([FunctionError, StatusCode]).toEqual([undefined, 200]);
  }
});

test('a function gets and gives JSON, never the objects of its caller', async () => {
  const { aws, invoke } = await setUp();
  const given: unknown[] = [];
  aws.functions.register('nothing', (event) => void given.push(event));

  const { text } = await invoke('nothing', { at: new Date(0), missing: undefined });

  expect(text).toBe('null');
  expect(given).toEqual([{ at: '1970-01-01T00:00:00.000Z' }]);
});

test('what a function throws is told as a function error', async () => {
  const { aws, invoke } = await setUp();
  aws.functions.register('broken', () => {
    throw new RangeError('too far');
  });

  const { FunctionError, json, StatusCode } = await invoke('broken', {});

  expect([StatusCode, FunctionError]).toEqual([200, 'Unhandled']);
  expect(json).toMatchObject({ errorType: 'RangeError', errorMessage: 'too far', trace: expect.any(Array) as unknown });
});

test('a function that takes too long is told as timed out', async () => {
  const { aws, invoke } = await setUp();
  aws.functions.register('slow', () => new Promise(() => {}), { timeoutMs: 20 });

  const { FunctionError, json } = await invoke('slow', {});

  expect(FunctionError).toBe('Unhandled');
  expect(json).toMatchObject({
    errorType: 'Sandbox.Timedout',
    errorMessage: expect.stringMatching(/Task timed out after 0\.02 seconds$/) as string,
  });
});

test('an asynchronous invocation answers at once and is tried three times', async () => {
  const { aws, invoke } = await setUp();
  let calls = 0;
  aws.functions.register('broken', () => {
    calls += 1;
    throw new Error('down');
  });

  const { StatusCode, text } = await invoke('broken', {}, 'Event');

  expect([StatusCode, text]).toEqual([202, '']);
  await expect.poll(() => calls).toBe(3);
});

test('an asynchronous invocation that failed for good is told to its queue', async () => {
  const { aws, invoke } = await setUp();
  const queue = aws.queues.create('failed', {});
  const fn = aws.functions.register('broken', () => {
    throw new Error('down');
  });
  fn.async = { maximumRetryAttempts: 0, onFailure: queue.arn };

  await invoke('broken', { a: 1 }, 'Event');

  await expect.poll(() => queue.messages.length).toBe(1);
  expect(JSON.parse(queue.messages[0]?.body ?? '')).toMatchObject({
    requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 1 },
    requestPayload: { a: 1 },
    responsePayload: { errorMessage: 'down' },
  });
});

test('an unknown function is not found', async () => {
  const { client } = await setUp();

  await expect(client.send(new InvokeCommand({ FunctionName: 'nobody' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    $metadata: { httpStatusCode: 404 },
  });
  await expect(client.send(new GetFunctionCommand({ FunctionName: 'nobody' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
});

test('a queue feeds a function, and what it took is deleted', async () => {
  const { aws, fed } = await setUp();
  const events: unknown[] = [];
  const { queue } = await fed((event) => void events.push(event));

  queue.send({ body: 'hello', attributes: { reason: { DataType: 'String', StringValue: 'why' } } });
  await aws.idle();

  expect(events).toMatchObject([
    {
      Records: [
        {
          body: 'hello',
          eventSource: 'aws:sqs',
          eventSourceARN: queue.arn,
          awsRegion: aws.region,
          attributes: { ApproximateReceiveCount: '1', SenderId: aws.account },
          messageAttributes: { reason: { dataType: 'String', stringValue: 'why' } },
        },
      ],
    },
  ]);
  expect(queue.messages).toEqual([]);
});

test('a function that throws deletes nothing: the batch comes again, then goes to the dead-letter queue', async () => {
  const { aws, fed } = await setUp();
  let calls = 0;
  const { queue, dlq, again } = await fed(() => {
    calls += 1;
    throw new Error('down');
  });

  queue.send({ body: 'poison' });
  await aws.idle();
  expect(queue.counts()).toMatchObject({ inFlight: 1 });
  await again();
  await again();

  expect(calls).toBe(2);
  expect(queue.messages).toEqual([]);
  expect(dlq.messages.map(({ body, deadLetterSource }) => [body, deadLetterSource])).toEqual([['poison', queue.arn]]);
});

test('of a batch only the items that failed come again', async () => {
  const { aws, fed } = await setUp();
  const seen: string[][] = [];
  const { queue, again } = await fed(
    (event) => {
      const { Records } = batch.parse(event);
      seen.push(Records.map(({ body }) => body));
      const failed = Records.filter(({ body }) => body === 'bad');
      return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
    },
    { FunctionResponseTypes: ['ReportBatchItemFailures'] },
  );

  for (const body of ['bad', 'good']) queue.send({ body });
  await aws.idle();
  await again();

  expect(seen.flat().sort()).toEqual(['bad', 'bad', 'good']);
});

test.each([
  ['an item that was not in the batch', { batchItemFailures: [{ itemIdentifier: 'nobody' }] }],
  ['an item without a name', { batchItemFailures: [{ itemIdentifier: '' }] }],
  ['nonsense', { batchItemFailures: 'all' }],
])('an answer that names %s fails the whole batch', async (_, answer) => {
  const { aws, fed } = await setUp();
  const { queue } = await fed(() => answer, { FunctionResponseTypes: ['ReportBatchItemFailures'] });

  queue.send({ body: 'kept' });
  await aws.idle();

  expect(queue.counts()).toMatchObject({ inFlight: 1 });
});

test('failures in the answer count for nothing without ReportBatchItemFailures', async () => {
  const { aws, fed } = await setUp();
  const { queue } = await fed((event) => ({
    batchItemFailures: batch.parse(event).Records.map(({ messageId }) => ({ itemIdentifier: messageId })),
  }));

  queue.send({ body: 'gone' });
  await aws.idle();

  expect(queue.messages).toEqual([]);
});

test('batches and concurrency stay within their limits', async () => {
  const { aws, fed } = await setUp();
  let running = 0;
  let most = 0;
  const sizes: number[] = [];
  const { queue } = await fed(
    async (event) => {
      running += 1;
      most = Math.max(most, running);
      sizes.push(batch.parse(event).Records.length);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
    },
    { BatchSize: 3, ScalingConfig: { MaximumConcurrency: 2 } },
  );

  for (let n = 0; n < 20; n += 1) queue.send({ body: String(n) });
  await aws.idle();

  expect([most, Math.max(...sizes), sizes.reduce((a, b) => a + b)]).toEqual([2, 3, 20]);
});

test('mappings are listed, removed, and refused where AWS refuses them', async () => {
  const { aws, client, fed } = await setUp();
  const { queue, id } = await fed(() => {});
  const create = (FunctionName: string, more: object = {}) =>
    client.send(new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn: queue.arn, ...more }));
  aws.functions.register('long', () => {}, { timeoutMs: 31_000 });

  await expect(create('worker')).rejects.toMatchObject({ name: 'ResourceConflictException' });
  await expect(create('long')).rejects.toMatchObject({
    name: 'InvalidParameterValueException',
    message: 'Queue visibility timeout: 30 seconds is less than Function timeout: 31 seconds',
  });
  await expect(create('worker', { BatchSize: 0 })).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
  const listed = await client.send(new ListEventSourceMappingsCommand({ FunctionName: 'worker' }));
  expect(listed.EventSourceMappings).toMatchObject([{ UUID: id, EventSourceArn: queue.arn, State: 'Enabled' }]);

  await client.send(new DeleteEventSourceMappingCommand({ UUID: id }));
  queue.send({ body: 'stays' });
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(queue.counts()).toMatchObject({ visible: 1 });
});
