import * as z from 'zod';

import type { LocalAws } from './local-aws.ts';
import type { FunctionToLoad, Stack } from './template-resource.ts';
import { declarations, parameterValues } from './template-parameters.ts';
import { ignoredPhysical, ignoredTypes, resourceTypes } from './template-resources.ts';
import { templateResolver, type Physical } from './template-values.ts';
import type { Handler } from './lambda.ts';

const template = z.object({
  Parameters: declarations.default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Resources: z.record(
    z.string(),
    z.strictObject({
      Type: z.string(),
      Condition: z.string().optional(),
      Properties: z.record(z.string(), z.unknown()).default({}),
      DependsOn: z.unknown().optional(),
      DeletionPolicy: z.unknown().optional(),
      UpdateReplacePolicy: z.unknown().optional(),
      Metadata: z.unknown().optional(),
    }),
  ),
});

export type DeployOptions = {
  readonly stackName?: string;
  /** Over the defaults of the template, as `--parameter-overrides` of the AWS CLI. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly loadFunction: (fn: FunctionToLoad) => Promise<Handler>;
};

/** What CloudFormation would give for the Ref of each resource that has one. */
export type Deployed = { readonly references: Readonly<Record<string, string>> };

/**
 * Creates the resources of a CloudFormation template. Throws on a type, a property or an intrinsic function that is not known here: what runs
 * locally is what would run on AWS.
 */
export async function deployTemplate(aws: LocalAws, source: unknown, options: DeployOptions): Promise<Deployed> {
  const { Parameters, Conditions, Resources: all } = template.parse(source);
  for (const [logicalId, { Type }] of Object.entries(all)) {
    if (!resourceTypes.has(Type) && !ignoredTypes.has(Type))
      throw new Error(`local-aws does not know ${Type} (${logicalId})`);
  }

  const known = new Map<string, Physical>();
  const physical = (logicalId: string): Physical | undefined => {
    const resource = all[logicalId];
    if (resource === undefined || !isThere(resource)) return undefined;
    const found = known.get(logicalId) ?? physicalOf(logicalId, resource.Type, resource.Properties);
    known.set(logicalId, found);
    return found;
  };
  const resolver = templateResolver({
    place: aws,
    stackName: options.stackName ?? 'local',
    physical,
    parameters: parameterValues(Parameters, options.parameters),
    conditions: Conditions,
  });
  const isThere = ({ Condition }: { readonly Condition?: string | undefined }) =>
    Condition === undefined || resolver.holds(Condition);
  const Resources = Object.fromEntries(Object.entries(all).filter(([, resource]) => isThere(resource)));
  const physicalOf = (logicalId: string, typeName: string, properties: unknown) => {
    const type = resourceTypes.get(typeName);
    if (type === undefined) return ignoredPhysical(logicalId, aws);
    return about(logicalId, () => type.physical(resolver.resolve(properties), logicalId, aws));
  };

  const stack: Stack = {
    aws,
    loadFunction: options.loadFunction,
    call: (target, input) => call(aws.url, target, input),
  };
  for (const [typeName, type] of resourceTypes) {
    for (const [logicalId, { Type, Properties }] of Object.entries(Resources)) {
      if (Type !== typeName) continue;
      const properties = about(logicalId, () => resolver.resolve(Properties));
      await type.create(properties, stack).catch((cause: unknown) => fail(logicalId, cause));
    }
  }
  const named = Object.entries(Resources).filter(([, { Type }]) => resourceTypes.has(Type));
  const references = named.map(([logicalId]) => [logicalId, physical(logicalId)?.ref ?? ''] as const);
  return { references: Object.fromEntries(references.filter(([, ref]) => ref !== '')) };
}

function about<T>(logicalId: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    return fail(logicalId, cause);
  }
}

function fail(logicalId: string, cause: unknown): never {
  throw new Error(`${logicalId}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}

const refusal = z.object({ __type: z.string(), message: z.string() });

/** A signed-looking request: local-aws asks for a signature and does not check it. */
async function call(url: string, target: string, input: object): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    body: JSON.stringify(input),
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': target,
      'x-amz-date': '20260101T000000Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=local/20260101/local/local/aws4_request, SignedHeaders=host, Signature=0',
    },
  });
  const answer: unknown = await response.json();
  if (response.ok) return answer;
  const { __type: name, message } = refusal.parse(answer);
  throw new Error(`${target}: ${name}: ${message}`);
}
