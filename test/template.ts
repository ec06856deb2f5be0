import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parse, type ScalarTag } from 'yaml';

import { stage } from '../infra/stage.ts';
import { root } from './source-files.ts';

export type Reference =
  | string
  | { readonly Ref?: string; readonly 'Fn::GetAtt'?: readonly [string, string]; readonly 'Fn::Sub'?: string };
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
  AssumeRolePolicyDocument: { Statement: { Principal: { Service: string } }[] };
  Policies: { PolicyDocument: { Statement: Statement[] } }[];
};

export type Alarm = {
  MetricName: string;
  Threshold: number;
  AlarmActions?: Reference[];
  Dimensions: { Value: Reference }[];
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

const intrinsics: ScalarTag[] = [
  { tag: '!Ref', resolve: (text) => ({ Ref: text }) },
  { tag: '!Sub', resolve: (text) => ({ 'Fn::Sub': text }) },
  { tag: '!GetAtt', resolve: (text) => ({ 'Fn::GetAtt': text.split('.') }) },
];

/** serverless.yml with what it includes, for the configuration that KEYTURN_CONFIG names. Not what osls makes of it: what we wrote. */
export function composedTemplate(): Template {
  const fromStage = stage();
  const variable = (name: string): unknown => {
    if (name === 'sls:stage') return fromStage.stage;
    if (name === 'self:service') return 'keyturn';
    const [, key] = /^file\(infra\/stage\.cjs\):(\w+)$/.exec(name) ?? [];
    if (key !== undefined) return fromStage[key as keyof typeof fromStage];
    const [, path] = /^file\((infra\/[\w-]+\.yml)\)$/.exec(name) ?? [];
    if (path !== undefined) return read(path);
    throw new Error(`serverless.yml uses a variable that this test does not know: ${name}`);
  };
  const read = (path: string): unknown =>
    resolved(parse(readFileSync(join(root, path), 'utf8'), { customTags: intrinsics }), variable);

  const { provider, functions, resources } = read('serverless.yml') as {
    provider: Pick<Template, 'environment'>;
    functions: Template['functions'][];
    resources: { Resources?: Template['resources'] }[];
  };
  return {
    environment: provider.environment,
    functions: Object.assign({}, ...functions) as Template['functions'],
    resources: Object.assign({}, ...resources.map(({ Resources }) => Resources)) as Template['resources'],
  };
}

// Pseudo parameters and logical ids in `Fn::Sub` are CloudFormation's.
const variables = /\$\{((?:sls|self|file)[:(][^}]*)\}/g;

function resolved(node: unknown, variable: (name: string) => unknown): unknown {
  if (typeof node === 'string') {
    const [only, ...others] = node.matchAll(variables);
    if (only?.[1] !== undefined && others.length === 0 && only[0] === node) return variable(only[1]);
    return node.replaceAll(variables, (_, name: string) => String(variable(name)));
  }
  if (Array.isArray(node)) return node.map((item) => resolved(item, variable));
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, resolved(value, variable)]));
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
  return reference.Ref ?? reference['Fn::GetAtt']?.[0];
}

export const text = (reference: Reference): string =>
  typeof reference === 'string' ? reference : (reference['Fn::Sub'] ?? '');

export function list<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return [value].flat() as readonly T[];
}
