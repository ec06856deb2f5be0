import * as z from 'zod';

import type { Background } from './background.ts';
import { blob, operation, type Call, type Operations } from './operation.ts';
import { ServiceError } from './service-error.ts';
import { md5OfAttributes, type MessageAttributes } from './sqs-checksums.ts';
import { moveTasks } from './sqs-move-tasks.ts';
import type { Queue, Received } from './sqs-queue.ts';
import { attributesOf, inputOf, settingsOf, type Queues } from './sqs-queues.ts';

const attributeValue = z
  .object({
    DataType: z.string().regex(/^(String|Number|Binary)(\..+)?$/),
    StringValue: z.string().optional(),
    BinaryValue: blob.optional(),
  })
  .refine(
    ({ DataType, StringValue, BinaryValue }) => (DataType.startsWith('Binary') ? BinaryValue?.length : StringValue),
    'must have a value of its type',
  );
const attributes = z
  .record(z.string(), attributeValue)
  .refine((all) => Object.keys(all).length <= 10, 'are at most 10');

const message = z.object({
  MessageBody: z.string(),
  DelaySeconds: z.int().min(0).max(900).optional(),
  MessageAttributes: attributes.optional(),
  MessageSystemAttributes: z.object({ AWSTraceHeader: attributeValue.optional() }).optional(),
});
const queueUrl = z.object({ QueueUrl: z.string() });
const names = z.array(z.string()).default([]);
const visibility = z.int().min(0).max(43_200);
const receipt = z.object({ ReceiptHandle: z.string() });

export type SqsOptions = {
  readonly queues: Queues;
  readonly background: Background;
  /** Resolves when a message may be there, or after a moment. */
  readonly nextMessage: () => Promise<void>;
};

/** SQS's JSON operations on standard queues. */
export function sqs({ queues, background, nextMessage }: SqsOptions): Operations {
  return {
    ...administration(queues),
    ...moveTasks(queues, background),

    SendMessage: operation(queueUrl.and(message), (input) => {
      const sent = send(queues.find(input.QueueUrl), input);
      return { MessageId: sent.id, MD5OfMessageBody: sent.md5, MD5OfMessageAttributes: sent.md5OfAttributes };
    }),

    SendMessageBatch: operation(queueUrl.extend({ Entries: entries(message) }), (input) => {
      const queue = queues.find(input.QueueUrl);
      const size = input.Entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
      if (size > 1_048_576) throw new ServiceError('BatchRequestTooLong', 'The batch is longer than 1048576 bytes.');
      return each(input.Entries, (entry) => {
        const sent = send(queue, entry);
        return { MessageId: sent.id, MD5OfMessageBody: sent.md5, MD5OfMessageAttributes: sent.md5OfAttributes };
      });
    }),

    ReceiveMessage: operation(
      queueUrl.extend({
        AttributeNames: names,
        MessageSystemAttributeNames: names,
        MessageAttributeNames: names,
        MaxNumberOfMessages: z.int().min(1).max(10).default(1),
        VisibilityTimeout: visibility.optional(),
        WaitTimeSeconds: z.int().min(0).max(20).optional(),
      }),
      async (input, call) => {
        const queue = queues.find(input.QueueUrl);
        const request = { max: input.MaxNumberOfMessages, visibilityTimeout: input.VisibilityTimeout };
        const waitMs = (input.WaitTimeSeconds ?? queue.settings.receiveWait) * 1000;
        const received = await poll(queue, request, waitMs, call);
        const system = [...input.AttributeNames, ...input.MessageSystemAttributeNames];
        const messages = received.map((each) => told(each, system, input.MessageAttributeNames));
        return messages.length === 0 ? {} : { Messages: messages };
      },
    ),

    DeleteMessage: operation(queueUrl.and(receipt), (input) => queues.find(input.QueueUrl).remove(input.ReceiptHandle)),

    DeleteMessageBatch: operation(queueUrl.extend({ Entries: entries(receipt) }), (input) => {
      const queue = queues.find(input.QueueUrl);
      return each(input.Entries, (entry) => queue.remove(entry.ReceiptHandle));
    }),

    ChangeMessageVisibility: operation(
      queueUrl.and(receipt).and(z.object({ VisibilityTimeout: visibility })),
      (input) => queues.find(input.QueueUrl).changeVisibility(input.ReceiptHandle, input.VisibilityTimeout),
    ),

    ChangeMessageVisibilityBatch: operation(
      queueUrl.extend({ Entries: entries(receipt.extend({ VisibilityTimeout: visibility })) }),
      (input) => {
        const queue = queues.find(input.QueueUrl);
        return each(input.Entries, (entry) => queue.changeVisibility(entry.ReceiptHandle, entry.VisibilityTimeout));
      },
    ),
  };

  async function poll(
    queue: Queue,
    request: { max: number; visibilityTimeout: number | undefined },
    waitMs: number,
    { signal }: Call,
  ): Promise<readonly Received[]> {
    const deadline = performance.now() + waitMs;
    let received = queue.receive(request);
    while (received.length === 0 && performance.now() < deadline && !signal.aborted && !background.signal.aborted) {
      await nextMessage();
      if (!signal.aborted) received = queue.receive(request);
    }
    return received;
  }
}

