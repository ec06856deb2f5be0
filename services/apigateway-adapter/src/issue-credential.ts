import type { EnsureRequest } from '@keyturn/credential-provider/credential-provider';
import type { Clock } from '@keyturn/rotation/clock';
import { credential, type Credential } from '@keyturn/rotation/credential';
import { PermanentError } from '@keyturn/rotation/errors';
import type { RandomBytes } from '@keyturn/rotation/random-bytes';

import { markIn, markTag, type ApiKey, type ApiKeys } from './api-keys.ts';
import { attachPlans } from './attach-plans.ts';
import { elsewhere } from './claim-credential.ts';
import { goalFrom, goalLike, type Goal } from './issue-goal.ts';
import { randomText } from './random-text.ts';
import { findKey, readTarget } from './read-target.ts';
import { clientOf, isOurName, newName, parseTarget, type Target } from './target.ts';

type Deps = { readonly api: ApiKeys; readonly clock: Clock };

// AWS takes 20 to 128 characters, and makes 40 itself.
const valueLength = 48;

export function proposeCredential(target: string, { randomBytes }: { readonly randomBytes: RandomBytes }): Credential {
  const random = (length: number) => randomText(length, randomBytes);
  return credential(newName(parseTarget(target), random), random(valueLength));
}

/**
 * Brings the key to where it should be, whatever is there already: each call writes only what is missing, so that an attempt that ended anywhere
 * is completed by the next one. Before it is attached the key exists, but opens nothing.
 */
export async function ensureCredential(request: EnsureRequest, deps: Deps): Promise<void> {
  const { api } = deps;
  const target = parseTarget(request.target);
  const { credential: wanted, like, mark } = request;
  const keys = await readTarget(target, api);
  const goal =
    like === undefined ? goalFrom(request.entitlements, target) : await goalLike(findKey(keys, like.keyId), api);
  const found = findKey(keys, wanted.keyId) ?? (await create({ target, wanted, goal, mark }, deps));
  refuseStranger(found, wanted, mark);
  if (markIn(found) === undefined && (await api.tag(found, markTag, mark)) === 'gone') throw gone();
  await attachPlans(found, goal.plans, api);
}

type Wish = { readonly target: Target; readonly wanted: Credential; readonly goal: Goal; readonly mark: string };

async function create({ target, wanted, goal, mark }: Wish, { api, clock }: Deps): Promise<ApiKey> {
  const name = wanted.keyId.reveal();
  if (!isOurName(name)) {
    if (await elsewhere(wanted.keyId, api)) throw conflict('The key exists in another target');
    throw gone();
  }
  if (clientOf(name) !== target.name) throw conflict('The key was proposed for another target');
  const { description, customerId, tags } = goal;
  const made = await api.create({
    name,
    value: wanted.secret,
    description,
    customerId,
    tags: { ...tags, [markTag]: mark },
  });
  return made === 'value-exists' ? readBack(target, wanted, { api, clock }) : made;
}

// Whoever made it just now may not see it in a list yet.
const pausesMs = [1000, 3000] as const;

async function readBack(target: Target, wanted: Credential, { api, clock }: Deps): Promise<ApiKey> {
  for (const pauseMs of [0, ...pausesMs]) {
    if (pauseMs > 0) await clock.sleep(pauseMs);
    const found = findKey(await readTarget(target, api), wanted.keyId);
    if (found !== undefined) return found;
  }
  throw conflict('Another key has this value');
}

function refuseStranger(found: ApiKey, wanted: Credential, mark: string): void {
  if (found.value.reveal() !== wanted.secret.reveal()) throw conflict('The key exists with another value');
  const bears = markIn(found);
  if (bears !== undefined && bears !== mark) throw conflict('The key exists and bears another mark', 'mark');
  if (!found.enabled) throw new PermanentError('key-disabled', 'Somebody disabled the key', { field: 'key' });
}

function conflict(problem: string, field = 'key'): PermanentError {
  return new PermanentError('key-conflict', problem, { field });
}

function gone(): PermanentError {
  return new PermanentError('key-disabled', 'Somebody deleted the key, and only AWS chooses ids', { field: 'key' });
}
