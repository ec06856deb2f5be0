import { edit, type Check } from './check-template.ts';
import { grantsOf, resourcesOf, statement } from './roles.ts';
import {
  list,
  ofType,
  pointee,
  type FunctionEntry,
  type Queue,
  type Reference,
  type Rule,
  type Template,
} from './template.ts';

type Sqs = NonNullable<FunctionEntry['events']>[number]['sqs'];
type Consumer = { readonly entry: FunctionEntry; readonly sqs: Sqs; readonly queue: string };

export const queues = (from: Template) => ofType(from, 'AWS::SQS::Queue');
export const rules = (from: Template) => ofType(from, 'AWS::Events::Rule');
export const consumers = (from: Template): readonly Consumer[] =>
  Object.values(from.functions).flatMap((entry) =>
    list(entry.events).map(({ sqs }) => ({ entry, sqs, queue: pointee(sqs.arn) ?? '' })),
  );

const queueOf = (from: Template, id: string): Queue => from.resources[id]!.Properties as Queue;
const deadLetterOf = (from: Template, id: string): string =>
  pointee(queueOf(from, id).RedrivePolicy?.deadLetterTargetArn) ?? '';

/** The rules that may put messages into a queue, as its policy says; undefined where somebody else may too. */
function admitted(from: Template, queue: string): readonly string[] | undefined {
  const statements = ofType(from, 'AWS::SQS::QueuePolicy')
    .filter(([, { Queues }]) => Queues.some((reference) => pointee(reference) === queue))
    .flatMap(([, { PolicyDocument }]) => PolicyDocument.Statement)
    .filter(({ Resource }) => list(Resource).some((resource) => pointee(resource) === queue));
  const strict = statements.every(
    ({ Action, ...rest }) =>
      Action === 'sqs:SendMessage' &&
      (rest as { Principal?: { Service?: string } }).Principal?.Service === 'events.amazonaws.com' &&
      rest.Condition?.['ArnEquals']?.['aws:SourceArn'] !== undefined,
  );
  if (!strict) return undefined;
  return statements.flatMap(({ Condition }) =>
    list(Condition!['ArnEquals']!['aws:SourceArn'] as Reference).map((arn) => pointee(arn) ?? ''),
  );
}

/** The rules that have to reach a queue, as their target or with what they could not deliver; or the bus, with what its key failed on. */
const senders = (from: Template, queue: string): readonly string[] => [
  ...busOf(from, queue),
  ...rules(from)
    .filter(([, { Targets }]) =>
      Targets.some(({ Arn, DeadLetterConfig }) => [Arn, DeadLetterConfig?.Arn].some((arn) => pointee(arn) === queue)),
    )
    .map(([id]) => id),
];

function busOf(from: Template, queue: string): readonly string[] {
  const { DeadLetterConfig } = edit(from, 'Bus') as { DeadLetterConfig?: { Arn: Reference } };
  return pointee(DeadLetterConfig?.Arn) === queue ? ['Bus'] : [];
}

