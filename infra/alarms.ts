import type { Config } from '@keyturn/config/config';
import { breakerLogLine, resourceNames } from '@keyturn/config/names';

import { age, alarm, alarmActions, deadLetterAlarms, described, measured, ruleAlarms } from './alarm.ts';
import { kmsKey } from './parameters.ts';
import { capital, merge, ref, type Resource, type Resources } from './cloud-formation.ts';
import { functionAlarms } from './function-alarms.ts';
import { watchdogAlarms } from './watchdog-alarms.ts';

/** Consumers of a queue each. `lateSeconds`: longer than this nothing waits that is only tried again. */
const consumers = [
  {
    name: 'announcer',
    lateSeconds: 600,
    late: 'Labels that moved are announced late, and graces begin late.',
    dead: 'A moved label may not have been announced, nor the end of the old key noted; or a failed rotation was not told.',
  },
  {
    name: 'verifier',
    lateSeconds: 1_800,
    late: 'Rotated credentials are verified late.',
    dead: 'A rotated credential was not verified, so nobody would be told if applications were refused.',
  },
  {
    name: 'cleanup',
    lateSeconds: 1_800,
    late: 'A current key that is off is restored late.',
    dead: 'A current key that is off may not have been restored, or a dead pending version not cleared.',
  },
  { name: 'notifier', lateSeconds: 3_600, late: 'Owners are told late.', dead: 'An owner may not have been told.' },
] as const;
type Consumer = (typeof consumers)[number];

/** Our own rules; those of subscribers have theirs beside them. */
const rules = {
  ofAws: ['label-moved', 'rotation-died', 'sweep', 'watchdog'],
  ofBus: ['failure-told', 'verifier', 'cleanup', 'notifier'],
} as const;

/** The topic, whom it tells, and every alarm but those of subscribers. */
export function alarms(config: Config): Resources {
  const { stage, runbooks } = config;
  const base = resourceNames(stage).bus;
  return {
    ...topic(config, base),
    ...merge(consumers.map((consumer) => consumerAlarms(consumer, base, runbooks))),
    ...deadLetterAlarms(
      { id: 'SweepDlq', name: `${base}-sweep-dlq`, runbooks },
      'A sweep failed. Credentials that are due live on until one succeeds.',
      'sweep-dlq',
    ),
    ...deadLetterAlarms(
      { id: 'BusDlq', name: `${base}-bus-dlq`, runbooks, condition: 'HasKmsKey' },
      'The key of the stage failed on events: nobody got them.',
      'bus-dlq',
    ),
    ...merge([
      ...rules.ofAws.map((name) => ruleAlarms({ ...ruleOf(name, base), runbooks }, `${base}-${name}-rule`)),
      ...rules.ofBus.map((name) =>
        ruleAlarms({ ...ruleOf(name, base), bus: ref('Bus'), runbooks }, `${base}-${name}-rule`),
      ),
    ]),
    ...functionAlarms(config, base),
    ...breakerAlarm(config, base),
    ...deadLetterAlarms(
      { id: 'WatchdogDlq', name: `${base}-watchdog-dlq`, runbooks },
      'The watchdog failed. What an event should have done may stay undone until one succeeds.',
      'watchdog-dlq',
    ),
    SweepMissingAlarm: missing('sweep', base, {
      says: 'No sweep for half an hour. Credentials that are due live on.',
      period: 1_800,
      runbooks,
    }),
    WatchdogMissingAlarm: missing('watchdog', base, {
      says: 'No watchdog for three hours. What an event should have done stays undone.',
      period: 10_800,
      runbooks,
    }),
    ...watchdogAlarms(stage, base, runbooks),
  };
}

function topic({ deployment }: Config, base: string): Resources {
  const confirmed = deployment.alarms.mail.map((Endpoint, index): [string, Resource] => [
    `AlarmMail${index}`,
    { Type: 'AWS::SNS::Subscription', Properties: { TopicArn: ref('AlarmTopic'), Protocol: 'email', Endpoint } },
  ]);
  return {
    AlarmTopic: {
      Type: 'AWS::SNS::Topic',
      // Without a key of the stage none: CloudWatch may not use SNS's own, and an alarm holds no secret.
      Properties: { TopicName: `${base}-alarms`, KmsMasterKeyId: kmsKey },
    },
    ...Object.fromEntries(confirmed),
  };
}

function consumerAlarms({ name, lateSeconds, late, dead }: Consumer, base: string, runbooks: string): Resources {
  const id = capital(name);
  const lateAlarm = alarm({
    ...age(`${id}Queue`),
    name: `${base}-${name}-late`,
    says: late,
    runbook: 'queue-late',
    runbooks,
    above: lateSeconds,
  });
  return {
    [`${id}QueueAgeAlarm`]: lateAlarm,
    ...deadLetterAlarms({ id: `${id}Dlq`, name: `${base}-${name}-dlq`, runbooks }, dead, `${name}-dlq`),
  };
}

const ruleOf = (name: string, base: string) => ({
  id: `${name.split('-').map(capital).join('')}Rule`,
  name: `${base}-${name}`,
});

type Silence = { readonly says: string; readonly period: number; readonly runbooks: string };

// Nothing fails when nothing runs: silence is the alarm.
function missing(name: string, base: string, { says, period, runbooks }: Silence): Resource {
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName: `${base}-${name}-missing`,
      AlarmDescription: described(says, runbooks, `${name}-missing`),
      AlarmActions: alarmActions,
      ...measured({
        namespace: 'AWS/Lambda',
        metric: 'Invocations',
        dimensions: { FunctionName: ref(`${capital(name)}LambdaFunction`) },
        statistic: 'Sum',
        period,
      }),
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
    },
  };
}

// Each sweep says so in its log, so the alarm lasts until a person lets the fleet go on.
function breakerAlarm({ stage, runbooks }: Config, base: string): Resources {
  const metric = { namespace: 'Keyturn', metric: 'FleetHeldByBreaker' } as const;
  return {
    BreakerMetric: {
      Type: 'AWS::Logs::MetricFilter',
      Properties: {
        LogGroupName: ref('SweepLogGroup'),
        FilterPattern: `{ $.message = "${breakerLogLine}" }`,
        MetricTransformations: [
          {
            MetricNamespace: metric.namespace,
            MetricName: metric.metric,
            MetricValue: '1',
            Dimensions: [{ Key: 'Stage', Value: '$.stage' }],
          },
        ],
      },
    },
    FleetPausedAlarm: alarm({
      ...metric,
      dimensions: { Stage: stage },
      statistic: 'Sum',
      period: 600,
      name: `${base}-fleet-paused`,
      says: 'Too much went wrong in an hour, and the fleet is paused: no key is switched off or deleted until somebody looks.',
      runbook: 'fleet-paused',
      runbooks,
      above: 0,
    }),
  };
}
