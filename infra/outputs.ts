import type { Config } from '@keyturn/config/config';
import { adapterFunctions } from '@keyturn/config/names';
import { stageParameters } from '@keyturn/config/stage-parameters';

import { arnOf, logicalId, ref, type Resource, type Resources, type Value } from './cloud-formation.ts';

type Told = { readonly id: string; readonly parameter: string; readonly value: Value; readonly condition?: string };

// Sweep and watchdog have no queue of their own.
const queues = ['announcer', 'verifier', 'cleanup', 'notifier'] as const;
const deadLetters = [...queues, 'sweep', 'watchdog'] as const;

/** What a stage consists of, once as SSM parameters, once as outputs of the stack. */
export function outputs(config: Config, version: string) {
  const all = told(config, version);
  return {
    Resources: Object.fromEntries(all.map((one): [string, Resource] => [`${one.id}Parameter`, parameter(one)])),
    Outputs: Object.fromEntries(all.map(({ id, value, condition }) => [id, { ...under(condition), Value: value }])),
  } satisfies { Resources: Resources; Outputs: object };
}

function parameter({ parameter: Name, value, condition }: Told): Resource {
  return { Type: 'AWS::SSM::Parameter', ...under(condition), Properties: { Name, Type: 'String', Value: value } };
}

const under = (condition: string | undefined) => (condition === undefined ? {} : { Condition: condition });

function told({ stage, providers, runbooks, subscribers }: Config, version: string): readonly Told[] {
  const names = stageParameters(stage);
  const functions = adapterFunctions({ stage, providers });
  return [
    { id: 'Version', parameter: names.version, value: version },
    { id: 'Runbooks', parameter: names.runbooks, value: runbooks },
    { id: 'BusName', parameter: names.busName, value: ref('Bus') },
    { id: 'BusArn', parameter: names.busArn, value: arnOf('Bus') },
    { id: 'TableName', parameter: names.table, value: ref('Table') },
    { id: 'AlarmTopic', parameter: names.alarmTopicArn, value: ref('AlarmTopic') },
    { id: 'RotationHandlerArn', parameter: names.rotationHandlerArn, value: arnOf('RotationHandlerLambdaFunction') },
    ...queues.map((name) => queue(name, `${logicalId(name)}Queue`, stage)),
    ...deadLetters.map((name) => queue(`${name}-dlq`, `${logicalId(name)}Dlq`, stage)),
    { ...queue('bus-dlq', 'BusDlq', stage), condition: 'HasKmsKey' },
    ...subscribers.map(({ name }) => queue(`to-${name}-dlq`, `Subscriber${logicalId(name)}Dlq`, stage)),
    ...Object.keys(providers).flatMap((id) => [
      { id: `${logicalId(id)}Issue`, parameter: names.issueFunction(id), value: functions.issue(id) },
      { id: `${logicalId(id)}Retire`, parameter: names.retireFunction(id), value: functions.retire(id) },
    ]),
  ];
}

const queue = (name: string, id: string, stage: string): Told => ({
  id: `${id}Url`,
  parameter: stageParameters(stage).queueUrl(name),
  value: ref(id),
});
