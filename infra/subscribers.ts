import type { Config } from '@keyturn/config/config';
import { resourceNames } from '@keyturn/config/names';
import { source } from '@keyturn/events/define-event';

import { deadLetterAlarms, ruleAlarms } from './alarm.ts';
import { allow, arnOf, ifSet, localArn, logicalId, ref, role, sub, type Resources } from './cloud-formation.ts';
import { kmsKey } from './parameters.ts';

type Subscriber = Config['subscribers'][number];

/**
 * For each subscriber a rule to its target, a dead-letter queue of ours and alarms that name it. Unlike our own rules this one takes
 * replayed events: an archive is there for the subscriber who lost some. The target's own policy has to allow the rule; for a bus we also
 * need a role.
 */
export function subscriptions(config: Config): Resources {
  return Object.fromEntries(
    config.subscribers.flatMap((subscriber) => Object.entries(subscription(subscriber, config))),
  );
}

function subscription(subscriber: Subscriber, { stage, runbooks }: Config): Resources {
  const { name, target, events, secretPrefix } = subscriber;
  const bus = resourceNames(stage).bus;
  // Unique on our bus.
  const ruleName = `to-${name}`;
  const id = `Subscriber${logicalId(name)}`;
  const targetIsBus = target.split(':')[2] === 'events';
  return {
    [`${id}Rule`]: {
      Type: 'AWS::Events::Rule',
      Properties: {
        Name: ruleName,
        EventBusName: ref('Bus'),
        EventPattern: {
          source: [source],
          'detail-type': events,
          ...(secretPrefix === undefined ? {} : { detail: { data: { secretName: [{ prefix: secretPrefix }] } } }),
        },
        Targets: [
          {
            Id: name,
            Arn: target,
            ...(targetIsBus ? { RoleArn: arnOf(`${id}Role`) } : {}),
            RetryPolicy: { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 },
            DeadLetterConfig: { Arn: arnOf(`${id}Dlq`) },
          },
        ],
      },
    },
    ...(targetIsBus ? { [`${id}Role`]: busRole(target, `${bus}/${ruleName}`) } : {}),
    ...deadLetters(subscriber, { id, queueName: `${bus}-${ruleName}-dlq`, runbooks }),
    ...ruleAlarms({ id: `${id}Rule`, name: ruleName, bus: ref('Bus'), runbooks }, `${bus}-${ruleName}-rule`),
  };
}

function busRole(target: string, rule: string) {
  return role('events.amazonaws.com', 'forward', [allow('Forward', 'events:PutEvents', target)], {
    StringEquals: { 'aws:SourceAccount': ref('AWS::AccountId') },
    ArnEquals: { 'aws:SourceArn': sub(localArn('events', `rule/${rule}`)) },
  });
}

type Letters = { readonly id: string; readonly queueName: string; readonly runbooks: string };

function deadLetters({ name }: Subscriber, { id, queueName, runbooks }: Letters): Resources {
  const dlq = `${id}Dlq`;
  return {
    [dlq]: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: queueName,
        MessageRetentionPeriod: 1_209_600,
        SqsManagedSseEnabled: ifSet('HasKmsKey', ref('AWS::NoValue'), true),
        KmsMasterKeyId: kmsKey,
      },
    },
    [`${dlq}Policy`]: {
      Type: 'AWS::SQS::QueuePolicy',
      Properties: {
        Queues: [ref(dlq)],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: 'events.amazonaws.com' },
              Action: 'sqs:SendMessage',
              Resource: arnOf(dlq),
              Condition: { ArnEquals: { 'aws:SourceArn': arnOf(`${id}Rule`) } },
            },
          ],
        },
      },
    },
    ...deadLetterAlarms(
      { id: dlq, name: queueName, runbooks },
      `Events do not reach the subscriber ${name}.`,
      'subscriber-dlq',
    ),
  };
}
