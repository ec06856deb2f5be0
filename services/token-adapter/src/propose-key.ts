import { parseOurMark } from '@keyturn/rotation/mark';
import type { TokenConfig } from '@keyturn/config/config';
import { placeholdersOf } from '@keyturn/config/token-text';
import type { ProposeRequest } from '@keyturn/credential-provider/credential-provider';
import { credential, type Credential } from '@keyturn/rotation/credential';
import { PermanentError } from '@keyturn/rotation/errors';

import type { Keys } from './keys.ts';
import { isForeign } from './our-mark.ts';
import { newValues, refuseFull, refuseUncertain, type ProposeDeps, type Situation } from './proposal.ts';
import { replaceKey } from './replace-key.ts';
import { hashOf, hasId, type TokenKey } from './token-key.ts';
import { parseTarget, type Target } from './token-target.ts';

/**
 * The next key. Where the API makes it: a key that an earlier attempt for the same version left is that one if anybody can still read its secret, and is
 * deleted if nobody can; once it went through `ensure` it may be in use, and is neither.
 */
export async function proposeKey(request: ProposeRequest, deps: ProposeDeps): Promise<Credential> {
  const { config, keys } = deps;
  const target = parseTarget(request.target, config);
  parseOurMark(request.mark);
  if (config.mint === 'chosen') return chosen(deps);
  const all = await keys.all(target);
  const like = await keyLike(request, { target, all }, keys);
  if (config.model === 'none') return replaceKey(request, { target, all, like }, deps);

  const leftovers = all.filter((key) => key.label.mark === request.mark);
  if (leftovers.some((key) => mayBeInUse(key, like, config))) throw inUse();
  return (
    (await settleLeftovers(leftovers, { target, request, like }, deps)) ?? makeOne({ target, all, like }, request, deps)
  );
}

function chosen({ randomBytes }: ProposeDeps): Credential {
  const secret = randomBytes(32).toString('base64url');
  return credential(hashOf(secret), secret);
}

async function keyLike({ like }: ProposeRequest, { target, all }: Omit<Situation, 'like'>, keys: Keys) {
  const listed = like && all.find(hasId(like.keyId));
  return keys.detailed(target, listed);
}

type Attempt = { readonly target: Target; readonly request: ProposeRequest; readonly like: TokenKey | undefined };

/** The key of an earlier attempt, where its secret can still be had. Afterwards there is no other of them. */
async function settleLeftovers(
  leftovers: readonly TokenKey[],
  { target, request, like }: Attempt,
  deps: ProposeDeps,
): Promise<Credential | undefined> {
  const { keys, config } = deps;
  if (leftovers.length === 0) return undefined;
  const detailed = await Promise.all(leftovers.map((key) => keys.detailed(target, key)));
  const readable = detailed.find((key) => key?.secret !== undefined);
  // An API that knows the request again tells its first answer again.
  const again = readable ?? (isIdempotent(config) ? await repeat({ target, request, like }, deps) : undefined);
  const dead = leftovers.filter((key) => again === undefined || !hasId(again.keyId)(key));
  for (const key of dead) refuseUncertain(key, deps);
  for (const key of dead) await keys.act('revoke', target, key);
  return again?.secret === undefined ? undefined : { keyId: again.keyId, secret: again.secret };
}

const isIdempotent = ({ requests }: TokenConfig) => placeholdersOf(requests.create).includes('idempotencyKey');

const repeat = ({ target, request, like }: Attempt, deps: ProposeDeps) =>
  deps.keys.make(target, newValues(request, like, deps));

async function makeOne(
  { target, all, like }: Situation,
  request: ProposeRequest,
  deps: ProposeDeps,
): Promise<Credential> {
  if (request.like !== undefined && like === undefined) throw notYours();
  if (like !== undefined && isForeign(like, request.mark)) throw notYours();
  const gone = new Set(all.filter((key) => key.label.mark === request.mark));
  const staying = all.filter((key) => !gone.has(key));
  if (deps.config.model === 'two-slot') refuseFull(staying, like, request.mark);
  const made = await deps.keys.make(target, newValues(request, like, deps));
  if (made.secret === undefined) throw new PermanentError('provider-answer', 'The new key has no secret');
  return { keyId: made.keyId, secret: made.secret };
}

// `ensure` settles the label, where a key can be renamed.
const mayBeInUse = (key: TokenKey, like: TokenKey | undefined, { requests }: TokenConfig) =>
  (like !== undefined && hasId(like.keyId)(key)) || (requests.label !== undefined && !key.label.proposed);

function inUse(): PermanentError {
  return new PermanentError('key-conflict', 'A key that bears the mark may be in use', { field: 'mark' });
}

function notYours(): PermanentError {
  return new PermanentError('not-yours', 'The target has no such key as the one to follow', { field: 'like' });
}
