import { parseOurMark } from '@keyturn/rotation/mark';
import type { TokenConfig } from '@keyturn/config/config';
import type { EnsureRequest } from '@keyturn/credential-provider/credential-provider';
import type { Clock } from '@keyturn/rotation/clock';
import { PermanentError } from '@keyturn/rotation/errors';
import type { Hidden } from '@keyturn/rotation/hidden';

import type { Keys } from './keys.ts';
import { valuesOfNew } from './new-key.ts';
import { isForeign } from './our-mark.ts';
import { refuseFull } from './proposal.ts';
import { hasId, type TokenKey } from './token-key.ts';
import { parseTarget, type Target } from './token-target.ts';

type Deps = { readonly keys: Keys; readonly config: TokenConfig; readonly clock: Clock };

/** One write at a time, each of which may be the last. What makes a key one that may be in use, its settled label, comes at the end. */
export async function ensureKey(request: EnsureRequest, deps: Deps): Promise<void> {
  const { keys, config } = deps;
  const target = parseTarget(request.target, config);
  parseOurMark(request.mark);
  const all = await keys.all(target);
  const like = await keyLike(request, { target, all }, deps);
  const listed = all.find(hasId(request.credential.keyId));
  if (listed === undefined && config.mint === 'chosen') return supply(request, { target, all, like }, deps);

  const key = await keys.detailed(target, listed);
  if (key === undefined) throw refused('key-disabled', 'Somebody removed the key, and only the API makes one', 'keyId');
  refuseConflict(key, request);
  const entitled = await entitle(key, wantedOf(request, like), { target, deps });
  await settle(entitled, request.mark, { target, deps });
}

type Seen = { readonly target: Target; readonly all: readonly TokenKey[]; readonly like?: TokenKey | undefined };

async function keyLike({ like }: EnsureRequest, { target, all }: Seen, { keys, config }: Deps) {
  if (like === undefined) return undefined;
  const found = await keys.detailed(target, all.find(hasId(like.keyId)));
  // Where one key takes the place of another, it came with what that one had.
  if (found === undefined && config.model !== 'none') {
    throw refused('not-yours', 'The target has no such key as the one to follow', 'like');
  }
  return found;
}

async function supply({ credential, mark, entitlements }: EnsureRequest, { target, all, like }: Seen, deps: Deps) {
  const { keys, config, clock } = deps;
  if (config.model === 'two-slot') refuseFull(all, like, mark);
  const granted = like === undefined ? entitlements : (like.entitlements ?? []);
  const values = valuesOfNew({ mark, proposed: false, like, entitlements: granted, now: clock.now() }, config);
  try {
    await keys.supply(target, { ...values, secret: credential.secret.reveal() });
  } catch (error) {
    // Somebody who does the same was faster, and what we asked for was one too many.
    const isThere = error instanceof PermanentError && (await keys.all(target)).some(hasId(credential.keyId));
    if (!isThere) throw error;
  }
}

function refuseConflict(key: TokenKey, { credential, mark }: EnsureRequest): void {
  if (key.secret !== undefined && key.secret.reveal() !== credential.secret.reveal()) {
    throw refused('key-conflict', 'The key exists with another secret', 'secret');
  }
  if (isForeign(key, mark)) throw refused('key-conflict', 'The key bears a mark that is not ours', 'mark');
  if (key.label.mark !== undefined && key.label.mark !== mark) {
    throw refused('key-conflict', 'The key bears the mark of another version', 'mark');
  }
  if (!key.enabled) throw refused('key-disabled', 'Somebody disabled the key', 'keyId');
}

type Write = { readonly target: Target; readonly deps: Deps };

type Wanted = { readonly names: readonly string[]; readonly orMore: boolean };

// At the first issue the policy says what the key needs at least. Where the key to follow is gone, or the API does not tell what it may do, nobody knows.
function wantedOf(request: EnsureRequest, like: TokenKey | undefined): Wanted {
  if (request.like === undefined) return { names: request.entitlements, orMore: true };
  return { names: like?.entitlements ?? [], orMore: like?.entitlements === undefined };
}

// Nothing is ever taken from a key that may be in use by now: where it may do more than it should, the next rotation makes one that is right from the start.
async function entitle(key: TokenKey, { names, orMore }: Wanted, { target, deps }: Write): Promise<TokenKey> {
  const has = key.entitlements ?? [];
  const missing = names.filter((name) => !has.includes(name));
  if (!orMore && has.some((name) => !names.includes(name))) throw unlike('The key may do more than the current one');
  if (missing.length === 0) return key;
  if (deps.config.key.entitlements === undefined) {
    throw refused('misconfigured', 'Keys of this API have no entitlements', 'entitlements');
  }
  if (deps.config.requests.entitle === undefined) throw unlike('The key may do less, and the API cannot add to it');
  const all = [...has, ...missing].sort();
  if ((await deps.keys.entitle(target, key, all)) === 'missing') throw removed();
  return { ...key, entitlements: all };
}

const unlike = (problem: string) => refused('entitlements-differ', problem, 'entitlements');

async function settle(key: TokenKey, mark: string, { target, deps }: Write): Promise<void> {
  const { human, mark: bears, proposed } = key.label;
  if (deps.config.requests.label === undefined || (bears === mark && !proposed)) return;
  if ((await deps.keys.label(target, key, { human, mark, proposed: false })) === 'missing') throw removed();
}

/** Writes our mark on a key that was made by hand. */
export async function markKey(
  request: { readonly target: string; readonly keyId: Hidden; readonly mark: string },
  deps: Deps,
): Promise<void> {
  const { keys, config } = deps;
  const target = parseTarget(request.target, config);
  parseOurMark(request.mark);
  if (config.requests.label === undefined) {
    throw refused('unsupported', 'This API cannot rename a key, so it cannot bear a mark afterwards', 'requests.label');
  }
  const key = await keys.detailed(target, (await keys.all(target)).find(hasId(request.keyId)));
  if (key === undefined) throw refused('not-yours', 'The target has no such key', 'keyId');
  if (isForeign(key, request.mark)) throw refused('not-yours', 'The key bears the mark of somebody else', 'mark');
  const { human, mark: bears, proposed } = key.label;
  if (bears === request.mark && !proposed) return;
  const written = await keys.label(target, key, { human, mark: request.mark, proposed: false });
  if (written === 'missing') throw refused('not-yours', 'The target has no such key', 'keyId');
}

const removed = () => refused('key-disabled', 'Somebody removed the key', 'keyId');

function refused(reason: PermanentError['reason'], message: string, field: string): PermanentError {
  return new PermanentError(reason, message, { field });
}
