import type { Credential } from '@keyturn/rotation/credential';
import { PermanentError } from '@keyturn/rotation/errors';

import { approvedProducts, sameKeyId, type ApigeeApp, type ApigeeKey, type Attribute } from './apigee-app.ts';

/** What a new key shall have. */
export type Goal = {
  readonly products: readonly string[];
  readonly scopes: readonly string[];
  /** undefined: those that the key has. */
  readonly attributes: readonly Attribute[] | undefined;
};

/** Like a key of the app. PermanentError('not-yours') where it has no such key. */
export function goalOf(like: Credential, app: Pick<ApigeeApp, 'keys'>): Goal {
  const current = app.keys.find((key) => sameKeyId(key, like.keyId));
  if (current === undefined) throw noCurrent();
  return goalLike(current);
}

/** Products that are not approved on the current key stay as they were: its own. */
export function goalLike(current: ApigeeKey | 'no-key'): Goal {
  if (current === 'no-key') throw noCurrent();
  return { products: approvedProducts(current), scopes: current.scopes, attributes: current.attributes };
}

/** At the first issue, as the policy says. PermanentError('misconfigured'). */
export function goalFrom(entitlements: readonly string[]): Goal {
  const named = entitlements.map((one) => /^(?<kind>product|scope):(?<name>.+)$/.exec(one)?.groups);
  if (named.includes(undefined)) throw badEntitlements('An entitlement is product:<name> or scope:<name>');
  const of = (kind: string) => [
    ...new Set(named.flatMap((one) => (one?.['kind'] === kind ? [one['name'] ?? ''] : []))),
  ];
  if (of('product').length === 0) throw badEntitlements('Without a product the first key would open nothing');
  return { products: of('product'), scopes: of('scope'), attributes: undefined };
}

function noCurrent(): PermanentError {
  return new PermanentError('not-yours', 'The app does not have the current key', { field: 'target' });
}

function badEntitlements(problem: string): PermanentError {
  return new PermanentError('misconfigured', problem, { field: 'entitlements' });
}
