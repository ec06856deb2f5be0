import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { breakerLogLine } from '@keyturn/config/names';

import { edit, type Check } from './check-template.ts';
import { queues, rules } from './delivery.ts';
import { root } from './source-files.ts';
import { ofType, pointee, text, type Alarm, type Reference, type Template } from './template.ts';

const alarms = (from: Template): readonly (readonly [string, Alarm])[] => ofType(from, 'AWS::CloudWatch::Alarm');

/** The metrics of which something is alarmed, such as `Errors VerifierLambdaFunction` or `FailedInvocations keyturn-prod-sweep`. */
const alarmed = (from: Template): ReadonlySet<string> =>
  new Set(
    alarms(from).map(([, { MetricName, Dimensions }]) => {
      const { Value } = Dimensions.findLast(({ Name }) => Name !== 'EventBusName')!;
      return `${MetricName} ${pointee(Value) ?? text(Value)}`;
    }),
  );

const missing = (from: Template, wanted: readonly string[]): readonly string[] => {
  const there = alarmed(from);
  return wanted.filter((metric) => !there.has(metric));
};

type MetricFilter = {
  readonly LogGroupName: Reference;
  readonly FilterPattern: string;
  readonly MetricTransformations: readonly { readonly MetricName: string }[];
};

const counters = (from: Template) =>
  Object.values(from.resources)
    .filter(({ Type }) => Type === 'AWS::Logs::MetricFilter')
    .map(({ Properties }) => Properties as MetricFilter)
    .flatMap(({ LogGroupName, FilterPattern: words, MetricTransformations }) =>
      MetricTransformations.map(({ MetricName: metric }) => ({ metric, words, log: pointee(LogGroupName) ?? '' })),
    );

const stageOf = (from: Template): string => /^keyturn-(.+)-sweep$/.exec(from.functions['sweep']!.name)![1]!;

const functionsIn = (from: Template): readonly string[] =>
  Object.entries(from.resources)
    .filter(([, { Type }]) => Type === 'AWS::Lambda::Function')
    .map(([id]) => id);

export const pageOf = (description: string): string | undefined =>
  / https:\/\/\S+\/([a-z0-9-]+)$/.exec(description)?.[1];

