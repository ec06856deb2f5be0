import * as z from 'zod';

import { parseArn, type Place } from './arn.ts';
import type { Background } from './background.ts';
import type { Functions, Invocation, LambdaFunction } from './lambda.ts';
import { ServiceError } from './service-error.ts';
import type { MessageAttribute } from './sqs-checksums.ts';
import type { Received } from './sqs-queue.ts';
import type { Queues } from './sqs-queues.ts';

export type Mapping = {
  readonly id: string;
  readonly fn: LambdaFunction;
  readonly queueArn: string;
  readonly batchSize: number;
  readonly enabled: boolean;
  readonly reportsItemFailures: boolean;
  readonly maximumConcurrency: number;
};

type NewMapping = {
  readonly functionName: string;
  readonly queueArn: string;
  readonly batchSize?: number | undefined;
  readonly enabled?: boolean | undefined;
  readonly reportsItemFailures?: boolean | undefined;
  readonly maximumConcurrency?: number | undefined;
};

export type EventSourceMappings = {
  add(mapping: NewMapping): Mapping;
  find(id: string): Mapping;
  remove(id: string): Mapping;
  list(): readonly Mapping[];
  /** Receives what is there and invokes the functions with it. */
  poll(): void;
};

export type MappingOptions = {
  readonly place: Place;
  readonly functions: Functions;
  readonly queues: Queues;
  readonly background: Background;
};

/** Feeds functions from queues: a message is deleted when the function took it, else it comes again after its visibility timeout. */
export function eventSourceMappings({ place, functions, queues, background }: MappingOptions): EventSourceMappings {
  const mappings = new Map<string, Mapping & { running: number }>();

  async function deliver(mapping: Mapping & { running: number }, batch: readonly Received[]): Promise<void> {
    mapping.running += 1;
    try {
      const records = batch.map((message) => recordOf(message, mapping.queueArn, place));
      const invocation = await functions.invoke(mapping.fn, { Records: records });
      const failed = failedIds(mapping, invocation, batch);
      for (const { id, receipt } of batch) {
        if (!failed.has(id)) queues.findByArn(mapping.queueArn)?.remove(receipt);
      }
    } finally {
      mapping.running -= 1;
    }
  }

  function poll(): void {
    for (const mapping of mappings.values()) {
      const queue = mapping.enabled ? queues.findByArn(mapping.queueArn) : undefined;
      while (mapping.running < mapping.maximumConcurrency && !background.signal.aborted) {
        const batch = queue?.receive({ max: mapping.batchSize }) ?? [];
        if (batch.length === 0) break;
        background.run(() => deliver(mapping, batch));
      }
    }
  }

  const find = (id: string) => {
    const mapping = mappings.get(id);
    if (mapping !== undefined) return mapping;
    throw new ServiceError('ResourceNotFoundException', 'The event source mapping does not exist.', { status: 404 });
  };

  return {
    find,
    poll,
    list: () => [...mappings.values()],
    add(input) {
      const fn = functions.find(input.functionName);
      checkSource(queues, input, fn);
      const taken = [...mappings.values()].some(
        ({ fn: other, queueArn }) => other === fn && queueArn === input.queueArn,
      );
      if (taken) throw new ServiceError('ResourceConflictException', 'The mapping exists already.', { status: 409 });
      const mapping = {
        id: crypto.randomUUID(),
        fn,
        queueArn: input.queueArn,
        batchSize: input.batchSize ?? 10,
        enabled: input.enabled ?? true,
        reportsItemFailures: input.reportsItemFailures ?? false,
        maximumConcurrency: input.maximumConcurrency ?? 10,
        running: 0,
      };
      mappings.set(mapping.id, mapping);
      return mapping;
    },
    remove(id) {
      const mapping = find(id);
      mappings.delete(id);
      return mapping;
    },
  };
}

function checkSource(queues: Queues, { queueArn, batchSize = 10 }: NewMapping, fn: LambdaFunction): void {
  const queue = parseArn(queueArn)?.service === 'sqs' ? queues.findByArn(queueArn) : undefined;
  if (queue === undefined) throw invalid('The event source is no queue of this account and Region.');
  // AWS takes more than 10 only together with a batching window, which is not played here.
  if (batchSize > 10) throw invalid('A batch of more than 10 messages is not supported by local-aws.');
  const visibility = queue.settings.visibilityTimeout;
  if (visibility * 1000 < fn.timeoutMs) {
    throw invalid(
      `Queue visibility timeout: ${visibility} seconds is less than Function timeout: ${fn.timeoutMs / 1000} seconds`,
    );
  }
}

const invalid = (message: string) => new ServiceError('InvalidParameterValueException', message);

const recordAttribute = ({ DataType, StringValue, BinaryValue }: MessageAttribute) => ({
  dataType: DataType,
  stringValue: StringValue,
  binaryValue: BinaryValue && Buffer.from(BinaryValue).toString('base64'),
  stringListValues: [],
  binaryListValues: [],
});

function recordOf(message: Received, queueArn: string, place: Place) {
  const attributes = Object.fromEntries(
    Object.entries(message.attributes).map(([name, attribute]) => [name, recordAttribute(attribute)]),
  );
  return {
    messageId: message.id,
    receiptHandle: message.receipt,
    body: message.body,
    attributes: message.systemAttributes,
    messageAttributes: attributes,
    md5OfBody: message.md5,
    md5OfMessageAttributes: message.md5OfAttributes,
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: place.region,
  };
}

const partial = z.object({
  batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })).nullish(),
});

/** An answer that AWS cannot read fails the whole batch; none at all, or an empty list, fails nothing. */
function failedIds(mapping: Mapping, { failed, payload }: Invocation, batch: readonly Received[]): ReadonlySet<string> {
  const ids = new Set(batch.map(({ id }) => id));
  if (failed) return ids;
  const answer: unknown = JSON.parse(payload);
  if (!mapping.reportsItemFailures || answer === null || answer === '') return new Set();
  const failures = partial.safeParse(answer);
  if (!failures.success) return ids;
  const failedItems = (failures.data.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier);
  return failedItems.every((id) => ids.has(id)) ? new Set(failedItems) : ids;
}
