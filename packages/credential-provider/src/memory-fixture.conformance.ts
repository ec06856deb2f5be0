import type { CredentialProvider } from './credential-provider.ts';
import type { MemoryProviderOptions } from './memory-parts.ts';
import { memoryProvider } from './memory-provider.ts';
import type { SetUp } from './provider-fixture.ts';

export type Flavour = Pick<MemoryProviderOptions, 'mode'> & Partial<MemoryProviderOptions>;

/** For tests: a provider in memory, and what the conformance suite asks of it; `wrap` stands between the two. */
export function memoryFixture(
  flavour: Flavour,
  wrap: (provider: CredentialProvider) => CredentialProvider = (provider) => provider,
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
      // With the old key goes what was approved for it.
      manualEntitlement: flavour.replaced === 'gone' ? undefined : 'admin',
      maxKeys: flavour.overlap === 'none' ? undefined : (flavour.maxKeys ?? 10),
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