/** That a stage which is unwell is heard of: needs what osls makes, log groups and functions. */
export const operations: readonly Check[] = [
  {
    rule: 'every queue alarms before its oldest message is too old, a dead-letter queue at its first message too',
    broken: (from) =>
      missing(
        from,
        queues(from).flatMap(([id]) => {
          const old = `ApproximateAgeOfOldestMessage ${id}`;
          return id.endsWith('Dlq') ? [old, `ApproximateNumberOfMessagesVisible ${id}`] : [old];
        }),
      ),
    plant: (from) => delete from.resources['VerifierQueueAgeAlarm'],
  },
  {
    rule: 'every rule alarms when it cannot deliver, and when it loses what it could not deliver',
    broken: (from) =>
      missing(
        from,
        rules(from).flatMap(([, { Name }]) => [`FailedInvocations ${Name}`, `InvocationsFailedToBeSentToDlq ${Name}`]),
      ),
    plant: (from) => (edit(from, 'SweepRule')['Name'] = 'keyturn-prod-sweeps'),
  },
  {
    rule: 'an alarm of a rule names the bus of the rule: the metric has another name there',
    broken: (from) =>
      alarms(from)
        .filter(([, { Dimensions }]) => {
          const name = Dimensions.find(({ Name }) => Name === 'RuleName')?.Value;
          const bus = Dimensions.find(({ Name }) => Name === 'EventBusName')?.Value;
          const rule = rules(from).find(([, { Name }]) => Name === name)?.[1];
          return name !== undefined && pointee(rule?.EventBusName) !== pointee(bus);
        })
        .map(([id]) => id),
    plant: (from) => delete edit(from, 'CleanupRule')['EventBusName'],
  },
  {
    rule: 'every function alarms on errors and throttles; the handler near its timeout, what a schedule calls when it does not run',
    broken: (from) =>
      missing(from, [
        ...functionsIn(from).flatMap((id) => [`Errors ${id}`, `Throttles ${id}`]),
        'Duration RotationHandlerLambdaFunction',
        'Invocations SweepLambdaFunction',
        'Invocations WatchdogLambdaFunction',
      ]),
    plant: (from) => delete from.resources['ApigeeDashretireErrorsAlarm'],
  },
  {
    rule: 'the handler has a tenth of its time left when it alarms',
    broken: (from) => {
      const { timeout } = Object.values(from.functions).find(({ name }) => name.endsWith('-rotation-handler'))!;
      const { Threshold } = edit(from, 'HandlerSlowAlarm') as Alarm;
      return Threshold === 900 * timeout ? [] : ['HandlerSlowAlarm'];
    },
    plant: (from) => (from.functions['rotationHandler']!.timeout = 600),
  },
  {
    rule: 'every alarm tells the topic, by a name of its own',
    broken: (from) => {
      const names = alarms(from).map(([, { AlarmName }]) => AlarmName);
      return alarms(from)
        .filter(
          ([, { AlarmActions, AlarmName }]) =>
            pointee(AlarmActions?.[0]) !== 'AlarmTopic' || names.indexOf(AlarmName) !== names.lastIndexOf(AlarmName),
        )
        .map(([id]) => id);
    },
    plant: (from) => (edit(from, 'SweepMissingAlarm')['AlarmActions'] = []),
  },
  {
    rule: 'every alarm ends with the page that says what to do, and the page is there',
    broken: (from) =>
      alarms(from)
        .filter(([, { AlarmDescription }]) => {
          const page = pageOf(AlarmDescription);
          return page === undefined || !existsSync(join(root, `docs/runbooks/${page}.md`));
        })
        .map(([id]) => id),
    plant: (from) => (edit(from, 'SweepMissingAlarm')['AlarmDescription'] = 'Look at https://example.com/nowhere'),
  },
  {
    rule: 'every function has a log that ends, as the parameter says',
    broken: (from) => {
      const logs = Object.values(from.resources)
        .filter(({ Type }) => Type === 'AWS::Logs::LogGroup')
        .map(({ Properties }) => Properties as { LogGroupName: string; RetentionInDays?: { Ref?: string } });
      return Object.values(from.functions)
        .map(({ name }) => `/aws/lambda/${name}`)
        .filter(
          (name) => logs.find(({ LogGroupName }) => LogGroupName === name)?.RetentionInDays?.Ref !== 'LogRetentionDays',
        );
    },
    plant: (from) => (edit(from, 'VerifierLogGroup')['RetentionInDays'] = 90),
  },
  {
    rule: 'no alarm has a dimension that nothing has: a function, a queue or a rule of this template',
    broken: (from) =>
      alarms(from)
        .filter(([, { MetricName }]) => !counters(from).some((counter) => counter.metric === MetricName))
        .filter(([, { Dimensions }]) =>
          Dimensions.some(({ Name, Value }) => {
            // Of metrics of our own.
            if (Name === 'Stage' || Name === 'Service') return Value !== { Stage: 'prod', Service: 'watchdog' }[Name];
            const id = pointee(Value);
            return id === undefined ? !rules(from).some(([, { Name }]) => Name === Value) : !(id in from.resources);
          }),
        )
        .map(([id]) => id),
    plant: (from) => delete from.resources['NotifierDlq'],
  },
  {
    rule: 'what an alarm counts in a log is what the function logs there, of this stage',
    broken: (from) => [
      ...counters(from)
        .filter(({ log, words }) => !(log in from.resources) || !words.includes(`"${breakerLogLine}"`))
        .map(({ metric }) => metric),
      ...missing(from, [`FleetHeldByBreaker ${stageOf(from)}`]),
    ],
    plant: (from) => (edit(from, 'BreakerMetric')['FilterPattern'] = '{ $.message = "The fleet is paused" }'),
  },
];

/** Pages to which alarms of a template link. */
export const linkedPages = (from: Template): readonly string[] =>
  alarms(from).flatMap(([, { AlarmDescription }]) => pageOf(AlarmDescription) ?? []);
