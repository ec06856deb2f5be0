import { type App, type AppOwner, type Key, productsOf } from './organization.ts';

/** Apigee X leaves empty lists and texts out of its JSON, and writes every int64 as a string. */
function withoutEmpty(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== '' && !(Array.isArray(value) && value.length === 0)),
  );
}

/** The same for a credential inside an app and for a key by itself. */
export const keyJson = (key: Key): Record<string, unknown> => ({
  ...newKeyJson(key),
  expiresAt: String(key.expiresAt ?? -1),
});

/** The answer to the creation of a key: without expiresAt when it never expires. */
export const newKeyJson = (key: Key): Record<string, unknown> =>
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

const plainAppJson = (app: App): Record<string, unknown> => ({
  appId: app.appId,
  name: app.name,
  status: app.status.value,
  attributes: app.attributes,
  callbackUrl: app.callbackUrl,
  developerId: app.owner.id,
  createdAt: String(app.createdAt),
  lastModifiedAt: String(app.lastModifiedAt),
});

/** The order of credentials is no contract: by id, it is neither oldest nor newest first. */
const credentials = (app: App): unknown[] =>
  app.keys.toSorted((a, b) => (a.consumerKey < b.consumerKey ? -1 : 1)).map(keyJson);

export const developerAppJson = (app: App): Record<string, unknown> =>
  withoutEmpty({ ...plainAppJson(app), appFamily: 'default', credentials: credentials(app) });

/** An app as the organization's own list shows it. */
export const organizationAppJson = (app: App, withCredentials: boolean): Record<string, unknown> =>
  withoutEmpty({
    ...plainAppJson(app),
    developerEmail: app.owner.name,
    credentials: withCredentials ? credentials(app) : [],
  });

export function developerJson(developer: AppOwner, organizationName: string): Record<string, unknown> {
  const userName = developer.name.split('@')[0] ?? '';
  return withoutEmpty({
    developerId: developer.id,
    email: developer.name,
    firstName: userName,
    lastName: userName,
    userName,
    status: developer.status.value,
    organizationName,
    apps: [...developer.apps.keys()],
    createdAt: String(developer.createdAt),
    lastModifiedAt: String(developer.createdAt),
  });
}
