import { createHash } from 'node:crypto';

import { TransientError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import type { LoopbackAnswer, Received } from './loopback-aws.ts';
import { loopbackClients } from './loopback-clients.ts';
import { testQueue } from './queue.conformance.ts';
import { sqsConsumed, sqsQueue } from './sqs-queue.ts';

const queueUrl = 'https://sqs.eu-west-1.amazonaws.com/111122223333/keyturn-test-announcer';

async function setUp(answer: (request: Received) => LoopbackAnswer = takeMessage) {
  const { clients, server } = await loopbackClients(answer);
  const client = clients.sqs();
  const consumed = sqsConsumed({ client, queueUrl, deadLetterQueueUrl: `${queueUrl}-dlq` });
  return { queue: sqsQueue({ client, queueUrl }), consumed, bodies: () => server.received.map(({ body }) => body) };
}

/** SQS answers with a checksum, and the SDK looks at it. */
function takeMessage({ body }: Received): LoopbackAnswer {
  const { MessageBody: text = '' } = body as { MessageBody?: string };
  return { json: { MessageId: '1', MD5OfMessageBody: createHash('md5').update(text).digest('hex') } };
}

const failed = (name: string) => (): LoopbackAnswer => ({ status: 400, json: { __type: `com.amazonaws.sqs#${name}` } });

testQueue('sqsQueue', async () => {
  const { queue, bodies } = await setUp();
  const received = () =>
    (bodies() as { QueueUrl: string; MessageBody: string; DelaySeconds?: number }[]).map((sent) => {
      expect(sent.QueueUrl).toBe(queueUrl);
      return { body: JSON.parse(sent.MessageBody) as unknown, seconds: sent.DelaySeconds ?? 0 };
    });
  return { queue, received };
});

test('dead-letters a message as it came, with what is wrong as attributes', async () => {
  const { consumed, bodies } = await setUp();

  await consumed.deadLetter('{not json', { reason: 'malformed', field: 'detail.secretArn', message: 'two\nlines' });

  expect(bodies()).toEqual([
    {
      QueueUrl: `${queueUrl}-dlq`,
      MessageBody: '{not json',
      MessageAttributes: {
        reason: { DataType: 'String', StringValue: 'malformed' },
        field: { DataType: 'String', StringValue: 'detail.secretArn' },
        message: { DataType: 'String', StringValue: 'two lines' },
      },
    },
  ]);
});

test('leaves an attribute away that would be empty, which SQS refuses', async () => {
  const { consumed, bodies } = await setUp();

  await consumed.deadLetter('{}', { reason: 'internal', field: undefined, message: '' });

  expect(bodies()).toMatchObject([{ MessageAttributes: { reason: { StringValue: 'internal' } } }]);
  expect(Object.keys((bodies()[0] as { MessageAttributes: object }).MessageAttributes)).toEqual(['reason']);
});

test.each([
  [1, 1],
  [30_000, 30],
  [30_001, 31],
  [0, 0],
  [99 * 3_600_000, 39_600],
])('hides a message %i ms for %i s', async (ms, seconds) => {
  const { consumed, bodies } = await setUp(() => ({ json: {} }));

  await consumed.delay('receipt', ms);

  expect(bodies()).toEqual([{ QueueUrl: queueUrl, ReceiptHandle: 'receipt', VisibilityTimeout: seconds }]);
});

test.each(['MessageNotInflight', 'ReceiptHandleIsInvalid'])(
  'has nothing to hide where the message is in the queue again (%s)',
  async (name) => {
    const { consumed } = await setUp(failed(name));

    await expect(consumed.delay('receipt', 1_000)).resolves.toBeUndefined();
  },
);

test('names the queue where it is not there', async () => {
  const { queue, consumed } = await setUp(failed('QueueDoesNotExist'));

  await expect(queue.send({})).rejects.toMatchObject({ reason: 'misconfigured', field: 'QueueUrl' });
  await expect(consumed.delay('receipt', 1)).rejects.toMatchObject({ reason: 'misconfigured', field: 'QueueUrl' });
});

test('asks for another try where SQS is overloaded or the message arrived changed', async () => {
  const throttled = await setUp(failed('RequestThrottled'));
  const changed = await setUp(() => ({ json: { MessageId: '1', MD5OfMessageBody: 'another' } }));

  await expect(throttled.queue.send({})).rejects.toBeInstanceOf(TransientError);
  await expect(changed.queue.send({})).rejects.toBeInstanceOf(TransientError);
});
