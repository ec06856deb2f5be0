import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { withDefaults } from './conditional.ts';
import { root } from './source-files.ts';
import { pointee, type FunctionEntry, type Reference, type Resource, type Template } from './template.ts';

type Compiled = {
  readonly Parameters: Readonly<Record<string, { readonly Default?: string | number }>>;
  readonly Conditions: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, Resource & { readonly Condition?: string }>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>;
};

/** What osls makes of serverless.yml for a configuration. Nothing is bundled: that takes longer than all the rest. */
export function compile(configFile: string): Compiled {
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-compiled-'));
  // osls reads its file, and what that names, from the folder it runs in.
  const variant = join(root, `.serverless-${basename(folder)}.yml`);
  try {
    writeFileSync(variant, withoutBundling(readFileSync(join(root, 'serverless.yml'), 'utf8')));
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [
        join(root, 'node_modules/serverless/bin/serverless.js'),
        'package',
        '--config',
        basename(variant),
        '--package',
        folder,
      ],
      { cwd: root, env: { ...process.env, KEYTURN_CONFIG: configFile }, encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`osls refuses the template: ${stdout}${stderr}`);
    return JSON.parse(readFileSync(join(folder, 'cloudformation-template-update-stack.json'), 'utf8')) as Compiled;
  } finally {
    rmSync(variant, { force: true });
    rmSync(folder, { recursive: true });
  }
}

function withoutBundling(text: string): string {
  const changed = text
    .replace(/^plugins:\n(?: {2}.*\n)+/m, '')
    .replace(/^package:\n(?: {2}.*\n)+/m, 'package:\n  artifact: LICENSE\n');
  if (changed.includes('esbuild\n') || !changed.includes('artifact:'))
    throw new Error('serverless.yml is not as expected');
  return changed;
}

/** In the form that the checks read, with the defaults of its parameters. */
export function templateOf(compiled: Compiled): Template {
  const { settle, isThere } = withDefaults(compiled);
  const resources = Object.fromEntries(
    Object.entries(compiled.Resources)
      .filter(([, resource]) => isThere(resource))
      .map(([id, resource]) => [id, settle(resource) as Resource]),
  );
  const functions = Object.entries(resources)
    .filter(([, { Type }]) => Type === 'AWS::Lambda::Function')
    .map(([id, { Properties }]) => [keyOf(id), entryOf(id, Properties as LambdaFunction, resources)]);
  return { environment: {}, functions: Object.fromEntries(functions) as Template['functions'], resources };
}

type LambdaFunction = {
  FunctionName: string;
  Handler: string;
  Role: Reference;
  Timeout: number;
  Environment: { Variables: Record<string, Reference> };
};
type Mapping = {
  FunctionName: Reference;
  EventSourceArn: Reference;
  BatchSize: number;
  FunctionResponseTypes?: string[];
  ScalingConfig?: { MaximumConcurrency: number };
};

function entryOf(id: string, fn: LambdaFunction, resources: Template['resources']): FunctionEntry {
  const mappings = Object.values(resources)
    .filter(({ Type }) => Type === 'AWS::Lambda::EventSourceMapping')
    .map(({ Properties }) => Properties as Mapping)
    .filter(({ FunctionName }) => pointee(FunctionName) === id);
  return {
    name: fn.FunctionName,
    handler: fn.Handler,
    role: fn.Role,
    timeout: fn.Timeout,
    environment: fn.Environment.Variables,
    events: mappings.map(({ EventSourceArn: arn, BatchSize: batchSize, FunctionResponseTypes, ScalingConfig }) => ({
      sqs: {
        arn,
        batchSize,
        ...(FunctionResponseTypes === undefined ? {} : { functionResponseType: FunctionResponseTypes[0]! }),
        ...(ScalingConfig === undefined ? {} : { maximumConcurrency: ScalingConfig.MaximumConcurrency }),
      },
    })),
  };
}

const keyOf = (id: string): string => {
  const key = id.replace(/LambdaFunction$/, '');
  return key.charAt(0).toLowerCase() + key.slice(1);
};
