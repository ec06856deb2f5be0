import type { Config } from '@keyturn/config/config';
import { functionNames } from '@keyturn/config/names';

import { adapters } from './adapters.ts';
import { logicalId, ref, type Value } from './cloud-formation.ts';
import { kmsKey } from './parameters.ts';

/** `id`: what the framework's logical ids of the function and its log group begin with. */
export type Deployed = { readonly id: string; readonly name: string };

/** Those of serverless.yml. */
const own = ['rotation-handler', 'announcer', 'verifier', 'cleanup', 'sweep', 'watchdog', 'notifier'] as const;

/** Every function of a stage. */
export function deployedFunctions(config: Config): readonly Deployed[] {
  const names = functionNames(config.stage);
  return [
    ...own.map((name) => ({ id: name.split('-').map(logicalId).join(''), name: names.own(name) })),
    ...adapters(config).map(({ id, duty, name }) => ({ id: logicalId(`${id}-${duty}`), name })),
  ];
}

/** What the framework does not let a function say for itself, as it does not know our parameters: key and retention. */
export function functionExtensions(config: Config): Readonly<Record<string, { readonly Properties: Value }>> {
  return Object.fromEntries(
    deployedFunctions(config).flatMap(({ id }): [string, { Properties: Value }][] => [
      [`${id}LambdaFunction`, { Properties: { KmsKeyArn: kmsKey } }],
      [`${id}LogGroup`, { Properties: { RetentionInDays: ref('LogRetentionDays'), KmsKeyId: kmsKey } }],
    ]),
  );
}
