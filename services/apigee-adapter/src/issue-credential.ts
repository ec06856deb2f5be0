import { randomBytes } from 'node:crypto';

import type { EnsureRequest } from '@keyturn/credential-provider/credential-provider';
import type { Clock } from '@keyturn/rotation/clock';
import { credential, type Credential } from '@keyturn/rotation/credential';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';

import { approvedProducts, markIn, withMark, type ApigeeKey, type Attribute } from './apigee-app.ts';
import type { KeyRef, Keys } from './manage-keys.ts';
import { parseTarget, type Target } from './target.ts';

type Deps = { readonly keys: Keys; readonly clock: Clock };

// 48 letters, digits, dashes and underscores each, as long as what Apigee makes itself.
const randomText = () => randomBytes(36).toString('base64url');

export function proposeCredential(target: string): Credential {
  parseTarget(target);
  return credential(randomText(), randomText());
}

/**
 * Brings the key to where it should be, whatever is there already: each call writes only what is missing, so that an attempt that ended anywhere
 * is completed by the next one. Between create and update the key exists, but opens nothing.
 */
export async function ensureCredential(request: EnsureRequest, deps: Deps): Promise<void> {
  const target = parseTarget(request.target);
  const { credential: wanted, like, mark, approve } = request;
  const goal = like === undefined ? goalFrom(request.entitlements) : await goalLike(like, target, deps);
  const found = await createOrReadBack(target, wanted, deps);
  refuseStranger(found, wanted, mark);

  const ref = { ...target, keyId: wanted.keyId };
  const attributes = withMark(goal.attributes ?? found.attributes, mark);
  await bringTo({ ...goal, attributes }, { ref, found, approve }, deps);
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
  const of = (kind: string) => named.flatMap((one) => (one?.['kind'] === kind ? [one['name'] ?? ''] : []));
  if (of('product').length === 0) throw badEntitlements('Without a product the first key would open nothing');
  return { products: of('product'), scopes: of('scope'), attributes: undefined };
}

function badEntitlements(problem: string): PermanentError {
  return new PermanentError('misconfigured', problem, { field: 'entitlements' });
}

async function createOrReadBack(target: Target, wanted: Credential, { keys }: Deps): Promise<ApigeeKey> {
  const made = await create(target, wanted, keys);
  if (made !== 'key-exists') return made;
  const found = await keys.get({ ...target, keyId: wanted.keyId });
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

type Complete = Goal & { readonly attributes: readonly Attribute[] };
type Work = { readonly ref: KeyRef; readonly found: ApigeeKey; readonly approve: boolean };

async function bringTo(goal: Complete, { ref, found, approve }: Work, { keys, clock }: Deps): Promise<void> {
  const write = <T>(call: () => Promise<T | 'no-key'>) => onceKnown(call, clock);
  let key = found;

  const missing = without(
    goal.products,
    key.products.map(({ name }) => name),
  );
  if (missing.length > 0 || !sameAttributes(key.attributes, goal.attributes)) {
    key = await write(() => keys.update(ref, { products: missing, attributes: goal.attributes }));
  }
  for (const product of pending(key, goal)) {
    if (!approve) throw waits(product);
    await write(() => keys.approveProduct(ref, product));
  }
  for (const product of without(
    key.products.map(({ name }) => name),
    goal.products,
  )) {
    await write(() => keys.removeProduct(ref, product));
  }
  if (!sameTexts(key.scopes, goal.scopes)) await write(() => keys.setScopes(ref, goal.scopes));
  // What each call answered says little of what the others left behind.
  refuseDifference(await write(() => keys.get(ref)), goal);
}

function pending(key: ApigeeKey, goal: Goal): string[] {
  return key.products.flatMap(({ name, status }) =>
    status === 'pending' && goal.products.includes(name) ? [name] : [],
  );
}

function waits(product: string): PermanentError {
  return new PermanentError('entitlements-differ', 'Somebody has to approve an API product on the new key', {
    field: `product:${product}`,
  });
}

function refuseDifference(key: ApigeeKey, goal: Complete): void {
  const revoked = key.products.find(({ name, status }) => status === 'revoked' && goal.products.includes(name));
  if (revoked !== undefined) {
    throw new PermanentError('entitlements-differ', 'Somebody revoked an API product on the new key', {
      field: `product:${revoked.name}`,
    });
  }
  const same =
    sameTexts(approvedProducts(key), goal.products) &&
    sameTexts(key.scopes, goal.scopes) &&
    sameAttributes(key.attributes, goal.attributes);
  if (!same) throw new TransientError('The new key is not yet as it was written');
}

const reads = 5;
const firstPauseMs = 250;

/** Apigee may not know a key everywhere right after its creation. */
async function onceKnown<T>(call: () => Promise<T | 'no-key'>, clock: Clock): Promise<T> {
  for (let read = 0; read < reads; read += 1) {
    const answer = await call();
    if (answer !== 'no-key') return answer;
    await clock.sleep(firstPauseMs * 2 ** read);
  }
  throw new TransientError('The app does not have the new key yet');
}

function without(all: readonly string[], some: readonly string[]): string[] {
  return all.filter((one) => !some.includes(one));
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.toSorted().join('\n') === b.toSorted().join('\n');
}

function sameAttributes(a: readonly Attribute[], b: readonly Attribute[]): boolean {
  const texts = (all: readonly Attribute[]) => all.map(({ name, value }) => JSON.stringify([name, value]));
  return sameTexts(texts(a), texts(b));
}
