import * as z from 'zod';

import type { EventSourceMappings, Mapping } from './event-source-mappings.ts';
import type { Functions, LambdaFunction } from './lambda.ts';
import { parseInput } from './operation.ts';
import { json, route, type RestRequest, type Route } from './rest.ts';
import { parseJson } from './server.ts';
import { ServiceError } from './service-error.ts';

const newMapping = z.object({
  FunctionName: z.string(),
  EventSourceArn: z.string(),
  BatchSize: z.int().min(1).max(10_000).optional(),
  Enabled: z.boolean().optional(),
  MaximumBatchingWindowInSeconds: z.int().min(0).max(300).optional(),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).max(1).optional(),
  ScalingConfig: z.object({ MaximumConcurrency: z.int().min(2).max(1000).optional() }).optional(),
  FilterCriteria: z.undefined({ error: 'is not supported by local-aws' }).optional(),
});

const newPermission = z.object({
  StatementId: z.string().regex(/^[\w-]+$/),
  Action: z.enum(['lambda:InvokeFunction', 'lambda:*']),
  Principal: z.string(),
  SourceArn: z.string().optional(),
  SourceAccount: z.string().optional(),
});

/** Lambda's REST-JSON: invoking and describing functions, event source mappings, permissions. Functions themselves are registered in process. */
export function lambdaApi(functions: Functions, mappings: EventSourceMappings): readonly Route[] {
  const base = '/2015-03-31';
  const named = ({ params }: RestRequest) => functions.find(params['name'] ?? '');
  return [
    route(`POST ${base}/functions/{name}/invocations`, (request) => invoke(functions, request)),
    route(`GET ${base}/functions/{name}`, (request) =>
      json(200, { Configuration: configurationOf(named(request)), Code: {}, Tags: {} }),
    ),
    route(`GET ${base}/functions/{name}/configuration`, (request) => json(200, configurationOf(named(request)))),
    route(`GET ${base}/functions`, () => json(200, { Functions: functions.list().map(configurationOf) })),
    route(`POST ${base}/functions/{name}/policy`, (request) => addPermission(named(request), request.body)),
    route(`POST ${base}/event-source-mappings`, ({ body }) => {
      const input = parseRest(newMapping, body);
      const mapping = mappings.add({
        functionName: input.FunctionName,
        queueArn: input.EventSourceArn,
        batchSize: input.BatchSize,
        enabled: input.Enabled,
        reportsItemFailures: input.FunctionResponseTypes !== undefined && input.FunctionResponseTypes.length > 0,
        maximumConcurrency: input.ScalingConfig?.MaximumConcurrency,
      });
      return json(202, told(mapping));
    }),
    route(`GET ${base}/event-source-mappings`, ({ query }) => {
      const source = query.get('EventSourceArn');
      const name = query.get('FunctionName');
      const wanted = name === null ? undefined : functions.find(name).arn;
      const listed = mappings
        .list()
        .filter(({ queueArn }) => source === null || queueArn === source)
        .filter(({ fn }) => wanted === undefined || fn.arn === wanted);
      return json(200, { EventSourceMappings: listed.map(told) });
    }),
    route(`GET ${base}/event-source-mappings/{id}`, ({ params }) => json(200, told(mappings.find(params['id'] ?? '')))),
    route(`DELETE ${base}/event-source-mappings/{id}`, ({ params }) =>
      json(202, told(mappings.remove(params['id'] ?? ''))),
    ),
  ];
}

async function invoke(functions: Functions, { params, query, header, body }: RestRequest) {
  const fn = functions.find(params['name'] ?? '');
  if ((query.get('Qualifier') ?? '$LATEST') !== '$LATEST') {
    throw new ServiceError('ResourceNotFoundException', 'local-aws knows $LATEST alone.', { status: 404 });
  }
  const payload = parsePayload(body);
  switch (header('x-amz-invocation-type') ?? 'RequestResponse') {
    case 'RequestResponse': {
      const invocation = await functions.invoke(fn, payload);
      const failure = invocation.failed ? { 'x-amz-function-error': 'Unhandled' } : {};
      return { status: 200, text: invocation.payload, headers: { 'x-amz-executed-version': '$LATEST', ...failure } };
    }
    case 'Event':
      functions.invokeLater(fn, payload);
      return { status: 202, text: '' };
    case 'DryRun':
      return { status: 204, text: '' };
    default:
      throw invalid('InvocationType is RequestResponse, Event or DryRun.');
  }
}

function parsePayload(body: Buffer): unknown {
  if (body.length > 6 * 1024 * 1024) {
    throw new ServiceError('RequestTooLargeException', 'The payload is longer than 6 MB.', { status: 413 });
  }
  try {
    return parseJson(body);
  } catch {
    throw new ServiceError('InvalidRequestContentException', 'Could not parse request body into json.');
  }
}

function addPermission(fn: LambdaFunction, body: Buffer) {
  const { Principal, SourceArn, SourceAccount, StatementId } = parseRest(newPermission, body);
  fn.permissions = [
    ...(fn.permissions ?? []),
    { principal: Principal, sourceArn: SourceArn, sourceAccount: SourceAccount },
  ];
  return json(201, { Statement: JSON.stringify({ Sid: StatementId }) });
}

const invalid = (message: string) => new ServiceError('InvalidParameterValueException', message);

function parseRest<Schema extends z.ZodType>(schema: Schema, body: Buffer): z.output<Schema> {
  try {
    return parseInput(schema, parseJson(body));
  } catch (error) {
    throw error instanceof ServiceError ? invalid(error.message) : error;
  }
}

const configurationOf = (fn: LambdaFunction) => ({
  FunctionName: fn.name,
  FunctionArn: fn.arn,
  Runtime: 'nodejs24.x',
  Handler: 'handler.handler',
  Timeout: fn.timeoutMs / 1000,
  MemorySize: 256,
  Version: '$LATEST',
  State: 'Active',
  LastUpdateStatus: 'Successful',
  PackageType: 'Zip',
});

const told = (mapping: Mapping) => ({
  UUID: mapping.id,
  FunctionArn: mapping.fn.arn,
  EventSourceArn: mapping.queueArn,
  BatchSize: mapping.batchSize,
  MaximumBatchingWindowInSeconds: 0,
  FunctionResponseTypes: mapping.reportsItemFailures ? ['ReportBatchItemFailures'] : [],
  ScalingConfig: { MaximumConcurrency: mapping.maximumConcurrency },
  State: mapping.enabled ? 'Enabled' : 'Disabled',
});
