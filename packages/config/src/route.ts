import { entry } from './entry.ts';
import type { Config } from './config.ts';

/** Where the people of an owner hear of it. An address that is undefined or empty is not used. */
export type Route = {
  readonly owner: string;
  /** The id of a Slack channel. */
  readonly slack: string | undefined;
  readonly mail: readonly string[];
  /** Ids of webhooks of the configuration. */
  readonly webhooks: readonly string[];
};

type Addresses = { slack?: string | undefined; mail: readonly string[]; webhooks: readonly string[] };

/** The owner's route; the default route for an owner that has none, or one without an address. */
export function routeOf(config: Config, owner: string): Route {
  const own = entry(config.routes, owner);
  const { slack, mail, webhooks } = own === undefined || !hasAddress(own) ? config.routes.default : own;
  return { owner, slack, mail, webhooks };
}

export function hasAddress({ slack, mail, webhooks }: Addresses): boolean {
  return slack !== undefined || mail.length > 0 || webhooks.length > 0;
}
