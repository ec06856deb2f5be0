import * as z from 'zod';

import { arn, type Place } from './arn.ts';
import { eventInvokeConfig, eventSourceMapping, lambdaFunction, permission } from './template-functions.ts';
import { ignored, nameless, text, type, type ResourceType } from './template-resource.ts';
import type { Physical } from './template-values.ts';

const document = z.record(z.string(), z.unknown());
const json = document.transform((value) => JSON.stringify(value));
const attribute = z.union([z.string(), z.number(), z.boolean()]).transform(String).optional();

const eventBus = type({
  schema: z.strictObject({
    Name: z.string(),
    Description: ignored,
    KmsKeyIdentifier: ignored,
    DeadLetterConfig: ignored,
    Tags: ignored,
  }),
  physical: ({ Name }, _, place) => ({
    ref: Name,
    attributes: { Name, Arn: arn(place, 'events', `event-bus/${Name}`) },
  }),
  create: ({ Name }, { call }) => call('AWSEvents.CreateEventBus', { Name }),
});

const queue = type({
  schema: z.strictObject({
    QueueName: z.string(),
    DelaySeconds: attribute,
    VisibilityTimeout: attribute,
    MessageRetentionPeriod: attribute,
    ReceiveMessageWaitTimeSeconds: attribute,
    MaximumMessageSize: attribute,
    RedrivePolicy: json.optional(),
    SqsManagedSseEnabled: attribute,
    KmsMasterKeyId: attribute,
    Tags: ignored,
  }),
  physical: ({ QueueName: name }, _, place) => {
    const url = `${place.url}/${place.account}/${name}`;
    return { ref: url, attributes: { Arn: arn(place, 'sqs', name), QueueName: name, QueueUrl: url } };
  },
  create: ({ QueueName, Tags: _tags, ...Attributes }, { call }) =>
    call('AmazonSQS.CreateQueue', { QueueName, Attributes }),
});

const queuePolicy = type({
  schema: z.strictObject({ Queues: z.array(z.string()), PolicyDocument: json }),
  physical: nameless,
  async create({ Queues, PolicyDocument: Policy }, { call }) {
    for (const QueueUrl of Queues) await call('AmazonSQS.SetQueueAttributes', { QueueUrl, Attributes: { Policy } });
  },
});

const table = type({
  schema: z.strictObject({
    TableName: z.string(),
    BillingMode: z.literal('PAY_PER_REQUEST'),
    AttributeDefinitions: z.array(document),
    KeySchema: z.array(document),
    GlobalSecondaryIndexes: z.array(document).optional(),
    DeletionProtectionEnabled: ignored,
    PointInTimeRecoverySpecification: ignored,
    SSESpecification: ignored,
    Tags: ignored,
  }),
  physical: ({ TableName: name }, _, place) => ({
    ref: name,
    attributes: { Arn: arn(place, 'dynamodb', `table/${name}`) },
  }),
  create: async (input, { call }) => {
    await call('DynamoDB_20120810.CreateTable', {
      TableName: input.TableName,
      BillingMode: input.BillingMode,
      AttributeDefinitions: input.AttributeDefinitions,
      KeySchema: input.KeySchema,
      GlobalSecondaryIndexes: input.GlobalSecondaryIndexes,
    });
    while (!isActive(await call('DynamoDB_20120810.DescribeTable', { TableName: input.TableName })));
  },
});

const active = z.object({ Table: z.object({ TableStatus: z.literal('ACTIVE') }) });
const isActive = (answer: unknown) => active.safeParse(answer).success;

const parameter = type({
  schema: z.strictObject({
    Name: z.string(),
    Type: z.string(),
    Value: z.string(),
    Description: ignored,
    Tags: ignored,
  }),
  physical: ({ Name, Type, Value }) => ({ ref: Name, attributes: { Type, Value } }),
  create: ({ Name, Type, Value }, { call }) => call('AmazonSSM.PutParameter', { Name, Type, Value }),
});

const rule = type({
  schema: z.strictObject({
    Name: z.string(),
    Description: text,
    EventBusName: text,
    EventPattern: json.optional(),
    ScheduleExpression: text,
    State: text,
    Targets: z.array(document).default([]),
  }),
  physical: ({ Name, EventBusName: bus = 'default' }, _, place) => {
    const path = bus === 'default' ? Name : `${bus}/${Name}`;
    return {
      ref: bus === 'default' ? Name : `${bus}|${Name}`,
      attributes: { Arn: arn(place, 'events', `rule/${path}`) },
    };
  },
  async create({ Targets, ...input }, { call }) {
    await call('AWSEvents.PutRule', input);
    if (Targets.length === 0) return;
    await call('AWSEvents.PutTargets', { Rule: input.Name, EventBusName: input.EventBusName, Targets });
  },
});

const eventBusPolicy = type({
  schema: z.strictObject({ EventBusName: z.string(), StatementId: z.string(), Statement: document }),
  physical: nameless,
  create: ({ EventBusName, Statement }, { call }) =>
    call('AWSEvents.PutPermission', { EventBusName, Policy: JSON.stringify({ Statement: [Statement] }) }),
});

const archive = type({
  schema: z.strictObject({
    ArchiveName: z.string(),
    SourceArn: z.string(),
    EventPattern: json.optional(),
    RetentionDays: z.number().optional(),
    KmsKeyIdentifier: ignored,
    Description: ignored,
  }),
  physical: ({ ArchiveName: name }, _, place) => ({
    ref: name,
    attributes: { Arn: arn(place, 'events', `archive/${name}`) },
  }),
  create: ({ ArchiveName, SourceArn: EventSourceArn, EventPattern, RetentionDays }, { call }) =>
    call('AWSEvents.CreateArchive', { ArchiveName, EventSourceArn, EventPattern, RetentionDays }),
});

/** In the order in which they are created: what names others comes after them. */
export const resourceTypes: ReadonlyMap<string, ResourceType> = new Map([
  ['AWS::Events::EventBus', eventBus],
  ['AWS::SQS::Queue', queue],
  ['AWS::DynamoDB::Table', table],
  ['AWS::SSM::Parameter', parameter],
  ['AWS::Lambda::Function', lambdaFunction],
  ['AWS::Lambda::Permission', permission],
  ['AWS::Lambda::EventInvokeConfig', eventInvokeConfig],
  ['AWS::Events::Archive', archive],
  ['AWS::Events::EventBusPolicy', eventBusPolicy],
  ['AWS::SQS::QueuePolicy', queuePolicy],
  ['AWS::Events::Rule', rule],
  ['AWS::Lambda::EventSourceMapping', eventSourceMapping],
]);

/** What has no effect here: local-aws knows no identities, alarms and logs. */
export const ignoredTypes: ReadonlySet<string> = new Set([
  'AWS::CloudWatch::Alarm',
  'AWS::IAM::Policy',
  'AWS::IAM::Role',
  'AWS::Lambda::Version',
  'AWS::Logs::LogGroup',
  'AWS::Logs::MetricFilter',
  'AWS::S3::Bucket',
  'AWS::S3::BucketPolicy',
  'AWS::SNS::Subscription',
  'AWS::SNS::Topic',
  'AWS::SNS::TopicPolicy',
  // Hosts run it, and whoever simulates hosts has it.
  'AWS::SSM::Document',
]);

/** Others may name an ignored resource, and get something that looks right. */
export const ignoredPhysical = (logicalId: string, place: Place): Physical => ({
  ref: logicalId,
  attributes: { Arn: arn(place, 'iam', `role/${logicalId}`) },
});
