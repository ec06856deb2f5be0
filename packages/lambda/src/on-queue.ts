import type { Consumed } from '@keyturn/aws/queue';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import * as z from 'zod';

import { logger, type Log, type LogFields } from './log.ts';
import { aboutMessage, parseMessage } from './queue-message.ts';

export type QueueOptions<Message> = {
  readonly service: string;
  /** From the body's JSON. Whatever it throws means that nobody can handle this message. */
  readonly parse: (body: unknown) => Message;
  readonly handle: (message: Message) => Promise<void>;
  readonly consumed: Consumed;
  readonly log?: Log;
};

/** A message is deleted, unless its id is here: then it comes again, or goes to the dead-letter queue after its last try. */
export type BatchResponse = { batchItemFailures: { itemIdentifier: string }[] };

const sqsRecord = z.object({
  messageId: z.string(),
  receiptHandle: z.string(),
  body: z.string(),
  attributes: z.object({ ApproximateReceiveCount: z.coerce.number() }),
});
type SqsRecord = z.output<typeof sqsRecord>;
const sqsEvent = z.object({ Records: z.array(sqsRecord) });

/**
 * The handler of an SQS event source with ReportBatchItemFailures. One message after the other; each ends deleted, dead-lettered with its
 * reason, or left in the queue, and one that fails does not touch the others.
 */
export function onQueue<Message>(options: QueueOptions<Message>): (event: unknown) => Promise<BatchResponse> {
  const { log = logger(options.service) } = options;
  return async (event) => {
    const { Records: records } = sqsEvent.parse(event);
    const batchItemFailures: { itemIdentifier: string }[] = [];
    for (const record of records) {
      const about = aboutRecord(record);
      log.info('started', about);
      const { outcome, error } = await settle(record, options);
      if (error === undefined) log.info('ended', { ...about, outcome });
      else log.error('ended', { ...about, outcome, error });
      if (outcome === 'retried') batchItemFailures.push({ itemIdentifier: record.messageId });
    }
    return { batchItemFailures };
  };
}

function aboutRecord({ messageId, body, attributes }: SqsRecord): LogFields {
  return { messageId, attempt: attributes.ApproximateReceiveCount, ...aboutMessage(body) };
}

type Settled = { readonly outcome: 'done' | 'retried' | 'dead-lettered'; readonly error?: unknown };

async function settle<Message>(record: SqsRecord, options: QueueOptions<Message>): Promise<Settled> {
  try {
    await options.handle(parseMessage(record.body, options.parse));
    return { outcome: 'done' };
  } catch (error) {
    return error instanceof PermanentError
      ? deadLetter(record, options.consumed, error)
      : retry(record, options.consumed, error);
  }
}

async function deadLetter(record: SqsRecord, consumed: Consumed, error: PermanentError): Promise<Settled> {
  const { reason, field, message } = error;
  try {
    await consumed.deadLetter(record.body, { reason, field, message });
    return { outcome: 'dead-lettered', error };
  } catch (refusal) {
    // Deleted now, the message would be lost. It comes again, and ends in the dead-letter queue by its last try at the latest.
    return { outcome: 'retried', error: refusal };
  }
}

async function retry(record: SqsRecord, consumed: Consumed, error: unknown): Promise<Settled> {
  if (error instanceof TransientError && error.retryAfterMs !== undefined) {
    try {
      await consumed.delay(record.receiptHandle, error.retryAfterMs);
    } catch {
      // The queue's own visibility timeout is the delay then.
    }
  }
  return { outcome: 'retried', error };
}
