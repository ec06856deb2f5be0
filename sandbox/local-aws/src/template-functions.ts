import * as z from 'zod';

import { arn } from './arn.ts';
import { ignored, nameless, text, type } from './template-resource.ts';

export const lambdaFunction = type({
  schema: z.strictObject({
    FunctionName: z.string(),
    Handler: z.string(),
    Timeout: z.number().default(3),
    Environment: z.strictObject({ Variables: z.record(z.string(), z.coerce.string()) }).optional(),
    Role: ignored,
    Runtime: ignored,
    MemorySize: ignored,
    Architectures: ignored,
    TracingConfig: ignored,
    Code: ignored,
    Description: ignored,
    Tags: ignored,
  }),
  physical: ({ FunctionName: name }, _, place) => ({
    ref: name,
    attributes: { Arn: arn(place, 'lambda', `function:${name}`) },
  }),
  async create({ FunctionName: name, Handler, Timeout, Environment }, { aws, loadFunction }) {
    const handler = await loadFunction({ name, handler: Handler, environment: Environment?.Variables ?? {} });
    aws.functions.register(name, handler, { timeoutMs: Timeout * 1000, permissions: [] });
  },
});

export const permission = type({
  schema: z.strictObject({
    FunctionName: z.string(),
    Action: z.enum(['lambda:InvokeFunction', 'lambda:*']),
    Principal: z.string(),
    SourceArn: text,
    SourceAccount: text,
  }),
  physical: nameless,
  async create({ FunctionName, Principal: principal, SourceArn: sourceArn, SourceAccount: sourceAccount }, { aws }) {
    const fn = aws.functions.find(FunctionName);
    fn.permissions = [...(fn.permissions ?? []), { principal, sourceArn, sourceAccount }];
  },
});

export const eventInvokeConfig = type({
  schema: z.strictObject({
    FunctionName: z.string(),
    Qualifier: z.literal('$LATEST'),
    MaximumRetryAttempts: z.number().optional(),
    MaximumEventAgeInSeconds: ignored,
    DestinationConfig: z.strictObject({ OnFailure: z.strictObject({ Destination: z.string() }) }).optional(),
  }),
  physical: nameless,
  async create({ FunctionName, MaximumRetryAttempts: maximumRetryAttempts, DestinationConfig }, { aws }) {
    aws.functions.find(FunctionName).async = {
      maximumRetryAttempts,
      onFailure: DestinationConfig?.OnFailure.Destination,
    };
  },
});

export const eventSourceMapping = type({
  schema: z.strictObject({
    FunctionName: z.string(),
    EventSourceArn: z.string(),
    BatchSize: z.number().optional(),
    Enabled: z.boolean().optional(),
    MaximumBatchingWindowInSeconds: ignored,
    FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
    ScalingConfig: z.strictObject({ MaximumConcurrency: z.number() }).optional(),
  }),
  physical: nameless,
  async create(input, { aws }) {
    aws.mappings.add({
      functionName: input.FunctionName,
      queueArn: input.EventSourceArn,
      batchSize: input.BatchSize,
      enabled: input.Enabled,
      reportsItemFailures: input.FunctionResponseTypes.length > 0,
      maximumConcurrency: input.ScalingConfig?.MaximumConcurrency,
    });
  },
});
