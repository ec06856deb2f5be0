import { type App, type AppOwner, type Key, productsOf } from './organization.ts';
import { keysOf, type ResourceJson } from './resource-json.ts';

/** Whoever the management API took for the author: Edge names one everywhere, X nowhere. */
const author = 'admin@example.com';

const newKey = (key: Key): Record<string, unknown> => ({
  apiProducts: productsOf(key).map(({ name, status }) => ({ apiproduct: name, status })),
  attributes: key.attributes,
  consumerKey: key.consumerKey,
  consumerSecret: key.consumerSecret,
  issuedAt: key.issuedAt,
  scopes: key.scopes,
  status: key.status.value,
});

const keyJson = (key: Key): Record<string, unknown> => ({ ...newKey(key), expiresAt: key.expiresAt ?? -1 });

const appJson = (app: App, withCredentials: boolean): Record<string, unknown> => ({
  appId: app.appId,
  appFamily: 'default',
  attributes: app.attributes,
  callbackUrl: app.callbackUrl,
  createdAt: app.createdAt,
  createdBy: author,
  ...(withCredentials && { credentials: keysOf(app).map(keyJson) }),
  ...(app.owner.kind === 'developer' ? { developerId: app.owner.id } : { companyName: app.owner.name }),
  lastModifiedAt: app.lastModifiedAt,
  lastModifiedBy: author,
  name: app.name,
  scopes: [],
  status: app.status.value,
});

function ownerJson(owner: AppOwner, organization: string): Record<string, unknown> {
  const { name } = owner;
  const shared = {
    apps: [...owner.apps.keys()],
    attributes: [],
    createdAt: owner.createdAt,
    createdBy: author,
    lastModifiedAt: owner.createdAt,
    lastModifiedBy: author,
    status: owner.status.value,
  };
  if (owner.kind !== 'developer') {
    return { ...shared, name, displayName: name, organization };
  }
  const userName = name.split('@')[0] ?? '';
  return {
    ...shared,
    companies: [],
    developerId: owner.id,
    email: name,
    firstName: userName,
    lastName: userName,
    organizationName: organization,
    userName,
  };
}

/**
 * As Edge and OPDK write: numbers, empty lists too, and who changed it. The shapes are those of the fixtures of Apigee's own PHP client; as
 * there, a new key has no expiresAt.
 */
export const edgeJson: ResourceJson = {
  key: keyJson,
  newKey,
  app: (app) => appJson(app, true),
  organizationApp: appJson,
  owner: ownerJson,
  dimension: (names) => ({ name: names.join(',') }),
};
