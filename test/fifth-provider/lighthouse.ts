import type { KeyStore, StoredCredential } from '@keyturn/credential-provider/key-store';
import { keyStoreProvider } from '@keyturn/credential-provider/key-store-provider';
import { PermanentError } from '@keyturn/rotation/errors';

/** A made-up provider that no other file of Keyturn knows: whoever has a key of a lighthouse may switch its lamp. */
export function lighthouses(names: readonly string[], newText: () => string) {
  const keys = new Map<string, StoredCredential & { readonly target: string }>();
  const known = (target: string) => {
    if (!names.includes(target)) throw new PermanentError('target-missing', 'No such lighthouse', { field: 'target' });
    return [...keys.values()].filter((key) => key.target === target);
  };
  const put = (target: string, key: Pick<StoredCredential, 'keyId' | 'secret'> & Partial<StoredCredential>) =>
    void keys.set(key.keyId, {
      target,
      state: 'enabled',
      mark: undefined,
      entitlements: ['lamp'],
      issuedAt: Date.now(),
      lastUsedAt: undefined,
      ...key,
    });
  const accepts = (keyId: string, secret: string) =>
    keys.get(keyId)?.secret === secret && keys.get(keyId)?.state === 'enabled';
  const store: KeyStore = {
    capabilities: { lastUsed: false, propagationMs: 0, revocationMs: 0 },
    target: /^[a-z-]{1,40}$/,
    keys: async (target) => known(target),
    find: async (keyId) => keys.get(keyId),
    async create(target, { keyId, secret, mark, entitlements }) {
      if (!keys.has(keyId)) put(target, { keyId, secret, mark, entitlements });
    },
    async change(target, keyId, { enabled, ...change }) {
      const key = keys.get(keyId);
      const state = enabled === undefined ? {} : { state: enabled ? ('enabled' as const) : ('disabled' as const) };
      if (key?.target === target) put(target, { ...key, ...change, ...state });
    },
    async delete(_target, keyId) {
      keys.delete(keyId);
    },
    async refused(_target, { keyId, secret }) {
      if (accepts(keyId.reveal(), secret.reveal())) return undefined;
      return { outcome: 'rejected', code: 'lighthouse.Dark', final: false };
    },
    newText,
  };
  return { provider: keyStoreProvider(store), keys, accepts, handMade: put };
}
