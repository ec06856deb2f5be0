import type { Config } from '@keyturn/config/config';
import { namedSecrets } from '@keyturn/config/named-secrets';

import { adapterArns } from './adapters.ts';
import { allow, ref, secretArn, type Resources } from './cloud-formation.ts';

/**
 * What the watchdog needs of this configuration: to see how old the secrets are that it names, and to have keys retired that no secret owns, at providers
 * that say so and at no other.
 */
export function watchdogPolicy(config: Config): Resources {
  const secrets = [...new Set(namedSecrets(config).map(({ name }) => name))];
  const reaping = Object.entries(config.providers).filter(([, { orphans }]) => orphans === 'reap');
  const retiring = adapterArns({ ...config, providers: Object.fromEntries(reaping) }, 'retire');
  const statements = [
    ...(secrets.length === 0
      ? []
      : [allow('LookAtNamedSecrets', 'secretsmanager:DescribeSecret', secrets.map(secretArn))]),
    ...(retiring.length === 0 ? [] : [allow('AskRetiringAdapters', 'lambda:InvokeFunction', retiring)]),
  ];
  if (statements.length === 0) return {};
  return {
    WatchdogFindingsPolicy: {
      Type: 'AWS::IAM::Policy',
      Properties: {
        PolicyName: 'findings',
        Roles: [ref('WatchdogRole')],
        PolicyDocument: { Version: '2012-10-17', Statement: statements },
      },
    },
  };
}
