import { getAtt, ifSet, ref, type Resource, type Value } from './cloud-formation.ts';

export type Measure = {
  readonly namespace: 'AWS/SQS' | 'AWS/Lambda' | 'AWS/Events' | 'Keyturn';
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, Value>>;
  readonly statistic: 'Maximum' | 'Sum';
  /** In seconds. */
  readonly period: number;
  /** So many in a row have to be so; one unless given. */
  readonly periods?: number;
};

export type Alarm = Measure & {
  readonly name: string;
  /** Sentences; a link to the page `runbook` follows them. */
  readonly says: string;
  readonly runbook: string;
  /** Base URL of the pages. */
  readonly runbooks: string;
  readonly above: number;
  /** Without it the alarm is there always. */
  readonly condition?: string;
};

/**
 * An alarm for the people who run Keyturn. It goes by SNS and not through the notifier, so that a dead notifier alarms too. Missing data is
 * good: most of these metrics exist only while something is wrong.
 */
export function alarm({ name, says, runbook, runbooks, above, condition, ...measure }: Alarm): Resource {
  return {
    Type: 'AWS::CloudWatch::Alarm',
    ...(condition === undefined ? {} : { Condition: condition }),
    Properties: {
      AlarmName: name,
      AlarmDescription: described(says, runbooks, runbook),
      AlarmActions: alarmActions,
      ...measured(measure),
      Threshold: above,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
    },
  };
}

export const alarmActions: Value = [ref('AlarmTopic'), ifSet('HasAlarmTopic', ref('AlarmTopicArn'))];

export const described = (says: string, runbooks: string, page: string): string =>
  `${says} ${runbooks.replace(/\/$/, '')}/${page}`;

export function measured({
  namespace,
  metric,
  dimensions,
  statistic,
  period,
  periods = 1,
}: Measure): Readonly<Record<string, Value>> {
  return {
    Namespace: namespace,
    MetricName: metric,
    Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
    Statistic: statistic,
    Period: period,
    EvaluationPeriods: periods,
  };
}

type Queue = { readonly id: string; readonly name: string; readonly runbooks: string; readonly condition?: string };

/** A dead letter alarms at once, and once more before SQS deletes it after 14 days. */
export function deadLetterAlarms(
  { id, name, runbooks, condition }: Queue,
  says: string,
  runbook: string,
): Readonly<Record<string, Resource>> {
  const common = { runbook, runbooks, ...(condition === undefined ? {} : { condition }) };
  const letters = `${says} Each message says why in its attributes.`;
  const old = `${says} A message in ${name} is deleted within four days.`;
  return {
    [`${id}Alarm`]: alarm({ ...depth(id), ...common, name, says: letters, above: 0 }),
    [`${id}AgeAlarm`]: alarm({ ...age(id), ...common, name: `${name}-age`, says: old, above: 864_000 }),
  };
}

const ofQueue = (id: string, metric: string): Measure => ({
  namespace: 'AWS/SQS',
  metric,
  dimensions: { QueueName: getAtt(id, 'QueueName') },
  statistic: 'Maximum',
  period: 60,
});
const depth = (id: string): Measure => ofQueue(id, 'ApproximateNumberOfMessagesVisible');
export const age = (id: string): Measure => ofQueue(id, 'ApproximateAgeOfOldestMessage');

type Rule = { readonly id: string; readonly name: string; readonly bus?: Value; readonly runbooks: string };

/** What EventBridge could not deliver is in the rule's dead-letter queue; what did not get there either is lost. */
export function ruleAlarms({ id, name, bus, runbooks }: Rule, alarmName: string): Readonly<Record<string, Resource>> {
  const dimensions = { ...(bus === undefined ? {} : { EventBusName: bus }), RuleName: name };
  const ofRule = (metric: string): Measure => ({
    namespace: 'AWS/Events',
    metric,
    dimensions,
    statistic: 'Sum',
    period: 300,
  });
  return {
    [`${id}FailedAlarm`]: alarm({
      ...ofRule('FailedInvocations'),
      name: `${alarmName}-failed`,
      says: `The rule ${name} could not deliver events.`,
      runbook: 'rule-failed',
      runbooks,
      above: 0,
    }),
    [`${id}LostAlarm`]: alarm({
      ...ofRule('InvocationsFailedToBeSentToDlq'),
      name: `${alarmName}-lost`,
      says: `The rule ${name} lost events: they reached neither target nor dead-letter queue.`,
      runbook: 'rule-lost',
      runbooks,
      above: 0,
    }),
  };
}
