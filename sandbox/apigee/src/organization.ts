import { randomUUID } from 'node:crypto';
import type { Approval, Attribute, DeveloperStatus, ProductStatus } from './simulator.ts';
import { type Timeline, timeline } from './timeline.ts';

export type Product = {
  name: string;
  approval: 'auto' | 'manual';
  paths: readonly string[];
  scopes: readonly string[];
};

export type Developer = {
  readonly developerId: string;
  readonly email: string;
  readonly status: Timeline<DeveloperStatus>;
  readonly createdAt: number;
  readonly apps: Map<string, App>;
};

export type App = {
  readonly appId: string;
  readonly name: string;
  readonly developer: Developer;
  readonly status: Timeline<Approval>;
  readonly createdAt: number;
  readonly keys: Key[];
  attributes: readonly Attribute[];
  callbackUrl: string;
  lastModifiedAt: number;
};

export type Key = {
  readonly app: App;
  readonly consumerKey: string;
  readonly consumerSecret: string;
  readonly issuedAt: number;
  /** null: never. */
  readonly expiresAt: number | null;
  readonly exists: Timeline<boolean>;
  readonly status: Timeline<Approval>;
  readonly products: Map<string, Timeline<ProductStatus | 'absent'>>;
  attributes: readonly Attribute[];
  scopes: readonly string[];
};

export type NewKey = Pick<
  Key,
  'consumerKey' | 'consumerSecret' | 'issuedAt' | 'expiresAt' | 'attributes' | 'scopes'
> & {
  status: Approval;
};

export type Organization = {
  readonly name: string;
  readonly products: Map<string, Product>;
  readonly developers: Map<string, Developer>;
  /** `since`: from when the nodes may know it, like every `since` here. */
  addDeveloper: (email: string, status: DeveloperStatus, at: number, since: number) => Developer;
  addApp: (developer: Developer, name: string, status: Approval, at: number, since: number) => App;
  addKey: (app: App, key: NewKey, since: number) => Key;
  deleteKey: (key: Key, at: number) => void;
  /** Every key that ever had this id, deleted ones too, oldest first: a node may still know an older one. */
  keysEver: (consumerKey: string) => readonly Key[];
  apps: () => readonly App[];
};

export function organization(name: string): Organization {
  const products = new Map<string, Product>();
  const developers = new Map<string, Developer>();
  const everyKey = new Map<string, Key[]>();
  return {
    name,
    products,
    developers,
    addDeveloper(email, status, at, since) {
      const developer: Developer = {
        developerId: randomUUID(),
        email,
        status: timeline(status, since),
        createdAt: at,
        apps: new Map(),
      };
      developers.set(email, developer);
      return developer;
    },
    addApp(developer, appName, status, at, since) {
      const app: App = {
        appId: randomUUID(),
        name: appName,
        developer,
        status: timeline(status, since),
        createdAt: at,
        keys: [],
        attributes: [],
        callbackUrl: '',
        lastModifiedAt: at,
      };
      developer.apps.set(appName, app);
      return app;
    },
    addKey(app, fields, since) {
      const key: Key = {
        ...fields,
        app,
        exists: timeline(true, since),
        status: timeline(fields.status, since),
        products: new Map(),
      };
      app.keys.push(key);
      everyKey.set(key.consumerKey, [...(everyKey.get(key.consumerKey) ?? []), key]);
      return key;
    },
    deleteKey(key, at) {
      key.exists.set(false, at);
      key.app.keys.splice(key.app.keys.indexOf(key), 1);
    },
    keysEver: (consumerKey) => everyKey.get(consumerKey) ?? [],
    apps: () => [...developers.values()].flatMap(({ apps }) => Array.from(apps.values())),
  };
}

/** The key that bears this id now, in whatever app: an id is unique in its organization. */
export const liveKey = (org: Organization, consumerKey: string): Key | undefined =>
  org.keysEver(consumerKey).find((key) => key.exists.value);

export function setProduct(key: Key, product: string, status: ProductStatus | 'absent', since: number): void {
  const known = key.products.get(product);
  if (known === undefined) {
    key.products.set(product, timeline(status, since));
  } else {
    known.set(status, since);
  }
}

/** Adding a product that the key has already changes nothing, not even its status. */
export function attachProduct(key: Key, product: Product, at: number): void {
  if (productsOf(key).every(({ name }) => name !== product.name)) {
    setProduct(key, product.name, product.approval === 'auto' ? 'approved' : 'pending', at);
  }
}

export const productsOf = (key: Key): { name: string; status: ProductStatus }[] =>
  [...key.products].flatMap(([name, { value }]) => (value === 'absent' ? [] : [{ name, status: value }]));
