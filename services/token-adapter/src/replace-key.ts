import type { ProposeRequest } from '@keyturn/credential-provider/credential-provider';
import type { Credential } from '@keyturn/rotation/credential';
import { PermanentError } from '@keyturn/rotation/errors';

import { valuesOfNew } from './new-key.ts';
import { isForeign } from './our-mark.ts';
import type { ProposeDeps, Situation } from './propose-key.ts';
import { isUsable, type TokenKey } from './token-key.ts';

/**
 * Model none: the next key takes the place of the current one, which ends at once. Where the current one is gone already, an earlier answer got lost: the
 * key that is there now is it, read again, or replaced once more where nobody can read it. Never one that went through `ensure` for this version.
 */
export async function replaceKey(
  request: ProposeRequest,
  { target, all, like }: Situation,
  deps: ProposeDeps,
): Promise<Credential> {
  const { keys, config, clock } = deps;
  const usable = all.filter((key) => isUsable(key, clock.now()));
  if (usable.some((key) => key.label.mark === request.mark && !key.label.proposed))
    throw conflict('A key that bears the mark may be in use');
  const old = like !== undefined && isUsable(like, clock.now()) ? like : undefined;
  if (old === undefined && request.like === undefined && usable.length === 0 && config.requests.create !== undefined) {
    return told(await keys.make(target, newValues(request, undefined, deps)));
  }
  const [present, another] = old === undefined ? usable : [old];
  if (present === undefined)
    throw new PermanentError('not-yours', 'The target has no key to replace', { field: 'like' });
  if (another !== undefined) throw conflict('The current key is gone, and more than one key stands in its place');
  if (isForeign(present, request.mark))
    throw new PermanentError('not-yours', 'The key bears the mark of somebody else', { field: 'mark' });

  const seen = await keys.detailed(target, present);
  // Somebody's answer got lost: this one nobody knows yet.
  const isNext = old === undefined && seen?.secret !== undefined;
  const next =
    isNext && seen !== undefined ? seen : await keys.make(target, newValues(request, seen ?? present, deps), present);
  if (config.requests.label !== undefined && !(next.label.mark === request.mark && next.label.proposed)) {
    await keys.label(target, next, { human: next.label.human, mark: request.mark, proposed: true });
  }
  return told(next);
}

function newValues(request: ProposeRequest, like: TokenKey | undefined, { config, clock }: ProposeDeps) {
  const entitlements = like === undefined ? request.entitlements : (like.entitlements ?? []);
  return valuesOfNew({ mark: request.mark, proposed: true, like, entitlements, now: clock.now() }, config);
}

function told({ keyId, secret }: TokenKey): Credential {
  if (secret !== undefined) return { keyId, secret };
  throw new PermanentError('provider-answer', 'The new key has no secret', { field: 'key.secret' });
}

function conflict(problem: string): PermanentError {
  return new PermanentError('key-conflict', problem, { field: 'target' });
}
