import type { Capabilities } from './credential-provider.ts';

/** What the configuration says of a provider, in milliseconds. */
type Bounds = { readonly propagationMs: number; readonly revocationMs: number };

export type BrokenPromise = {
  /** What to change: a capability, or a field of the provider's configuration. */
  readonly field: string;
  readonly message: string;
};

/** Why no secret of this provider can be rotated, whatever its policy: what no code of ours makes up for. */
export function* brokenPromises(capabilities: Capabilities, bounds: Bounds): Iterable<BrokenPromise> {
  const { clientSuppliedKey, mark, listOwned, overlap, reversibleDisable } = capabilities;
  for (const [field, can] of Object.entries({ mark, listOwned })) {
    if (clientSuppliedKey || can) continue;
    const cannot = field === 'mark' ? 'mark it' : 'list keys';
    yield {
      field,
      message: `The provider chooses the key and cannot ${cannot}, so nobody would find one that got lost`,
    };
  }
  if (overlap === 'none' && !(mark && listOwned)) {
    yield {
      field: 'overlap',
      message: 'The old key ends with the new one, and nobody could tell whose key took its place',
    };
  }
  if (overlap === 'none' && reversibleDisable) {
    yield { field: 'reversibleDisable', message: 'Where one key works at a time, no other can be brought back' };
  }
  if (capabilities.propagationMs > bounds.propagationMs) {
    yield { field: 'propagation', message: 'A node may accept a new key later than the configuration says' };
  }
  if (capabilities.revocationMs > bounds.revocationMs) {
    yield { field: 'revocation', message: 'A node may refuse a disabled key later than the configuration says' };
  }
}