/** How facts travel in a template, whatever the configuration: nothing is lost silently. */
export const delivery: readonly Check[] = [
  {
    rule: 'every queue is encrypted',
    broken: (from) =>
      queues(from).flatMap(([id, { SqsManagedSseEnabled, KmsMasterKeyId }]) =>
        // SQS takes one of the two.
        (SqsManagedSseEnabled === true) === (pointee(KmsMasterKeyId) === undefined) ? [] : [id],
      ),
    plant: (from) => {
      delete edit(from, 'CleanupDlq')['SqsManagedSseEnabled'];
      delete edit(from, 'CleanupDlq')['KmsMasterKeyId'];
    },
  },
  {
    rule: 'a consumed queue gives up after five tries at the earliest, to a queue that keeps a message for 14 days',
    broken: (from) =>
      consumers(from).flatMap(({ queue }) => {
        const { RedrivePolicy } = queueOf(from, queue);
        const dlq = from.resources[deadLetterOf(from, queue)]?.Properties as Queue | undefined;
        const tries = RedrivePolicy?.maxReceiveCount ?? 0;
        return tries >= 5 && dlq?.MessageRetentionPeriod === 1_209_600 ? [] : [queue];
      }),
    plant: (from) => delete edit(from, 'VerifierQueue')['RedrivePolicy'],
  },
  {
    rule: 'a message is hidden for at least six runs of the function that handles it',
    broken: (from) =>
      consumers(from)
        .filter(({ queue, entry }) => (queueOf(from, queue).VisibilityTimeout ?? 30) < 6 * entry.timeout)
        .map(({ queue }) => queue),
    plant: (from) => (edit(from, 'NotifierQueue')['VisibilityTimeout'] = 359),
  },
  {
    rule: 'a queue takes messages from the rules that send to it, and from nobody else',
    broken: (from) =>
      queues(from)
        .map(([id]) => id)
        .filter((id) => admitted(from, id)?.toSorted().join() !== senders(from, id).toSorted().join()),
    plant: (from) => (from.resources['CleanupRule'] = { ...from.resources['CleanupRule']!, Type: 'gone' }),
  },
  {
    rule: 'every rule tries again and keeps what it cannot deliver',
    broken: (from) =>
      rules(from).flatMap(([id, { Targets }]) =>
        Targets.every(({ RetryPolicy, DeadLetterConfig }) => RetryPolicy && pointee(DeadLetterConfig?.Arn)) ? [] : [id],
      ),
    plant: (from) => delete (edit(from, 'VerifierRule')['Targets'] as Rule['Targets'])[0]!.DeadLetterConfig,
  },
  {
    rule: 'a consumer answers message by message, for a few at a time',
    broken: (from) =>
      consumers(from)
        .filter(({ sqs }) => sqs.functionResponseType !== 'ReportBatchItemFailures' || sqs.batchSize > 5)
        .map(({ queue }) => queue),
    plant: (from) => delete from.functions['announcer']!.events![0]!.sqs.functionResponseType,
  },
  {
    rule: 'a consumer leaves the concurrency of the account to others',
    broken: (from) =>
      consumers(from)
        .filter(({ sqs: { maximumConcurrency = 1000 } }) => maximumConcurrency < 2 || maximumConcurrency > 100)
        .map(({ queue }) => queue),
    plant: (from) => delete from.functions['cleanup']!.events![0]!.sqs.maximumConcurrency,
  },
  {
    rule: 'a consumer is told its own queue and dead-letter queue, may consume the one and send to the other',
    broken: (from) =>
      consumers(from)
        .filter(({ queue, entry: { role, environment } }) => {
          const dlq = deadLetterOf(from, queue);
          const may = (action: string, resource: string) =>
            grantsOf(from, action).some(
              (grant) => grant.role === pointee(role) && resourcesOf(grant).includes(resource),
            );
          const told =
            pointee(environment?.['QUEUE_URL']) === queue && pointee(environment?.['DEAD_LETTER_QUEUE_URL']) === dlq;
          const consumes = ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes', 'ChangeMessageVisibility'];
          return !(told && consumes.every((action) => may(`sqs:${action}`, queue)) && may('sqs:SendMessage', dlq));
        })
        .map(({ queue }) => queue),
    plant: (from) => (statement(from, 'VerifierRole', 'Consume').Resource = { 'Fn::GetAtt': ['CleanupQueue', 'Arn'] }),
  },
  {
    rule: 'every dead letter alarms',
    broken: (from) => {
      const alarms = ofType(from, 'AWS::CloudWatch::Alarm').filter(
        ([, { MetricName, Threshold, AlarmActions }]) =>
          MetricName === 'ApproximateNumberOfMessagesVisible' &&
          Threshold === 0 &&
          pointee(AlarmActions?.[0]) === 'AlarmTopic',
      );
      const alarmed = new Set(alarms.map(([, { Dimensions }]) => pointee(Dimensions[0]!.Value)));
      return queues(from).flatMap(([id]) => (id.endsWith('Dlq') && !alarmed.has(id) ? [id] : []));
    },
    plant: (from) => (edit(from, 'SweepDlqAlarm')['Threshold'] = 5),
  },
];
