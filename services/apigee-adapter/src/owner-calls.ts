import type { ApigeeKey, Attribute } from './apigee-app.ts';
import type { OwnerKind } from './flavour.ts';
import type { ManagementCall } from './management-api.ts';

type Words = Pick<ApigeeKey, 'attributes' | 'scopes'>;
type Call = Pick<ManagementCall, 'method' | 'query' | 'body'>;

/** The calls on a key and an app that are not the same for every kind of owner. */
export type OwnerCalls = {
  /** Where a key that we chose is created, below the app. */
  readonly create: readonly string[];
  /** Adds products, and replaces the attributes. What is there of scopes goes along where one call replaces both. */
  update(change: { readonly products: readonly string[] } & Words): Call;
  /** Replaces the scopes. `attributes` go along where one call replaces both. */
  setScopes(change: Words): Call;
  /** `key` as it is: it goes along where the call would replace it by nothing. */
  act(action: 'approve' | 'revoke', key: Words): Call;
  /** Makes a key with the products that the app is told. */
  readonly mint: 'POST' | 'PUT';
};

const octets = { empty: 'application/octet-stream' } as const;
const json = (body: Record<string, unknown>) => ({ json: body });
const named = (products: readonly string[]) => (products.length > 0 ? { apiProducts: products } : {});

/** Nearly the same for developers and for the companies of Edge. */
const apps: OwnerCalls = {
  create: ['keys', 'create'],
  update: ({ products, attributes }) => ({ method: 'POST', body: json({ ...named(products), attributes }) }),
  setScopes: ({ scopes }) => ({ method: 'PUT', body: json({ scopes }) }),
  act: (action) => ({ method: 'POST', query: { action }, body: octets }),
  mint: 'POST',
};

/** One call does it all to a key, and what it is not told is gone: no PUT, no query. */
const appGroupApps: OwnerCalls = {
  create: ['keys'],
  update: ({ products, ...key }) => ({ method: 'POST', body: json({ ...named(products), ...words(key) }) }),
  setScopes: (key) => ({ method: 'POST', body: json(words(key)) }),
  act: (action, key) => ({ method: 'POST', body: json({ action, ...words(key) }) }),
  mint: 'PUT',
};

function words({ attributes, scopes }: Words): {
  appGroupAppKey: { attributes: readonly Attribute[]; scopes: readonly string[] };
} {
  return { appGroupAppKey: { attributes, scopes } };
}

export const ownerCalls: Readonly<Record<OwnerKind, OwnerCalls>> = {
  developers: apps,
  // Edge documents POST on a company's app for approving and revoking alone.
  companies: { ...apps, mint: 'PUT' },
  appgroups: appGroupApps,
};
