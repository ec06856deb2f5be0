import { attributesOf } from './management-call.ts';
import { type App, type Developer, liveKey, type Organization, setProduct } from './organization.ts';
import type { ProductStatus, Seed, SeedApp, SeedDeveloper, SeedKey } from './simulator.ts';

/** Long ago: every node knows a seeded thing already. */
const longAgo = -Infinity;

export function seedOrganization(org: Organization, seed: Seed, now: number): void {
  for (const { name, approval = 'auto', paths, scopes = [] } of seed.products ?? []) {
    org.products.set(name, { name, approval, paths, scopes });
  }
  for (const developer of seed.developers ?? []) {
    seedDeveloper(org, developer, now);
  }
}

function seedDeveloper(org: Organization, seed: SeedDeveloper, now: number): void {
  const { email, status = 'active', apps = [] } = seed;
  if (email !== email.toLowerCase()) {
    throw new Error('Apigee X knows developers by e-mail addresses in lower case');
  }
  const developer = org.developers.get(email) ?? org.addDeveloper(email, status, now, longAgo);
  developer.status.set(status, longAgo);
  for (const app of apps) {
    seedApp(org, developer, app, now);
  }
}

function seedApp(org: Organization, developer: Developer, seed: SeedApp, now: number): void {
  const { name, status = 'approved', attributes = [], callbackUrl = '', keys = [] } = seed;
  const app = developer.apps.get(name) ?? org.addApp(developer, name, status, now, longAgo);
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
