import { attributesOf } from './attributes.ts';
import { type App, type AppOwner, liveKey, type Organization, type OwnerKind, setProduct } from './organization.ts';
import type { ProductStatus, Seed, SeedApp, SeedGroup, SeedKey } from './simulator.ts';

/** Long ago: every node knows a seeded thing already. */
export const longAgo = -Infinity;

export function seedOrganization(org: Organization, seed: Seed, now: number): void {
  for (const { name, approval = 'auto', paths, scopes = [] } of seed.products ?? []) {
    org.products.set(name, { name, approval, paths, scopes });
  }
  for (const { email, ...rest } of seed.developers ?? []) {
    seedOwner(org, 'developer', { name: email, ...rest }, now);
  }
  for (const company of seed.companies ?? []) {
    seedOwner(org, 'company', company, now);
  }
  for (const group of seed.appGroups ?? []) {
    seedOwner(org, 'appGroup', group, now);
  }
}

function seedOwner(org: Organization, kind: OwnerKind, seed: SeedGroup, now: number): void {
  const { name, status = 'active', apps = [] } = seed;
  if (!org.ownerKinds.includes(kind)) {
    throw new Error(`This flavour of Apigee knows no ${kind}`);
  }
  if (kind === 'developer' && name !== name.toLowerCase()) {
    throw new Error('Apigee knows developers by e-mail addresses in lower case');
  }
  const owner = org.owners[kind].get(name) ?? org.addOwner(kind, name, status, now, longAgo);
  owner.status.set(status, longAgo);
  for (const app of apps) {
    seedApp(org, owner, app, now);
  }
}

function seedApp(org: Organization, owner: AppOwner, seed: SeedApp, now: number): void {
  const { name, status = 'approved', attributes = [], callbackUrl = '', keys = [] } = seed;
  const app = owner.apps.get(name) ?? org.addApp(owner, name, status, now, longAgo);
  app.status.set(status, longAgo);
  app.attributes = attributesOf(attributes);
  app.callbackUrl = callbackUrl;
  for (const key of keys) {
    addKeyByHand(org, app, key, now, longAgo);
  }
}

/** `since`: from when the nodes may know it. A key of the same id in the same app is replaced. */
export function addKeyByHand(org: Organization, app: App, seed: SeedKey, now: number, since: number): void {
  const { consumerKey, consumerSecret, status = 'approved', scopes = [], issuedAt = now, expiresAt = null } = seed;
  const products = productsOfSeed(org, seed);
  const attributes = attributesOf(seed.attributes ?? []);
  const before = liveKey(org, consumerKey);
  if (before && before.app !== app) {
    throw new Error(`Another app has this key: ${before.app.name}`);
  }
  if (before) {
    org.deleteKey(before, since);
  }
  const key = org.addKey(app, { consumerKey, consumerSecret, status, issuedAt, expiresAt, attributes, scopes }, since);
  for (const product of products) {
    setProduct(key, product.name, product.status, since);
  }
}

function productsOfSeed(org: Organization, { products = [] }: SeedKey): { name: string; status: ProductStatus }[] {
  return products.map((product) => {
    const named = typeof product === 'string' ? { name: product, status: 'approved' as const } : product;
    if (!org.products.has(named.name)) {
      throw new Error(`No API product ${named.name} was seeded`);
    }
    return named;
  });
}
