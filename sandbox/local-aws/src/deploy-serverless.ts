import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import * as z from 'zod';

import { deployTemplate, type Deployed } from './deploy-template.ts';
import type { Handler } from './lambda.ts';
import type { LocalAws } from './local-aws.ts';
import { readServerless, type Serverless } from './read-serverless.ts';
import type { FunctionToLoad } from './template-resource.ts';

export type DeployServerlessOptions = {
  /** The folder of serverless.yml. */
  readonly root: string;
  /** The configuration of the stage; KEYTURN_CONFIG, or the example, without it. */
  readonly config?: string;
  /** For every function, over what the template says. */
  readonly environment?: Readonly<Record<string, string>>;
};

/**
 * Deploys this repository: its template into local-aws, its handlers into this process. The process gets the variables that the SDK reads, so
 * that handlers reach local-aws; a process can hold one deployment at a time.
 */
export async function deployServerless(
  aws: LocalAws,
  options: DeployServerlessOptions,
): Promise<Deployed & Pick<Serverless, 'service' | 'stage'>> {
  const { root } = options;
  const config = resolve(options.config ?? process.env['KEYTURN_CONFIG'] ?? join(root, 'config/example.yaml'));
  const { service, stage, template } = await withEnvironment({ KEYTURN_CONFIG: config }, async () =>
    readServerless(root),
  );
  Object.assign(process.env, aws.environment);
  const environment = { ...aws.environment, KEYTURN_CONFIG: config, ...options.environment };
  const loadFunction = (fn: FunctionToLoad) => loadHandler(root, fn, environment);
  return {
    service,
    stage,
    ...(await deployTemplate(aws, template, { stackName: `${service}-${stage}`, loadFunction })),
  };
}

let loaded = 0;
const handlerFunction = z.custom<Handler>((value) => typeof value === 'function', 'is not a function');

/**
 * Imports a handler with the environment of its function. The module itself is evaluated anew for each function, what it imports only once.
 */
async function loadHandler(
  root: string,
  fn: FunctionToLoad,
  environment: Readonly<Record<string, string>>,
): Promise<Handler> {
  const [, path = '', name = ''] = /^(.+)\.(\w+)$/.exec(fn.handler) ?? [];
  loaded += 1;
  const url = `${pathToFileURL(join(root, `${path}.ts`)).href}?fn=${encodeURIComponent(fn.name)}&load=${loaded}`;
  // NODE_OPTIONS is for a process that starts.
  const { NODE_OPTIONS: _, ...own } = fn.environment;
  const variables = { AWS_LAMBDA_FUNCTION_NAME: fn.name, ...own, ...environment };
  const module = await withEnvironment<unknown>(variables, () => import(/* @vite-ignore */ url));
  return z.object({ [name]: handlerFunction }).parse(module)[name] ?? fail(fn.handler);
}

function fail(handler: string): never {
  throw new Error(`${handler} exports no function`);
}

/** Runs with these variables set, and puts back what was there. */
async function withEnvironment<T>(variables: Readonly<Record<string, string>>, run: () => Promise<T>): Promise<T> {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  try {
    return await run();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}
