import { placeholdersOf } from '@keyturn/config/token-text';
import type { ProposeRequest } from '@keyturn/credential-provider/credential-provider';
import type { Credential } from '@keyturn/rotation/credential';
import { PermanentError } from '@keyturn/rotation/errors';

import { isForeign, isOurs } from './our-mark.ts';
import { newValues, refuseUncertain, type ProposeDeps, type Situation } from './proposal.ts';
import { isUsable, type TokenKey } from './token-key.ts';
import type { Target } from './token-target.ts';

/**
 * Model none: the next key takes the place of the current one, which ends at once. Where the current one is gone already, an earlier answer got lost: the
 * key that is there now is the next one, read again, or replaced once more where nobody can read it. Never one that went through `ensure` for this version.
 */
export async function replaceKey(
  request: ProposeRequest,
  situation: Situation,
  deps: ProposeDeps,
): Promise<Credential> {
  const { target, all, like } = situation;
  const { keys, config, clock } = deps;
  const usable = all.filter((key) => isUsable(key, clock.now()));
  const settled = usable.some(({ label }) => label.mark === request.mark && !label.proposed);
  if (config.requests.label !== undefined && settled) throw conflict('A key that bears the mark may be in use');
  if (usable.length === 0 && request.like === undefined) {
    return told(await keys.make(target, newValues(request, like, deps)));
  }
  const isCurrent = like !== undefined && isUsable(like, clock.now());
  const old = isCurrent ? like : onlyOne(usable);
  if (isForeign(old, request.mark)) {
    throw new PermanentError('not-yours', 'The key bears the mark of somebody else', { field: 'mark' });
  }
  if (!isCurrent) refuseStranger(old, request.mark, deps);
  const lost = isCurrent ? undefined : await lostKey(old, target, deps);
  const next = lost ?? (await keys.make(target, newValues(request, old, deps), old));
  await claim(next, { target, mark: request.mark }, deps);
  return told(next);
}

// Nobody repeats an attempt for longer.
const oldestLostMs = 2 * 86_400_000;

/** What stands in the place of the current key has to be what an earlier attempt made: a person may have made it, and somebody may use it. */
function refuseStranger(key: TokenKey, mark: string, { config, clock }: ProposeDeps): void {
  if (isOurs(key, mark)) return;
  const isTooOld = key.issuedAt !== undefined && clock.now() - key.issuedAt > oldestLostMs;
  if (placeholdersOf(config.requests.replace).includes('label') || isTooOld) {
    throw conflict('The current key is gone, and the one that is there was not made by an earlier attempt');
  }
}

/** The key whose answer got lost, where its secret can be read; undefined where it has to be replaced as well. */
async function lostKey(key: TokenKey, target: Target, deps: ProposeDeps): Promise<TokenKey | undefined> {
  const read = await deps.keys.detailed(target, key);
  if (read?.secret !== undefined) return read;
  refuseUncertain(key, deps);
  return undefined;
}

function onlyOne([key, another]: readonly TokenKey[]): TokenKey {
  if (key === undefined) throw new PermanentError('not-yours', 'The target has no key to replace', { field: 'like' });
  if (another === undefined) return key;
  throw conflict('The current key is gone, and more than one key stands in its place');
}

async function claim(
  key: TokenKey,
  { target, mark }: { readonly target: Target; readonly mark: string },
  { keys, config }: ProposeDeps,
): Promise<void> {
  const { human, mark: bears, proposed } = key.label;
  if (config.requests.label === undefined || (bears === mark && proposed)) return;
  await keys.label(target, key, { human, mark, proposed: true });
}

function told({ keyId, secret }: TokenKey): Credential {
  if (secret !== undefined) return { keyId, secret };
  throw new PermanentError('provider-answer', 'The new key has no secret', { field: 'key.secret' });
}

function conflict(problem: string): PermanentError {
  return new PermanentError('key-conflict', problem, { field: 'target' });
}
