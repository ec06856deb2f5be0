import type { CredentialProvider, KeyState } from '@keyturn/credential-provider/credential-provider';

/**
 * An adapter from which the care for entitlements was taken out: a new key gets what the probe looks at and no more, and nobody compares. What a
 * naive script does.
 */
export function withoutEntitlements(provider: CredentialProvider, probed: readonly string[]): CredentialProvider {
  const blind = (key: KeyState): KeyState => (key.state === 'absent' ? key : { ...key, entitlements: [] });
  return {
    ...provider,
    ensure: (request) => provider.ensure({ ...request, like: undefined, entitlements: probed }),
    check: async (request) => {
      const result = await provider.check(request);
      return { ...result, key: blind(result.key) };
    },
  };
}
