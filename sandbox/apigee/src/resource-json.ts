import type { App, AppOwner, Key } from './organization.ts';

type Json = Record<string, unknown>;

/** How a flavour writes what it answers with. */
export type ResourceJson = {
  /** The same for a credential inside an app and for a key by itself. */
  key: (key: Key) => Json;
  /** The answer to the creation of a key. */
  newKey: (key: Key) => Json;
  /** An app as the path of its owner shows it. */
  app: (app: App) => Json;
  /** An app as the organization's own list shows it. */
  organizationApp: (app: App, withCredentials: boolean) => Json;
  owner: (owner: AppOwner, organization: string) => Json;
  /** The names by which one line of the statistics was grouped. */
  dimension: (names: readonly string[]) => Json;
};

/** The order of credentials is no contract: by id, it is neither oldest nor newest first. */
export const keysOf = (app: App): Key[] => app.keys.toSorted((a, b) => (a.consumerKey < b.consumerKey ? -1 : 1));
