import { join } from 'node:path';

import { parseYaml, serverlessVariables } from '@keyturn/local-aws/serverless-variables';

import { withDefaults } from './conditional.ts';
import { root } from './source-files.ts';

/** `!GetAtt A.Arn` is kept as text, what stage.ts writes as a list. */
export type Reference =
  | string
  | { readonly Ref?: string; readonly 'Fn::GetAtt'?: string | readonly [string, string]; readonly 'Fn::Sub'?: string };
export type Resource = { Type: string; Properties: object; DeletionPolicy?: string; UpdateReplacePolicy?: string };
export type Statement = {
  Sid?: string;
  Effect: string;
  Action: string | string[];
  Resource: Reference | Reference[];
  Condition?: Record<string, Record<string, unknown>>;
};
export type FunctionEntry = {
  name: string;
  handler: string;
  role: Reference;
  timeout: number;
  reservedConcurrency?: number;
  environment?: Record<string, Reference>;
  events?: { sqs: { arn: Reference; batchSize: number; functionResponseType?: string; maximumConcurrency?: number } }[];
};
export type Template = {
  /** Of every function. */
  environment: Record<string, Reference>;
  functions: Record<string, FunctionEntry>;
  resources: Record<string, Resource>;
};

export type Queue = {
  QueueName: string;
  VisibilityTimeout?: number;
  MessageRetentionPeriod?: number;
  SqsManagedSseEnabled?: boolean;
  KmsMasterKeyId?: Reference;
  RedrivePolicy?: { deadLetterTargetArn: Reference; maxReceiveCount: number };
};
export type QueuePolicy = { Queues: Reference[]; PolicyDocument: { Statement: Statement[] } };
export type Rule = {
  Name: string;
  EventBusName?: Reference;
  EventPattern?: Record<string, unknown>;
  ScheduleExpression?: string;
  Targets: {
    Id: string;
    Arn: Reference;
    RoleArn?: Reference;
    RetryPolicy?: object;
    DeadLetterConfig?: { Arn: Reference };
  }[];
};
export type Role = {
  Path?: Reference;
  PermissionsBoundary?: Reference;
  AssumeRolePolicyDocument: { Statement: { Principal: { Service: string } }[] };
  Policies: { PolicyDocument: { Statement: Statement[] } }[];
};

export type Alarm = {
  AlarmName: string;
  AlarmDescription: string;
  MetricName: string;
  Threshold: number;
  AlarmActions?: Reference[];
  Dimensions: { Name: string; Value: Reference }[];
};
export type Policy = { Roles: Reference[]; PolicyDocument: { Statement: Statement[] } };

/** What the checks look at. */
export type Properties = {
  'AWS::SQS::Queue': Queue;
  'AWS::SQS::QueuePolicy': QueuePolicy;
  'AWS::Events::Rule': Rule;
  'AWS::CloudWatch::Alarm': Alarm;
  'AWS::IAM::Role': Role;
  'AWS::IAM::Policy': Policy;
};

type ServerlessFile = {
  service: string;
  provider: Pick<Template, 'environment'> & { stage: string };
  functions: Template['functions'][];
  resources: {
    Parameters?: Record<string, { Default?: string | number }>;
    Conditions?: Record<string, unknown>;
    Resources?: Record<string, Resource & { Condition?: string }>;
  }[];
};

/**
 * serverless.yml with what it includes, for the configuration that KEYTURN_CONFIG names and with the defaults of its parameters. Not what osls
 * makes of it: what we wrote.
 */
export function composedTemplate(): Template {
  const raw = parseYaml(join(root, 'serverless.yml')) as ServerlessFile;
  const variables = serverlessVariables({ root, service: raw.service, stage: raw.provider.stage });
  const { provider, functions, resources } = variables.resolve(raw) as ServerlessFile;
  const whole = Object.assign({}, ...resources) as ServerlessFile['resources'][number];
  const { settle, isThere } = withDefaults(whole);
  const all = resources.flatMap(({ Resources = {} }) => Object.entries(Resources));
  return {
    environment: provider.environment,
    functions: Object.assign({}, ...functions) as Template['functions'],
    resources: Object.fromEntries(
      all
        .filter(([, resource]) => isThere(resource))
        .map(([id, resource]) => [id, settle(resource)] as [string, Resource]),
    ),
  };
}

/** The resources of a type, by logical id. */
export function ofType<Type extends keyof Properties>(
  { resources }: Template,
  type: Type,
): readonly (readonly [string, Properties[Type]])[] {
  return Object.entries(resources)
    .filter(([, { Type }]) => Type === type)
    .map(([id, resource]) => [id, resource.Properties as Properties[Type]]);
}

/** The logical id that a reference points to. */
export function pointee(reference: Reference | undefined): string | undefined {
  if (reference === undefined || typeof reference === 'string') return undefined;
  const { Ref: id, 'Fn::GetAtt': attribute } = reference;
  return id ?? (typeof attribute === 'string' ? attribute.split('.')[0] : attribute?.[0]);
}

export const text = (reference: Reference): string =>
  typeof reference === 'string' ? reference : (reference['Fn::Sub'] ?? '');

export function list<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return [value].flat() as readonly T[];
}
