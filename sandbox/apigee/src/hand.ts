import { attributesOf } from './attributes.ts';
import {
  type App,
  type AppOwner,
  type Key,
  liveKey,
  type Organization,
  type OwnerKind,
  productsOf,
  setProduct,
} from './organization.ts';
import { addKeyByHand } from './seed-organization.ts';
import type { AppName, AppView, Hand, KeyView, Owner, OwnerStatus } from './simulator.ts';

function isOwner(wanted: Owner, { kind, name }: AppOwner): boolean {
  if ('developer' in wanted) {
    return kind === 'developer' && name === wanted.developer;
  }
  return 'company' in wanted
    ? kind === 'company' && name === wanted.company
    : kind === 'appGroup' && name === wanted.appGroup;
}

/** Throws when no app, or more than one, has the name. */
export function appNamed(org: Organization, wanted: AppName): App {
  const name = typeof wanted === 'string' ? wanted : wanted.app;
  const apps = org
    .apps()
    .filter((one) => one.name === name && (typeof wanted === 'string' || isOwner(wanted, one.owner)));
  const [app, second] = apps;
  if (app === undefined || second !== undefined) {
    throw new Error(`${second ? 'More than one app is' : 'No app is'} named ${name}`);
  }
  return app;
}

function ownerView({ kind, name }: AppOwner): Owner {
  if (kind === 'developer') {
    return { developer: name };
  }
  return kind === 'company' ? { company: name } : { appGroup: name };
}

export const appView = (app: App): AppView => ({
  name: app.name,
  appId: app.appId,
  owner: ownerView(app.owner),
  status: app.status.value,
  attributes: app.attributes,
  callbackUrl: app.callbackUrl,
});

export const keyViews = (app: App): KeyView[] =>
  app.keys.map((key) => ({
    consumerKey: key.consumerKey,
    status: key.status.value,
    products: productsOf(key),
    attributes: key.attributes,
    scopes: key.scopes,
    issuedAt: key.issuedAt,
    expiresAt: key.expiresAt,
  }));

export function hand(org: Organization, now: () => number): Hand {
  function keyIn(name: AppName, consumerKey: string): Key {
    const app = appNamed(org, name);
    const key = liveKey(org, consumerKey);
    if (key?.app !== app) {
      throw new Error(`The app ${app.name} has no such key`);
    }
    return key;
  }

  function setOwnerStatus(kind: OwnerKind, name: string, status: OwnerStatus): void {
    const owner = org.owners[kind].get(name);
    if (owner === undefined) {
      throw new Error(`There is no ${kind} ${name}`);
    }
    owner.status.set(status, now());
  }

  return {
    addKey(app, key) {
      addKeyByHand(org, appNamed(org, app), key, now(), now());
    },
    setKeyStatus(app, consumerKey, status) {
      keyIn(app, consumerKey).status.set(status, now());
    },
    setProductStatus(app, consumerKey, product, status) {
      setProduct(keyIn(app, consumerKey), product, status, now());
    },
    removeProduct(app, consumerKey, product) {
      setProduct(keyIn(app, consumerKey), product, 'absent', now());
    },
    setKeyAttributes(app, consumerKey, attributes) {
      keyIn(app, consumerKey).attributes = attributesOf(attributes);
    },
    deleteKey(app, consumerKey) {
      org.deleteKey(keyIn(app, consumerKey), now());
    },
    setAppStatus(app, status) {
      appNamed(org, app).status.set(status, now());
    },
    setDeveloperStatus(email, status) {
      setOwnerStatus('developer', email, status);
    },
    setCompanyStatus(name, status) {
      setOwnerStatus('company', name, status);
    },
    setAppGroupStatus(name, status) {
      setOwnerStatus('appGroup', name, status);
    },
  };
}
