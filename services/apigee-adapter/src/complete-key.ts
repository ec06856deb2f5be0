import type { Clock } from '@keyturn/rotation/clock';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';

import { approvedProducts, type ApigeeKey, type Attribute } from './apigee-app.ts';
import type { KeyRef, Keys } from './keys.ts';

/** What the key should have in the end, no more and no less. */
type Goal = {
  readonly products: readonly string[];
  readonly scopes: readonly string[];
  readonly attributes: readonly Attribute[];
};

type Work = { readonly ref: KeyRef; readonly found: ApigeeKey; readonly approve: boolean };
type Deps = { readonly keys: Keys; readonly clock: Clock };

/**
 * Writes what the key lacks and takes away what it has too much, then reads it again. PermanentError('entitlements-differ') where a product waits for
 * an approval that we may not give, or was revoked by somebody.
 */
export async function completeKey(goal: Goal, { ref, found, approve }: Work, { keys, clock }: Deps): Promise<void> {
  const write = async <T>(call: () => Promise<T | 'no-key'>) => {
    const answer = await untilKnown(call, clock);
    if (answer === 'no-key') throw new TransientError('The app does not have the new key yet');
    return answer;
  };
  let key = found;

  const missing = without(goal.products, named(key));
  if (missing.length > 0 || !sameAttributes(key.attributes, goal.attributes)) {
    key = await write(() => keys.update(ref, { ...goal, products: missing }));
  }
  for (const product of pending(key, goal)) {
    if (!approve) throw waits(product);
    await write(() => keys.approveProduct(ref, product));
  }
  for (const product of without(named(key), goal.products)) await write(() => keys.removeProduct(ref, product));
  if (!sameTexts(key.scopes, goal.scopes)) await write(() => keys.setScopes(ref, goal));
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

function refuseDifference(key: ApigeeKey, goal: Goal): void {
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
export async function untilKnown<T>(call: () => Promise<T | 'no-key'>, clock: Clock): Promise<T | 'no-key'> {
  for (let read = 1; ; read += 1) {
    const answer = await call();
    if (answer !== 'no-key' || read === reads) return answer;
    await clock.sleep(firstPauseMs * 2 ** (read - 1));
  }
}

function named(key: ApigeeKey): string[] {
  return key.products.map(({ name }) => name);
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
