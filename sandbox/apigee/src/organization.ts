import type { Approval, Attribute, OwnerStatus, ProductStatus } from './simulator.ts';
import { type Timeline, timeline } from './timeline.ts';

export type Product = {
  name: string;
  approval: 'auto' | 'manual';
  paths: readonly string[];
  scopes: readonly string[];
};

export type OwnerKind = 'developer' | 'company' | 'appGroup';

/** Whoever has apps. */
export type AppOwner = {
  readonly kind: OwnerKind;
  /** A developer's e-mail; the name of a company or an app group. */
  readonly name: string;
  readonly id: string;
  readonly status: Timeline<OwnerStatus>;
  readonly createdAt: number;
  readonly apps: Map<string, App>;
};

export type App = {
  readonly appId: string;
  readonly name: string;
  readonly owner: AppOwner;
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
  /** Which of them there are in its flavour of Apigee. */
  readonly ownerKinds: readonly OwnerKind[];
  readonly products: Map<string, Product>;
  readonly owners: Readonly<Record<OwnerKind, Map<string, AppOwner>>>;
  /** `since`: from when the nodes may know it, like every `since` here. */
  addOwner: (kind: OwnerKind, name: string, status: OwnerStatus, at: number, since: number) => AppOwner;
  addApp: (owner: AppOwner, name: string, status: Approval, at: number, since: number) => App;
  addKey: (app: App, key: NewKey, since: number) => Key;
  deleteKey: (key: Key, at: number) => void;
  /** Every key that ever had this id, deleted ones too, oldest first: a node may still know an older one. */
  keysEver: (consumerKey: string) => readonly Key[];
  apps: () => readonly App[];
};

export function organization(name: string, ownerKinds: readonly OwnerKind[], newId: () => string): Organization {
  const products = new Map<string, Product>();
  const owners: Record<OwnerKind, Map<string, AppOwner>> = {
    developer: new Map(),
    company: new Map(),
    appGroup: new Map(),
  };
  const everyKey = new Map<string, Key[]>();
  return {
    name,
    ownerKinds,
    products,
    owners,
    addOwner(kind, ownerName, status, at, since) {
      const owner: AppOwner = {
        kind,
        name: ownerName,
        id: newId(),
        status: timeline(status, since),
        createdAt: at,
        apps: new Map(),
      };
      owners[kind].set(ownerName, owner);
      return owner;
    },
    addApp(owner, appName, status, at, since) {
      const app: App = {
        appId: newId(),
        name: appName,
        owner,
        status: timeline(status, since),
        createdAt: at,
        keys: [],
        attributes: [],
        callbackUrl: '',
        lastModifiedAt: at,
      };
      owner.apps.set(appName, app);
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
    apps: () =>
      Object.values(owners).flatMap((named) => [...named.values()].flatMap(({ apps }) => Array.from(apps.values()))),
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
