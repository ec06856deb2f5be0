import { join } from 'node:path';

import * as z from 'zod';

import { parseYaml, serverlessVariables } from './serverless-variables.ts';

export type Serverless = {
  readonly service: string;
  readonly stage: string;
  readonly region: string;
  readonly template: Readonly<Record<'Parameters' | 'Conditions' | 'Resources', Readonly<Record<string, unknown>>>>;
};

const ignored = z.unknown().optional();
const variables = z.record(z.string(), z.unknown());

const sqsEvent = z.strictObject({
  sqs: z.strictObject({
    arn: z.unknown(),
    batchSize: z.number().optional(),
    maximumConcurrency: z.number().optional(),
    functionResponseType: z.literal('ReportBatchItemFailures').optional(),
  }),
});

const serverlessFunction = z.strictObject({
  name: z.string(),
  handler: z.string(),
  timeout: z.number().optional(),
  environment: variables.default({}),
  events: z.array(sqsEvent).default([]),
  maximumRetryAttempts: z.number().optional(),
  maximumEventAge: z.number().optional(),
  destinations: z.strictObject({ onFailure: z.strictObject({ type: z.literal('sqs'), arn: z.unknown() }) }).optional(),
  role: ignored,
  // Everything is on loopback, and there at once.
  vpc: ignored,
  dependsOn: ignored,
  memorySize: ignored,
  description: ignored,
});
type ServerlessFunction = z.output<typeof serverlessFunction>;

const functions = z.record(z.string(), serverlessFunction);
const section = z.record(z.string(), z.unknown()).default({});
const resources = z.object({ Parameters: section, Conditions: section, Resources: section });
const one = <Schema extends z.ZodType>(schema: Schema) =>
  z.union([z.array(schema), schema.transform((single) => [single])]);

const provider = z.object({
  stage: z.string(),
  region: z.string(),
  timeout: z.number().default(6),
  environment: variables.default({}),
});

const serverlessFile = z.object({
  service: z.string(),
  provider,
  functions: one(functions),
  resources: one(resources),
});

const head = z.object({ service: z.string(), provider: z.object({ stage: z.string() }) });

/**
 * The resources that `serverless.yml` at `root` deploys, functions and event source mappings included, without running the framework.
 * Throws on what it does not know.
 */
export function readServerless(root: string): Serverless {
  const raw = parseYaml(join(root, 'serverless.yml'));
  const { service, provider } = head.parse(raw);
  const fromVariables = serverlessVariables({ root, service, stage: provider.stage });
  const file = serverlessFile.parse(fromVariables.resolve(raw));
  const deployed = file.functions.flatMap((some) => Object.entries(some));
  const all = (name: keyof z.output<typeof resources>) =>
    Object.fromEntries(file.resources.flatMap(({ [name]: some }) => Object.entries(some)));
  return {
    service,
    stage: file.provider.stage,
    region: file.provider.region,
    template: {
      Parameters: all('Parameters'),
      Conditions: all('Conditions'),
      Resources: {
        ...all('Resources'),
        ...Object.fromEntries(deployed.flatMap(([key, fn]) => functionResources(key, fn, file.provider))),
      },
    },
  };
}

/** What the framework makes of a function, under the framework's names. */
function functionResources(
  key: string,
  fn: ServerlessFunction,
  defaults: z.output<typeof provider>,
): [string, object][] {
  const name = capital(key.replaceAll('-', 'Dash').replaceAll('_', 'Underscore'));
  const logicalId = `${name}LambdaFunction`;
  const lambdaFunction = {
    Type: 'AWS::Lambda::Function',
    Properties: {
      FunctionName: fn.name,
      Handler: fn.handler,
      Timeout: fn.timeout ?? defaults.timeout,
      Environment: { Variables: { ...defaults.environment, ...fn.environment } },
    },
  };
  const mappings = fn.events.map(({ sqs }, index): [string, object] => [
    `${name}EventSourceMappingSQS${index}`,
    {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        FunctionName: { Ref: logicalId },
        EventSourceArn: sqs.arn,
        BatchSize: sqs.batchSize,
        FunctionResponseTypes: sqs.functionResponseType === undefined ? [] : [sqs.functionResponseType],
        ScalingConfig: sqs.maximumConcurrency && { MaximumConcurrency: sqs.maximumConcurrency },
      },
    },
  ]);
  return [[logicalId, lambdaFunction], ...mappings, ...asyncSettings(`${name}LambdaEvConf`, logicalId, fn)];
}

function asyncSettings(id: string, functionId: string, fn: ServerlessFunction): [string, object][] {
  if (fn.maximumRetryAttempts === undefined && fn.destinations === undefined) return [];
  const properties = {
    FunctionName: { Ref: functionId },
    Qualifier: '$LATEST',
    MaximumRetryAttempts: fn.maximumRetryAttempts,
    MaximumEventAgeInSeconds: fn.maximumEventAge,
    DestinationConfig: fn.destinations && { OnFailure: { Destination: fn.destinations.onFailure.arn } },
  };
  return [[id, { Type: 'AWS::Lambda::EventInvokeConfig', Properties: properties }]];
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
