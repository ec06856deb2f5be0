import type { Clock } from '@keyturn/rotation/clock';
import * as z from 'zod';

import { arn, type Place } from './arn.ts';
import { ServiceError } from './service-error.ts';
import { sqsQueue, type Queue, type QueueSettings } from './sqs-queue.ts';

export type Queues = {
  create(name: string, attributes: Readonly<Record<string, string>>): Queue;
  /** By URL, of whatever origin, or by name. */
  find(urlOrName: string): Queue;
  findByArn(arn: string): Queue | undefined;
  remove(queue: Queue): void;
  list(): readonly Queue[];
};

export type QueuesOptions = {
  readonly place: Place;
  readonly clock: Clock;
  readonly url: () => string;
  readonly onMessage: () => void;
};

export function sqsQueues({ place, clock, url, onMessage }: QueuesOptions): Queues {
  const queues = new Map<string, Queue>();
  const findByArn = (queueArn: string) => [...queues.values()].find((queue) => queue.arn === queueArn);
  return {
    findByArn,
    list: () => [...queues.values()],
    remove: ({ name }) => void queues.delete(name),
    find(urlOrName) {
      const queue = queues.get(urlOrName.split('/').at(-1) ?? '');
      if (queue !== undefined) return queue;
      throw new ServiceError('QueueDoesNotExist', 'The specified queue does not exist.', {
        queryName: 'AWS.SimpleQueueService.NonExistentQueue',
      });
    },
    create(name, attributes) {
      if (!/^[\w-]{1,80}$/.test(name)) {
        throw new ServiceError(
          'InvalidParameterValue',
          'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length. FIFO is not supported by local-aws.',
        );
      }
      const settings = settingsOf(attributes);
      const existing = queues.get(name);
      if (existing !== undefined) {
        if (JSON.stringify(existing.settings) === JSON.stringify(settings)) return existing;
        throw new ServiceError('QueueNameExists', 'A queue already exists with the same name and other attributes.', {
          queryName: 'QueueAlreadyExists',
        });
      }
      const queue = sqsQueue({
        name,
        arn: arn(place, 'sqs', name),
        url: `${url()}/${place.account}/${name}`,
        account: place.account,
        settings,
        now: () => clock.now(),
        findByArn,
        onMessage,
      });
      queues.set(name, queue);
      return queue;
    },
  };
}

const seconds = (max: number, initial: number) => z.coerce.number().int().min(0).max(max).default(initial);
const redrivePolicy = z.object({
  deadLetterTargetArn: z.string(),
  maxReceiveCount: z.coerce.number().int().min(1).max(1000),
});

const queueAttributes = z
  .strictObject({
    DelaySeconds: seconds(900, 0),
    VisibilityTimeout: seconds(43_200, 30),
    MessageRetentionPeriod: z.coerce.number().int().min(60).max(1_209_600).default(345_600),
    ReceiveMessageWaitTimeSeconds: seconds(20, 0),
    MaximumMessageSize: z.coerce.number().int().min(1024).max(1_048_576).default(1_048_576),
    RedrivePolicy: z
      .string()
      .transform((text, context) => {
        const parsed = redrivePolicy.safeParse(parsedJson(text));
        if (parsed.success) return parsed.data;
        context.addIssue({ code: 'custom', message: 'is not a redrive policy' });
        return z.NEVER;
      })
      .optional(),
    Policy: z.string().optional(),
    SqsManagedSseEnabled: z.enum(['true', 'false']).optional(),
    KmsMasterKeyId: z.string().optional(),
    KmsDataKeyReusePeriodSeconds: z.string().optional(),
  })
  .transform(({ RedrivePolicy, Policy, ...input }): QueueSettings => ({
    delay: input.DelaySeconds,
    visibilityTimeout: input.VisibilityTimeout,
    retention: input.MessageRetentionPeriod,
    receiveWait: input.ReceiveMessageWaitTimeSeconds,
    maximumMessageSize: input.MaximumMessageSize,
    redrive: RedrivePolicy,
    policy: Policy === '' ? undefined : Policy,
    other: Object.fromEntries(
      Object.entries({
        SqsManagedSseEnabled: input.SqsManagedSseEnabled,
        KmsMasterKeyId: input.KmsMasterKeyId,
        KmsDataKeyReusePeriodSeconds: input.KmsDataKeyReusePeriodSeconds,
      }).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
  }));

export function settingsOf(attributes: Readonly<Record<string, string>>): QueueSettings {
  const { RedrivePolicy, ...others } = attributes;
  const given = RedrivePolicy === undefined || RedrivePolicy === '' ? others : attributes;
  const parsed = queueAttributes.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue?.code === 'unrecognized_keys') {
    throw new ServiceError('InvalidAttributeName', `Unknown Attribute ${issue.keys.join(', ')}.`);
  }
  throw new ServiceError('InvalidAttributeValue', `Invalid value for the parameter ${issue?.path.join('.')}.`);
}

export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The attributes as SQS tells them: all of them strings. */
export function attributesOf(queue: Queue): Readonly<Record<string, string>> {
  const { settings } = queue;
  const { visible, inFlight, delayed } = queue.counts();
  const created = String(Math.floor(queue.createdAt / 1000));
  return {
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    CreatedTimestamp: created,
    LastModifiedTimestamp: created,
    ...inputOf(settings),
  };
}

/** The attributes that would create such a queue. */
export function inputOf(settings: QueueSettings): Readonly<Record<string, string>> {
  return {
    DelaySeconds: String(settings.delay),
    VisibilityTimeout: String(settings.visibilityTimeout),
    MessageRetentionPeriod: String(settings.retention),
    ReceiveMessageWaitTimeSeconds: String(settings.receiveWait),
    MaximumMessageSize: String(settings.maximumMessageSize),
    ...(settings.redrive === undefined ? {} : { RedrivePolicy: JSON.stringify(settings.redrive) }),
    ...(settings.policy === undefined ? {} : { Policy: settings.policy }),
    ...settings.other,
  };
}
