import type { Flavour, KeyView, SeedKey } from '@keyturn/apigee-simulator/simulator';
import type { Faults, HandMade, StoredKey } from '@keyturn/credential-provider/provider-fixture';

/** For tests: what a key made by hand is entitled to unless told otherwise. */
export const usualEntitlements = ['product:orders', 'product:orders-admin', 'scope:read'] as const;

/** For tests: what is nearly this target, or another flavour's, and no target. */
export function malformedTargets(target: string, flavour: Flavour): string[] {
  const [at] = target.split('/apps/');
  return [
    ...['', '..', 'a/keys/b', '/a', 'a?b', 'a#b', 'a\\b', 'a\n'].map((app) => `${at}/apps/${app}`),
    ...['developers/dev', 'developers/..', 'developers/@', 'companies/a@b.c', 'appgroups/..', 'somebody/acme'].map(
      (other) => `${other}/apps/a`,
    ),
    flavour === 'x' || flavour === 'hybrid' ? 'companies/acme/apps/a' : 'appgroups/acme/apps/a',
    `/${target}`,
    target.replace('/apps/', '%2Fapps/'),
  ];
}

/** For tests: all of a key made by hand but its id and its secret. */
export function seedKeyOf(key: HandMade, now: number): Omit<SeedKey, 'consumerKey' | 'consumerSecret'> & Target {
  const names = key.entitlements ?? usualEntitlements;
  const of = (kind: string) => names.flatMap((one) => (one.startsWith(kind) ? [one.slice(kind.length)] : []));
  const team = { name: 'Team', value: 'Orders' };
  return {
    ...(key.target !== undefined && { target: key.target }),
    products: of('product:'),
    scopes: of('scope:'),
    attributes: key.mark === undefined ? [team] : [team, { name: 'keyturn', value: key.mark }],
    ...(key.disabled === true && { status: 'revoked' as const }),
    ...(key.expired === true && { expiresAt: now - 1 }),
  };
}
type Target = { readonly target?: string };

/** For tests: a key of the simulator as the conformance suite compares it. */
export function storedKeyOf({ consumerKey, status, attributes, expiresAt, products, scopes }: KeyView): StoredKey {
  return {
    keyId: consumerKey,
    enabled: status === 'approved',
    mark: attributes.find((one) => one.name === 'keyturn')?.value,
    expiresAt: expiresAt ?? undefined,
    rest: { products, scopes, attributes: attributes.filter((one) => one.name !== 'keyturn') },
  };
}

type Answer = { readonly status: number; readonly headers: Record<string, string>; readonly body: string };

/** For tests: how the management API answers then. */
export function troubleReply(trouble: Parameters<Faults['always']>[0]): Answer {
  switch (trouble) {
    case 'throttled':
      return { status: 429, headers: { 'retry-after': '1' }, body: '' };
    case 'unavailable':
      return { status: 503, headers: {}, body: '<html>' };
    case 'denied':
      return { status: 403, headers: { 'content-type': 'application/json' }, body: denied };
    case 'nonsense':
      return { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' };
  }
}

const denied = JSON.stringify({ error: { code: 403, message: 'Permission denied', status: 'PERMISSION_DENIED' } });
