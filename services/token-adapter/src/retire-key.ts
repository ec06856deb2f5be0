import { parseOurMark } from '@keyturn/rotation/mark';
import type { TokenConfig } from '@keyturn/config/config';
import type { ListedKey, RetireRequest } from '@keyturn/credential-provider/credential-provider';
import type { Clock } from '@keyturn/rotation/clock';
import { PermanentError } from '@keyturn/rotation/errors';

import type { Keys } from './keys.ts';
import { bearsMarks, isOurs } from './our-mark.ts';
import { hasId, isUsable, stateOf, type TokenKey } from './token-key.ts';
import { parseTarget, type Target } from './token-target.ts';

type Deps = { readonly keys: Keys; readonly config: TokenConfig; readonly clock: Clock };

/** Where the API can only delete, that is how a key is disabled. */
export async function disableKey(request: RetireRequest, deps: Deps): Promise<void> {
  const { target, key, all } = await look(request, deps);
  if (key === undefined || !key.enabled) return;
  refuseLast(key, all, deps);
  await deps.keys.act(deps.config.requests.disable === undefined ? 'revoke' : 'disable', target, key);
}

export async function enableKey(request: RetireRequest, deps: Deps): Promise<void> {
  if (deps.config.requests.enable === undefined) {
    parseTarget(request.target, deps.config);
    throw new PermanentError('unsupported', 'A disabled key of this API stays disabled', { field: 'requests.enable' });
  }
  const { target, key } = await look(request, deps);
  if (key === undefined) throw gone();
  if (key.enabled) return;
  if ((await deps.keys.act('enable', target, key)) === 'missing') throw gone();
}

export async function removeKey(request: RetireRequest, deps: Deps): Promise<void> {
  const { target, key, all } = await look(request, deps);
  if (key === undefined) return;
  refuseLast(key, all, deps);
  await deps.keys.act('revoke', target, key);
}

export async function listedKeys(target: string, { keys, config, clock }: Deps): Promise<readonly ListedKey[]> {
  const all = await keys.all(parseTarget(target, config));
  return all.map((key) => ({
    keyId: key.keyId,
    state: stateOf(key, clock.now()),
    mark: key.label.mark,
    issuedAt: key.issuedAt,
  }));
}

type Seen = { readonly target: Target; readonly key: TokenKey | undefined; readonly all: readonly TokenKey[] };

/** Refuses a stranger's key. Where keys bear no mark, the caller's word has to do, but not against a mark that one bears all the same. */
async function look({ target: name, keyId, mark }: RetireRequest, { keys, config }: Deps): Promise<Seen> {
  const target = parseTarget(name, config);
  parseOurMark(mark);
  const all = await keys.all(target);
  const key = all.find(hasId(keyId));
  const isMarked = bearsMarks(config) || key?.label.mark !== undefined;
  if (key !== undefined && isMarked && !isOurs(key, mark)) {
    throw new PermanentError('not-yours', 'The key does not bear the mark of this secret', { field: 'mark' });
  }
  return { target, key, all };
}

function refuseLast(key: TokenKey, all: readonly TokenKey[], { clock }: Deps): void {
  const now = clock.now();
  if (!isUsable(key, now) || all.some((other) => other !== key && isUsable(other, now))) return;
  throw new PermanentError('last-key', 'No other key of the target works', { field: 'key' });
}

function gone(): PermanentError {
  return new PermanentError('not-yours', 'The target does not have the key any more', { field: 'key' });
}
