import { testCredentialProvider } from '@keyturn/credential-provider/conformance';
import type { HandMade, ProviderFixture, SetUp } from '@keyturn/credential-provider/provider-fixture';
import { credential } from '@keyturn/rotation/credential';
import type { StoredToken } from '@keyturn/token-api-simulator/simulator';

import { readLabel } from './key-label.ts';
import { keysDescription, simulatedApi } from './simulated-api.conformance.ts';

testCredentialProvider('an API with several keys', setUp('multi'));
testCredentialProvider('an API with two keys', setUp('two-slot'));

function setUp(model: 'multi' | 'two-slot'): SetUp {
  const maxKeys = model === 'multi' ? 10 : 2;
  return async (): Promise<ProviderFixture> => {
    const simulated = await simulatedApi({ simulator: { maxKeys }, describe: { ...keysDescription, model } });
    const { api, provider, clock } = simulated;
    const handMade = async ({ target = 'orders', mark, entitlements, disabled, expired }: HandMade = {}) => {
      const { keyId, secret } = api.handMade({
        target,
        name: mark === undefined ? 'Orders' : `Orders ${mark.startsWith('keyturn/') ? mark : `keyturn/${mark}`}`,
        scopes: entitlements ?? ['read', 'write'],
        ...(disabled !== undefined && { disabled }),
        ...(expired === true && { expiresAt: clock.now() - 1 }),
      });
      return credential(keyId, secret);
    };
    return {
      provider,
      target: 'orders',
      otherTarget: 'billing',
      missingTarget: 'nowhere',
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
      manualEntitlement: undefined,
      maxKeys,
      tellsSecret: false,
      canaries: api.confidential(),
      handMade,
      stored: async (target) => api.stored(target).map(storedKey),
      advance: (ms) => clock.sleep(ms),
      close: () => simulated.close(),
      unprobed: async () => ({ target: 'unprobed', credential: await handMade({ target: 'unprobed' }) }),
      acceptAnything: async () => simulated.acceptAnything(),
      faults: api.faults,
    };
  };
}

function storedKey({ keyId, enabled, name, expiresAt, scopes }: StoredToken) {
  const { human, mark } = readLabel(name);
  return { keyId, enabled, mark, expiresAt, rest: { human, scopes } };
}
