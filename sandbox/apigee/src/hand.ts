import { attributesOf } from './management-call.ts';
import {
  type App,
  type Developer,
  type Key,
  liveKey,
  type Organization,
  productsOf,
  setProduct,
} from './organization.ts';
import { addKeyByHand } from './seed-organization.ts';
import type { AppName, AppView, Hand, KeyView } from './simulator.ts';

/** Throws when no app, or more than one, has the name. */
export function appNamed(org: Organization, name: AppName): App {
  const wanted = typeof name === 'string' ? { app: name, developer: undefined } : name;
  const apps = org
    .apps()
    .filter((app) => app.name === wanted.app && (wanted.developer ?? app.developer.email) === app.developer.email);
  const [app, second] = apps;
  if (app === undefined || second !== undefined) {
    throw new Error(`${second ? 'More than one app is' : 'No app is'} named ${wanted.app}`);
  }
  return app;
}

export const appView = (app: App): AppView => ({
  name: app.name,
  appId: app.appId,
  developer: app.developer.email,
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

  function developerWith(email: string): Developer {
    const developer = org.developers.get(email);
    if (developer === undefined) {
      throw new Error(`There is no developer ${email}`);
    }
    return developer;
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
      developerWith(email).status.set(status, now());
    },
  };
}
