import type { EnsureRequest } from './credential-provider.ts';
import { emptyKey, find, isForeign, refusal } from './memory-key.ts';
import type { MemoryParts } from './memory-parts.ts';
import type { MemoryKey } from './memory-store.ts';

/** One call at a time, each of which may be the last: the key bears its mark from the start and works only when it is entitled. */
export async function memoryEnsure(request: EnsureRequest, parts: MemoryParts): Promise<void> {
  const { options, store, line } = parts;
  const { target, credential, approve } = request;
  const keyId = credential.keyId.reveal();
  const like = await likeOf(request, parts, options.overlap === 'none' ? await successor(request, parts) : undefined);

  if ((await find(target, keyId, parts)) === undefined) {
    if (options.mode === 'generated') {
      throw refusal('key-disabled', 'Somebody removed the key, and only the provider makes one', 'keyId');
    }
    const mark = options.lacks.includes('mark') ? undefined : request.mark;
    const fresh = { ...emptyKey(target, credential, mark, options), note: like.note ?? '' };
    // Where the old key ends in this moment, the new one has to work from it on.
    await line.write(() => store.create(options.overlap === 'none' ? entitled(fresh, like, options.manual) : fresh));
  }
  const key = await find(target, keyId, parts);
  refuseConflict(key, request, parts);
  if (key?.mark !== request.mark && !options.lacks.includes('mark')) {
    await line.write(() => store.change(keyId, (now) => ({ ...now, mark: request.mark })));
  }
  await line.write(() =>
    store.change(keyId, (now) =>
      entitled({ ...now, note: like.note ?? now.note, ensured: true }, like, options.manual),
    ),
  );
  if (approve) await line.write(() => store.change(keyId, (now) => approved(now, like.approved)));
}

type Like = Pick<MemoryKey, 'approved' | 'pending'> & { readonly note: string | undefined };

/** The key to entitle like, or the entitlements as one. `successor`: what took the place of a key that is gone. */
export async function likeOf(
  { target, like, entitlements }: Pick<EnsureRequest, 'target' | 'like' | 'entitlements'>,
  parts: MemoryParts,
  successor?: MemoryKey,
): Promise<Like> {
  if (like === undefined) {
    const known = new Set([...parts.options.entitlements, ...parts.options.manual]);
    if (entitlements.every((name) => known.has(name))) return { approved: entitlements, pending: [], note: undefined };
    throw refusal('misconfigured', 'The provider knows no such entitlement', 'entitlements');
  }
  const key = (await find(target, like.keyId.reveal(), parts)) ?? successor;
  if (key === undefined) throw refusal('not-yours', 'The target has no such key as the one to follow', 'like');
  return key;
}

function refuseConflict(
  key: MemoryKey | undefined,
  { credential, mark }: EnsureRequest,
  { options }: MemoryParts,
): void {
  if (key === undefined) throw refusal('key-conflict', 'The key exists in another target', 'keyId');
  if (options.tellsSecret && key.secret !== credential.secret.reveal()) {
    throw refusal('key-conflict', 'The key exists with another secret', 'secret');
  }
  if (isForeign(key, mark)) throw refusal('key-conflict', 'The key bears a mark that is not ours', 'mark');
  if (key.mark !== undefined && key.mark !== mark) {
    throw refusal('key-conflict', 'The key bears the mark of another version', 'mark');
  }
  if (!key.enabled) throw refusal('key-disabled', 'Somebody disabled the key', 'keyId');
}

/** Without overlap: the key of this secret that works, whatever took the place of what. */
export async function successor(
  { target, mark }: Pick<EnsureRequest, 'target' | 'mark'>,
  { store, line }: MemoryParts,
): Promise<MemoryKey | undefined> {
  const keys = await line.read(() => store.keysOf(target));
  return keys.find((key) => key.enabled && key.mark !== undefined && !isForeign(key, mark));
}

export function entitled(key: MemoryKey, like: Like, manual: readonly string[]): MemoryKey {
  const wanted = [...like.approved, ...like.pending];
  const kept = (names: readonly string[]) => names.filter((name) => wanted.includes(name));
  const missing = wanted.filter((name) => ![...key.approved, ...key.pending].includes(name));
  const waits = (name: string) => manual.includes(name) || like.pending.includes(name);
  return {
    ...key,
    approved: [...kept(key.approved), ...missing.filter((name) => !waits(name))].sort(),
    pending: [...kept(key.pending), ...missing.filter(waits)].sort(),
  };
}

function approved(key: MemoryKey, names: readonly string[]): MemoryKey {
  const granted = key.pending.filter((name) => names.includes(name));
  const pending = key.pending.filter((name) => !names.includes(name));
  return { ...key, approved: [...key.approved, ...granted].sort(), pending };
}