function administration(queues: Queues): Operations {
  return {
    CreateQueue: operation(
      z.object({ QueueName: z.string(), Attributes: z.record(z.string(), z.string()).default({}) }),
      (input) => ({ QueueUrl: queues.create(input.QueueName, input.Attributes).url }),
    ),
    DeleteQueue: operation(queueUrl, (input) => queues.remove(queues.find(input.QueueUrl))),
    GetQueueUrl: operation(z.object({ QueueName: z.string() }), (input) => ({
      QueueUrl: queues.find(input.QueueName).url,
    })),
    ListQueues: operation(z.object({ QueueNamePrefix: z.string().default('') }), (input) => ({
      QueueUrls: queues
        .list()
        .filter(({ name }) => name.startsWith(input.QueueNamePrefix))
        .map(({ url }) => url),
    })),
    GetQueueAttributes: operation(queueUrl.extend({ AttributeNames: names }), (input) => {
      const all = attributesOf(queues.find(input.QueueUrl));
      const wanted = Object.entries(all).filter(([name]) => isWanted(name, input.AttributeNames));
      return { Attributes: Object.fromEntries(wanted) };
    }),
    SetQueueAttributes: operation(queueUrl.extend({ Attributes: z.record(z.string(), z.string()) }), (input) => {
      const { settings } = queues.find(input.QueueUrl);
      Object.assign(settings, settingsOf({ ...inputOf(settings), ...input.Attributes }));
    }),
    PurgeQueue: operation(queueUrl, (input) => queues.find(input.QueueUrl).purge()),
    ListDeadLetterSourceQueues: operation(queueUrl, (input) => {
      const { arn } = queues.find(input.QueueUrl);
      const sources = queues.list().filter(({ settings }) => settings.redrive?.deadLetterTargetArn === arn);
      return { queueUrls: sources.map(({ url }) => url) };
    }),
  };
}

type SentMessage = z.output<typeof message>;

function send(queue: Queue, input: SentMessage) {
  if (input.MessageBody === '')
    throw new ServiceError('MissingParameter', 'The request must contain the parameter MessageBody.');
  if (!/^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u.test(input.MessageBody)) {
    throw new ServiceError('InvalidMessageContents', 'The message contains characters outside the allowed set.');
  }
  const { maximumMessageSize } = queue.settings;
  if (sizeOf(input) > maximumMessageSize) {
    throw new ServiceError(
      'InvalidParameterValue',
      `One or more parameters are invalid. Reason: Message must be shorter than ${maximumMessageSize} bytes.`,
    );
  }
  const sent = queue.send({
    body: input.MessageBody,
    attributes: input.MessageAttributes ?? {},
    delay: input.DelaySeconds,
    traceHeader: input.MessageSystemAttributes?.AWSTraceHeader?.StringValue,
  });
  return { id: sent.id, md5: sent.md5, md5OfAttributes: md5OfAttributes(sent.attributes) };
}

function sizeOf({ MessageBody, MessageAttributes: all = {} }: SentMessage): number {
  const sizes = Object.entries(all).map(
    ([name, { DataType, StringValue, BinaryValue }]) =>
      Buffer.byteLength(name) + Buffer.byteLength(DataType) + Buffer.byteLength(StringValue ?? BinaryValue ?? ''),
  );
  return sizes.reduce((sum, size) => sum + size, Buffer.byteLength(MessageBody));
}

function entries<Shape extends z.ZodRawShape>(entry: z.ZodObject<Shape>) {
  return z.array(entry.extend({ Id: z.string().regex(/^[\w-]{1,80}$/) }));
}

/** Does each entry of a batch: one may fail while others succeed. */
function each<Entry extends { Id: string }>(batch: readonly Entry[], handle: (entry: Entry) => object | void) {
  if (batch.length === 0) throw new ServiceError('EmptyBatchRequest', 'There should be at least one entry.');
  if (batch.length > 10) throw new ServiceError('TooManyEntriesInBatchRequest', 'There are at most 10 entries.');
  if (new Set(batch.map(({ Id }) => Id)).size < batch.length) {
    throw new ServiceError('BatchEntryIdsNotDistinct', 'Two entries have the same Id.');
  }
  const Successful: object[] = [];
  const Failed: object[] = [];
  for (const entry of batch) {
    try {
      Successful.push({ Id: entry.Id, ...handle(entry) });
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      Failed.push({ Id: entry.Id, SenderFault: true, Code: error.name, Message: error.message });
    }
  }
  return { Successful, Failed };
}

const isWanted = (name: string, wanted: readonly string[]) =>
  wanted.some(
    (each) =>
      each === 'All' || each === '.*' || each === name || (each.endsWith('.*') && name.startsWith(each.slice(0, -1))),
  );

function told(message: Received, system: readonly string[], wanted: readonly string[]) {
  const attributes: MessageAttributes = Object.fromEntries(
    Object.entries(message.attributes).filter(([name]) => isWanted(name, wanted)),
  );
  const some = Object.keys(attributes).length > 0;
  const facts = Object.entries(message.systemAttributes).filter(([name]) => isWanted(name, system));
  return {
    MessageId: message.id,
    ReceiptHandle: message.receipt,
    Body: message.body,
    MD5OfBody: message.md5,
    ...(facts.length > 0 ? { Attributes: Object.fromEntries(facts) } : {}),
    ...(some ? { MessageAttributes: attributes, MD5OfMessageAttributes: md5OfAttributes(attributes) } : {}),
  };
}
