import { randomBytes } from 'node:crypto';

import type { EnsureRequest } from '@keyturn/credential-provider/credential-provider';
import type { Clock } from '@keyturn/rotation/clock';
import { credential, type Credential } from '@keyturn/rotation/credential';
import { PermanentError } from '@keyturn/rotation/errors';

import { approvedProducts, markIn, withMark, type ApigeeKey, type Attribute } from './apigee-app.ts';
import { completeKey, untilKnown } from './complete-key.ts';
import type { Flavour } from './flavour.ts';
import type { Keys } from './keys.ts';
import { parseTarget, type Target } from './target.ts';

type Deps = { readonly keys: Keys; readonly flavour: Flavour; readonly clock: Clock };

// 48 letters, digits, dashes and underscores each, as long as what Apigee makes itself.
const randomText = () => randomBytes(36).toString('base64url');

export function proposeCredential(target: string, flavour: Flavour): Credential {
  parseTarget(target, flavour);
  return credential(randomText(), randomText());
}

/**
 * Brings the key to where it should be, whatever is there already: each call writes only what is missing, so that an attempt that ended anywhere
 * is completed by the next one. Between create and update the key exists, but opens nothing.
 */
export async function ensureCredential(request: EnsureRequest, deps: Deps): Promise<void> {
  const target = parseTarget(request.target, deps.flavour);
  const { credential: wanted, like, mark, approve } = request;
  const goal = like === undefined ? goalFrom(request.entitlements) : await goalLike(like, target, deps);
  const found = await createOrReadBack(target, wanted, deps);
  refuseStranger(found, wanted, mark);

  const ref = { ...target, keyId: wanted.keyId };
  const attributes = withMark(goal.attributes ?? found.attributes, mark);
  await completeKey({ ...goal, attributes }, { ref, found, approve }, deps);
}

type Goal = {
  readonly products: readonly string[];
  readonly scopes: readonly string[];
  /** undefined: those that the key has. */
  readonly attributes: readonly Attribute[] | undefined;
};

/** Products that are not approved on the current key stay as they were: its own. */
async function goalLike(like: Credential, target: Target, { keys }: Deps): Promise<Goal> {
  const current = await keys.get({ ...target, keyId: like.keyId });
  if (current === 'no-key') {
    throw new PermanentError('not-yours', 'The app does not have the current key', { field: 'target' });
  }
  return { products: approvedProducts(current), scopes: current.scopes, attributes: current.attributes };
}

function goalFrom(entitlements: readonly string[]): Goal {
  const named = entitlements.map((one) => /^(?<kind>product|scope):(?<name>.+)$/.exec(one)?.groups);
  if (named.includes(undefined)) throw badEntitlements('An entitlement is product:<name> or scope:<name>');
  const of = (kind: string) => [
    ...new Set(named.flatMap((one) => (one?.['kind'] === kind ? [one['name'] ?? ''] : []))),
  ];
  if (of('product').length === 0) throw badEntitlements('Without a product the first key would open nothing');
  return { products: of('product'), scopes: of('scope'), attributes: undefined };
}

function badEntitlements(problem: string): PermanentError {
  return new PermanentError('misconfigured', problem, { field: 'entitlements' });
}

async function createOrReadBack(target: Target, wanted: Credential, { keys, clock }: Deps): Promise<ApigeeKey> {
  const made = await create(target, wanted, keys);
  if (made !== 'key-exists') return made;
  const found = await untilKnown(() => keys.get({ ...target, keyId: wanted.keyId }), clock);
  if (found === 'no-key') throw conflict('The key exists in another app');
  return found;
}

// Apigee has no code of its own for it.
const mostKeys = 10;

async function create(target: Target, wanted: Credential, keys: Keys): Promise<ApigeeKey | 'key-exists'> {
  try {
    return await keys.create(target, wanted);
  } catch (error) {
    const refused = error instanceof PermanentError && error.reason === 'provider-refused';
    if (!refused || (await keys.app(target)).keys.length < mostKeys) throw error;
    throw new PermanentError('quota', 'The app has as many keys as it may', { field: 'target', cause: error });
  }
}

function refuseStranger(found: ApigeeKey, wanted: Credential, mark: string): void {
  if (found.secret.reveal() !== wanted.secret.reveal()) throw conflict('The key exists with another secret');
  const bears = markIn(found);
  if (bears !== undefined && bears !== mark) throw conflict('The key exists and bears another mark');
  if (!found.approved) throw new PermanentError('key-disabled', 'Somebody revoked the key', { field: 'key' });
}

function conflict(problem: string): PermanentError {
  return new PermanentError('key-conflict', problem, { field: 'key' });
}
