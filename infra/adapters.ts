import { mastersOf } from '@keyturn/config/provider-config';
import type { Config, OwnProviderConfig } from '@keyturn/config/config';
import { adapterFunctions as adapterAddresses, functionNames } from '@keyturn/config/names';
import { ownProviders } from '@keyturn/config/own-providers';

import {
  allow,
  arnOf,
  localArn,
  logicalId,
  readSecrets,
  role,
  sub,
  type Resources,
  type Value,
} from './cloud-formation.ts';
import { placement, placementStatements, proxyStatements } from './network.ts';
import { providerStatements, type Duty } from './provider-statements.ts';

const duties = ['issue', 'retire'] as const;

/**
 * Each configured provider of ours is deployed as two functions from one module: one that issues and checks credentials, one that disables and deletes
 * them. So IAM decides who may ask for which.
 */
export function adapterFunctions(config: Config): Readonly<Record<string, Value>> {
  return Object.fromEntries(
    adapters(config).map(({ id, provider, duty, name }) => [
      `${id}-${duty}`,
      {
        name,
        handler: `services/${provider.kind}-adapter/src/handler.${duty}`,
        role: arnOf(roleOf(id, duty)),
        timeout: 90,
        environment: { PROVIDER_ID: id },
        ...placement(provider.network),
      },
    ]),
  );
}

/** The role of an adapter: its own admin credential and its log, no managed secret. */
export function adapterRoles(config: Config): Resources {
  return Object.fromEntries(
    adapters(config).map(({ id, provider, duty, name }) => {
      const statements = [
        ...readSecrets('AdminCredential', adminSecretsOf(provider, duty)),
        ...proxyStatements(provider.network),
        ...placementStatements(provider.network, name),
        ...providerStatements(provider, { stage: config.stage, id, duty }),
        allow(
          'Log',
          ['logs:CreateLogStream', 'logs:PutLogEvents'],
          sub(localArn('logs', `log-group:/aws/lambda/${name}:*`)),
        ),
        allow('Trace', ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], '*'),
      ];
      return [roleOf(id, duty), role('lambda.amazonaws.com', `${id}-${duty}`, statements)];
    }),
  );
}

// Without one it proves itself by its own role.
function adminSecretsOf(provider: OwnProviderConfig, duty: Duty): readonly string[] {
  const { adminSecret, retireSecret } = provider;
  const secret = duty === 'retire' ? (retireSecret ?? adminSecret) : adminSecret;
  return [...(secret === undefined ? [] : [secret]), ...mastersOf(provider)];
}

/** What may be asked to issue (or to retire), function by function, those of other teams too. */
export function adapterArns(config: Config, duty: Duty): readonly Value[] {
  const functions = adapterAddresses(config);
  return Object.entries(config.providers).map(([id, { kind }]) => {
    const address = functions[duty](id);
    return kind === 'custom' ? address : sub(localArn('lambda', `function:${address}`));
  });
}

type Adapter = {
  readonly id: string;
  readonly provider: OwnProviderConfig;
  readonly duty: Duty;
  readonly name: string;
};

/** The functions of all providers of ours; what is not configured is not deployed. */
export function adapters(config: Config): readonly Adapter[] {
  const names = functionNames(config.stage);
  return ownProviders(config).flatMap(([id, provider]) =>
    duties.map((duty) => ({ id, provider, duty, name: names[duty](id) })),
  );
}

/** Of the function of a provider. */
export const roleOf = (id: string, duty: Duty): string => `${logicalId(id)}${logicalId(duty)}Role`;
