import { testCredentialProvider } from '@keyturn/credential-provider/conformance';

import { keysDescription } from './simulated-api.conformance.ts';
import { tokenFixture } from './token-fixture.conformance.ts';

for (const [model, maxKeys] of [
  ['multi', 10],
  ['two-slot', 2],
] as const) {
  testCredentialProvider(
    `an API of the model ${model}`,
    tokenFixture(
      { simulator: { maxKeys }, describe: { ...keysDescription, model } },
      {
        target: 'orders',
        otherTarget: 'billing',
        missingTarget: 'nowhere',
        unprobedTarget: 'unprobed',
        malformedTargets: [
          'Orders',
          'a b',
          'orders/../billing',
          'orders?x',
          'orders#x',
          '..',
          '%2e%2e',
          'orders\n',
          'orders@token/master',
        ],
        entitlements: ['read', 'write'],
        maxKeys,
        tellsSecret: false,
      },
    ),
  );
}
