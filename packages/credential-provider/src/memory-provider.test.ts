import { testCredentialProvider } from './conformance.ts';
import type { CredentialProvider } from './credential-provider.ts';
import type { MemoryProviderOptions } from './memory-parts.ts';
import { memoryProvider } from './memory-provider.ts';
import type { SetUp } from './provider-fixture.ts';
import { wiredProvider } from './wired-provider.ts';

const flavours: Readonly<Record<string, Pick<MemoryProviderOptions, 'mode'> & Partial<MemoryProviderOptions>>> = {
  'that takes our keys': { mode: 'chosen' },
  'that makes its own keys': { mode: 'generated' },
  'that makes its own keys and never tells a secret': { mode: 'generated', tellsSecret: false },
  'that can do little': { mode: 'chosen', maxKeys: 2, lacks: ['list', 'mark', 'enable', 'last-used'] },
};

for (const [name, flavour] of Object.entries(flavours)) {
  testCredentialProvider(
    `a provider ${name}`,
    fixture(flavour, (provider) => provider),
  );
  testCredentialProvider(`a provider ${name}, through the wire`, fixture(flavour, wiredProvider));
}

function fixture(
  flavour: Pick<MemoryProviderOptions, 'mode'> & Partial<MemoryProviderOptions>,
  wrap: (provider: CredentialProvider) => CredentialProvider,
): SetUp {
  return async () => {
    let now = 1_700_000_000_000;
    const clock = { now: () => now, sleep: async (ms: number) => void (now += ms) };
    const targets = ['orders', 'billing', 'unprobed'];
    const memory = memoryProvider({ ...flavour, clock, targets, unprobed: ['unprobed'] });
    return {
      provider: wrap(memory),
      target: 'orders',
      otherTarget: 'billing',
      missingTarget: 'nowhere',
      malformedTargets: ['Orders', 'a b'],
      entitlements: ['read', 'write'],
      manualEntitlement: 'admin',
      maxKeys: flavour.maxKeys ?? 10,
      tellsSecret: flavour.tellsSecret ?? true,
      canaries: [],
      handMade: async (key) => memory.handMade({ target: 'orders', ...key }),
      stored: async (target) => memory.stored(target),
      advance: (ms) => clock.sleep(ms),
      close: async () => undefined,
      switchOff: async () => memory.switchOff('orders'),
      unprobed: async () => ({ target: 'unprobed', credential: memory.handMade({ target: 'unprobed' }) }),
      acceptAnything: async () => memory.acceptAnything(),
      faults: memory.faults,
    };
  };
}
