import { type App, type AppOwner, type Key, productsOf } from './organization.ts';
import { keysOf, type ResourceJson } from './resource-json.ts';

/** Apigee X leaves empty lists and texts out of its JSON, and writes every int64 as a string. */
function withoutEmpty(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== '' && !(Array.isArray(value) && value.length === 0)),
  );
}

/** Without expiresAt when it never expires. */
const newKey = (key: Key): Record<string, unknown> =>
  withoutEmpty({
    consumerKey: key.consumerKey,
    consumerSecret: key.consumerSecret,
    status: key.status.value,
    apiProducts: productsOf(key).map(({ name, status }) => ({ apiproduct: name, status })),
    attributes: key.attributes,
    scopes: key.scopes,
    issuedAt: String(key.issuedAt),
    ...(key.expiresAt !== null && { expiresAt: String(key.expiresAt) }),
  });

const keyJson = (key: Key): Record<string, unknown> => ({ ...newKey(key), expiresAt: String(key.expiresAt ?? -1) });

const plainApp = (app: App): Record<string, unknown> => ({
  appId: app.appId,
  name: app.name,
  status: app.status.value,
  attributes: app.attributes,
  callbackUrl: app.callbackUrl,
  ...(app.owner.kind === 'developer' ? { developerId: app.owner.id } : { appGroup: app.owner.name }),
  createdAt: String(app.createdAt),
  lastModifiedAt: String(app.lastModifiedAt),
});

const credentials = (app: App): unknown[] => keysOf(app).map(keyJson);

function ownerJson(owner: AppOwner, organization: string): Record<string, unknown> {
  const { name, id, status, apps } = owner;
  const times = { createdAt: String(owner.createdAt), lastModifiedAt: String(owner.createdAt) };
  if (owner.kind !== 'developer') {
    return { appGroupId: id, name, displayName: name, status: status.value, organization, ...times };
  }
  const userName = name.split('@')[0] ?? '';
  return withoutEmpty({
    developerId: id,
    email: name,
    firstName: userName,
    lastName: userName,
    userName,
    status: status.value,
    organizationName: organization,
    apps: [...apps.keys()],
    ...times,
  });
}

/** As X and hybrid write; the discovery document checks it. */
export const googleJson: ResourceJson = {
  key: keyJson,
  newKey,
  app: (app) =>
    withoutEmpty({
      ...plainApp(app),
      ...(app.owner.kind === 'developer' && { appFamily: 'default' }),
      credentials: credentials(app),
    }),
  organizationApp: (app, withCredentials) =>
    withoutEmpty({
      ...plainApp(app),
      ...(app.owner.kind === 'developer' && { developerEmail: app.owner.name }),
      credentials: withCredentials ? credentials(app) : [],
    }),
  owner: ownerJson,
  dimension: (names) => ({ name: names.join(','), individualNames: names }),
};
