import { afterEach, expect, test } from 'vitest';

import { deployTemplate } from './deploy-template.ts';
import { localAws } from './local-aws.ts';
import type { FunctionToLoad } from './template-resource.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const aws of open.splice(0)) await aws.close();
});

async function setUp() {
  const aws = await localAws();
  open.push(aws);
  const loaded: FunctionToLoad[] = [];
  const events: unknown[] = [];
  const deploy = (Resources: object) =>
    deployTemplate(
      aws,
      { Resources },
      {
        loadFunction: async (fn) => {
          loaded.push(fn);
          return (event) => void events.push(event);
        },
      },
    );
  return { aws, deploy, loaded, events };
}

const resource = (Type: string, Properties: object) => ({ Type, Properties });
const arnOf = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const allow = (queue: string, rule: string) =>
  resource('AWS::SQS::QueuePolicy', {
    Queues: [{ Ref: queue }],
    PolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'events.amazonaws.com' },
          Action: 'sqs:SendMessage',
          Resource: arnOf(queue),
          Condition: { ArnEquals: { 'aws:SourceArn': arnOf(rule) } },
        },
      ],
    },
  });

const bus = resource('AWS::Events::EventBus', { Name: 'facts' });
const queue = resource('AWS::SQS::Queue', { QueueName: 'work', VisibilityTimeout: 60 });
const rule = resource('AWS::Events::Rule', {
  Name: 'to-work',
  EventBusName: { Ref: 'Bus' },
  EventPattern: { source: ['keyturn'] },
  Targets: [{ Id: 'work', Arn: arnOf('Queue') }],
});
const fn = resource('AWS::Lambda::Function', {
  FunctionName: 'worker',
  Handler: 'services/worker/src/handler.handler',
  Timeout: 30,
  Environment: {
    Variables: {
      QUEUE_URL: { Ref: 'Queue' },
      BUS: {
        'Fn::Sub': 'arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/${Bus} ${!Literal} ${x}',
      },
      JOINED: { 'Fn::Join': ['-', ['a', { Ref: 'AWS::StackName' }]] },
      NONE: { Ref: 'AWS::NoValue' },
    },
  },
});
fn.Properties = JSON.parse(JSON.stringify(fn.Properties).replace('${x}', '${Queue.QueueName}')) as object;
const mapping = resource('AWS::Lambda::EventSourceMapping', {
  FunctionName: { Ref: 'Fn' },
  EventSourceArn: arnOf('Queue'),
});

test('an event goes from the bus through the queue to the function, as the template says', async () => {
  const { aws, deploy, events, loaded } = await setUp();

  const { references } = await deploy({
    Mapping: mapping,
    Fn: fn,
    Policy: allow('Queue', 'Rule'),
    Rule: rule,
    Queue: queue,
    Bus: bus,
  });
  aws.buses.put(aws.buses.find('facts'), { source: 'keyturn', 'detail-type': 'x', resources: [], detail: { a: 1 } });

  await expect.poll(() => events).toHaveLength(1);
  expect(events).toMatchObject([{ Records: [{ body: expect.stringContaining('"detail":{"a":1}') as string }] }]);
  const url = `${aws.url}/${aws.account}/work`;
  expect(references).toEqual({ Bus: 'facts', Queue: url, Rule: 'facts|to-work', Fn: 'worker' });
  expect(loaded).toEqual([
    {
      name: 'worker',
      handler: 'services/worker/src/handler.handler',
      environment: {
        QUEUE_URL: url,
        BUS: `arn:aws:events:${aws.region}:${aws.account}:event-bus/facts \${Literal} work`,
        JOINED: 'a-local',
      },
    },
  ]);
});

test('a rule without a policy that names it delivers nothing', async () => {
  const { aws, deploy } = await setUp();
  const other = resource('AWS::Events::Rule', { ...rule.Properties, Name: 'other', Targets: [] });

  await deploy({ Bus: bus, Queue: queue, Rule: rule, Other: other, Policy: allow('Queue', 'Other') });
  aws.buses.put(aws.buses.find('facts'), { source: 'keyturn', 'detail-type': 'x', resources: [], detail: {} });

  await expect.poll(() => aws.delivery.lost).toMatchObject([{ errorCode: 'NO_PERMISSIONS' }]);
});

test('a function lets in who has a permission', async () => {
  const { aws, deploy } = await setUp();
  const permission = (more: object) =>
    resource('AWS::Lambda::Permission', { FunctionName: arnOf('Fn'), Action: 'lambda:InvokeFunction', ...more });

  await deploy({
    Queue: queue,
    Bus: bus,
    Fn: fn,
    Secrets: permission({ Principal: 'secretsmanager.amazonaws.com', SourceAccount: { Ref: 'AWS::AccountId' } }),
  });

  const { arn } = aws.functions.find('worker');
  const secret = `arn:aws:secretsmanager:${aws.region}:${aws.account}:secret:x-abcdef`;
  expect(aws.functions.mayInvoke(arn, { principal: 'secretsmanager.amazonaws.com', sourceArn: secret })).toBe(true);
  const foreign = secret.replace(aws.account, '999999999999');
  expect(aws.functions.mayInvoke(arn, { principal: 'secretsmanager.amazonaws.com', sourceArn: foreign })).toBe(false);
  expect(aws.functions.mayInvoke(arn, { principal: 'events.amazonaws.com', sourceArn: arn })).toBe(false);
});

test('tables, parameters, archives and settings of asynchronous calls are there afterwards', async () => {
  const { aws, deploy } = await setUp();

  await deploy({
    Bus: bus,
    Queue: queue,
    Fn: fn,
    Table: resource('AWS::DynamoDB::Table', {
      TableName: 'ledger',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    }),
    Parameter: resource('AWS::SSM::Parameter', { Name: '/fleet', Type: 'String', Value: 'running' }),
    Archive: resource('AWS::Events::Archive', { ArchiveName: 'all', SourceArn: arnOf('Bus'), RetentionDays: 90 }),
    Async: resource('AWS::Lambda::EventInvokeConfig', {
      FunctionName: { Ref: 'Fn' },
      Qualifier: '$LATEST',
      MaximumRetryAttempts: 0,
      DestinationConfig: { OnFailure: { Destination: arnOf('Queue') } },
    }),
    Role: resource('AWS::IAM::Role', { Anything: { 'Fn::Split': ['goes'] } }),
  });

  expect(aws.functions.find('worker').async).toEqual({
    maximumRetryAttempts: 0,
    onFailure: aws.queues.find('work').arn,
  });
});

test.each<[string, object, string]>([
  ['a type', { X: resource('AWS::Kinesis::Stream', {}) }, 'local-aws does not know AWS::Kinesis::Stream (X)'],
  ['a property', { X: resource('AWS::SQS::Queue', { QueueName: 'x', Colour: 'red' }) }, 'X: '],
  [
    'an intrinsic function',
    { X: resource('AWS::SQS::Queue', { QueueName: { 'Fn::Split': [] } }) },
    'the intrinsic function Fn::Split',
  ],
  [
    'a name that the template does not define',
    { X: resource('AWS::SQS::Queue', { QueueName: { Ref: 'Y' } }) },
    'X: The template names Y',
  ],
  [
    'a refused value',
    { X: resource('AWS::SQS::Queue', { QueueName: 'x', DelaySeconds: 901 }) },
    'InvalidAttributeValue',
  ],
])('refuses %s that it does not know, naming the resource', async (_, Resources, message) => {
  const { deploy } = await setUp();

  await expect(deploy(Resources)).rejects.toThrow(message);
});
