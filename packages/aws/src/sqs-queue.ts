import {
  ChangeMessageVisibilityCommand,
  SendMessageCommand,
  type MessageAttributeValue,
  type SQSClient,
} from '@aws-sdk/client-sqs';

import { awsCall } from './aws-call.ts';
import { ourError, type AwsError } from './aws-error.ts';
import { longestSendDelayMs, type Consumed, type Queue } from './queue.ts';

type QueueOptions = { readonly client: SQSClient; readonly queueUrl: string };

export function sqsQueue({ client, queueUrl }: QueueOptions): Queue {
  return {
    async send(body, { delayMs = 0 } = {}) {
      const command = new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: JSON.stringify(body),
        ...(delayMs > 0 && { DelaySeconds: Math.ceil(Math.min(delayMs, longestSendDelayMs) / 1000) }),
      });
      await awsCall('SendMessage', () => client.send(command), refuse);
    },
  };
}

/** SQS hides a message for at most 12 hours since it was received, and a consumer may have had it for a while. */
const longestDelaySeconds = 11 * 3600;

/** By then the message is in the queue again, which is what a delay of zero would do. */
const notHidden = new Set(['MessageNotInflight', 'ReceiptHandleIsInvalid']);

export function sqsConsumed({
  client,
  queueUrl,
  deadLetterQueueUrl,
}: QueueOptions & { readonly deadLetterQueueUrl: string }): Consumed {
  return {
    async deadLetter(body, { reason, field, message }) {
      const command = new SendMessageCommand({
        QueueUrl: deadLetterQueueUrl,
        MessageBody: body,
        MessageAttributes: attributes({ reason, field, message }),
      });
      await awsCall('SendMessage', () => client.send(command), refuse);
    },
    async delay(receiptHandle, ms) {
      const command = new ChangeMessageVisibilityCommand({
        QueueUrl: queueUrl,
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: Math.min(Math.max(Math.ceil(ms / 1000), 0), longestDelaySeconds),
      });
      await awsCall(
        'ChangeMessageVisibility',
        () => client.send(command),
        (failure) => (notHidden.has(failure.code) ? undefined : refuse(failure)),
      );
    },
  };
}

// An attribute may not be empty, and SQS refuses control characters in it.
function attributes(texts: Readonly<Record<string, string | undefined>>) {
  const attributes: Record<string, MessageAttributeValue> = {};
  for (const [name, text = ''] of Object.entries(texts)) {
    const clean = text.replaceAll(/\p{Cc}+/gu, ' ').slice(0, 1000);
    if (clean !== '') attributes[name] = { DataType: 'String', StringValue: clean };
  }
  return attributes;
}

function refuse(failure: AwsError): never {
  throw ourError(failure, 'QueueUrl');
}
