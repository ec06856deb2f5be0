import { credential } from '@keyturn/rotation/credential';
import { PermanentError, type Reason } from '@keyturn/rotation/errors';
import { hidden } from '@keyturn/rotation/hidden';
import { ownership, parseMark } from '@keyturn/rotation/mark';

import type { CheckRequest, CredentialProvider, EnsureRequest, RetireRequest, Use } from './credential-provider.ts';
import type { KeyStore, StoredCredential } from './key-store.ts';

/** The whole contract for a provider that is a KeyStore: who may be touched, in which order, and what is so already. */
export function keyStoreProvider(store: KeyStore): CredentialProvider {
  const keysOf = async (target: string) => {
    refuseMalformed(store, target);
    return store.keys(target);
  };
  const find = async (target: string, keyId: string) => (await keysOf(target)).find((key) => key.keyId === keyId);
  const list: CredentialProvider['list'] = async ({ target }) =>
    (await keysOf(target)).map(({ keyId, state, mark, issuedAt }) => ({ keyId: hidden(keyId), state, mark, issuedAt }));
  const switched = async ({ target, keyId }: RetireRequest, key: StoredCredential | undefined, enabled: boolean) => {
    if (key !== undefined && (key.state === 'disabled') === enabled) {
      await store.change(target, keyId.reveal(), { enabled });
    }
  };

  return {
    describe: async () => ({ ...promises, ...store.capabilities }),
    async locate({ credential: { keyId, secret } }) {
      const key = await store.find(keyId.reveal());
      return key?.secret === secret.reveal() ? { target: key.target } : undefined;
    },
    async propose({ target }) {
      refuseMalformed(store, target);
      return credential(store.newText(), store.newText());
    },
    ensure: (request) => ensure(store, request, keysOf),
    async mark({ target, keyId, mark }) {
      const key = await find(target, keyId.reveal());
      if (key === undefined) throw refusal('not-yours', 'The target has no such key', 'keyId');
      if (isForeign(key, mark)) throw refusal('not-yours', 'The key bears a mark that is not ours', 'mark');
      if (key.mark !== mark) await store.change(target, key.keyId, { mark });
    },
    async check(request) {
      const key = await find(request.target, request.credential.keyId.reveal());
      const use = await used(store, request);
      if (key === undefined) return { key: { state: 'absent' }, use };
      const { keyId: _, secret, entitlements, ...told } = key;
      const secretMatches = secret === undefined ? undefined : secret === request.credential.secret.reveal();
      return { key: { ...told, secretMatches, entitlements: entitlements.toSorted() }, use };
    },
    list,
    async disable(request) {
      await switched(request, endable(request, await keysOf(request.target)), false);
    },
    async enable(request) {
      const key = ownKey(request, await keysOf(request.target));
      if (key === undefined) throw refusal('not-yours', 'The target has no such key', 'keyId');
      await switched(request, key, true);
    },
    async remove(request) {
      const key = endable(request, await keysOf(request.target));
      if (key !== undefined) await store.delete(request.target, key.keyId);
    },
  };
}

const promises = {
  clientSuppliedKey: true,
  listOwned: true,
  mark: true,
  reversibleDisable: true,
  overlap: 'multi',
  expiryOnCreate: false,
} as const;

type KeysOf = (target: string) => Promise<readonly StoredCredential[]>;

async function ensure(store: KeyStore, request: EnsureRequest, keysOf: KeysOf): Promise<void> {
  const { target, credential, like, mark } = request;
  const [keyId, secret] = [credential.keyId.reveal(), credential.secret.reveal()];
  const before = await keysOf(target);
  const old = before.find((key) => key.keyId === like?.keyId.reveal());
  if (like !== undefined && old === undefined) {
    throw refusal('not-yours', 'The target has no such key as the one to follow', 'like');
  }
  const entitlements = old?.entitlements ?? request.entitlements;
  if (!before.some((key) => key.keyId === keyId)) {
    await store.create(target, { keyId, secret, mark, entitlements, like: old?.keyId });
  }
  const key = agreed(
    (await keysOf(target)).find((one) => one.keyId === keyId),
    secret,
    mark,
  );
  const entitled = key.entitlements.toSorted().join('\n') === entitlements.toSorted().join('\n');
  if (key.mark !== mark || !entitled) await store.change(target, keyId, { mark, entitlements });
}

function agreed(key: StoredCredential | undefined, secret: string, mark: string): StoredCredential {
  if (key === undefined) throw refusal('key-conflict', 'The key exists in another target', 'keyId');
  if (key.secret !== undefined && key.secret !== secret) {
    throw refusal('key-conflict', 'The key exists with another secret', 'secret');
  }
  if (isForeign(key, mark)) throw refusal('key-conflict', 'The key bears a mark that is not ours', 'mark');
  if (key.mark !== undefined && key.mark !== mark) {
    throw refusal('key-conflict', 'The key bears the mark of another version', 'mark');
  }
  if (key.state === 'disabled') throw refusal('key-disabled', 'Somebody disabled the key', 'keyId');
  return key;
}

async function used(store: KeyStore, { target, credential: asked, probe, times }: CheckRequest): Promise<Use> {
  if (probe === 'none') return { outcome: 'not-asked' };
  for (let call = 0; call < times; call += 1) {
    const key = probe === 'random' ? credential(store.newText(), store.newText()) : asked;
    const refused = await store.refused(target, key);
    if (refused !== undefined) return refused;
  }
  return { outcome: 'accepted' };
}

function ownKey({ keyId, mark }: RetireRequest, keys: readonly StoredCredential[]): StoredCredential | undefined {
  const key = keys.find((one) => one.keyId === keyId.reveal());
  if (key === undefined || ownership(key.mark, parsed(mark)) === 'this-secret') return key;
  throw refusal('not-yours', 'The key does not bear the mark of this secret', 'mark');
}

const usable = ({ state, entitlements }: StoredCredential): boolean => state === 'enabled' && entitlements.length > 0;

function endable(request: RetireRequest, keys: readonly StoredCredential[]): StoredCredential | undefined {
  const key = ownKey(request, keys);
  if (key === undefined || !usable(key) || keys.some((one) => one.keyId !== key.keyId && usable(one))) return key;
  throw refusal('last-key', 'It is the last usable key of the target', 'keyId');
}

const isForeign = (key: StoredCredential, mark: string): boolean =>
  !['unmarked', 'this-secret'].includes(ownership(key.mark, parsed(mark)));

function parsed(mark: string) {
  const ours = parseMark(mark);
  if (ours === undefined) throw refusal('malformed', 'This is no mark', 'mark');
  return ours;
}

function refuseMalformed({ target: form }: KeyStore, target: string): void {
  if (!form.test(target)) throw refusal('misconfigured', 'This cannot be a target', 'target');
}

function refusal(reason: Reason, message: string, field: string): PermanentError {
  return new PermanentError(reason, message, { field });
}
