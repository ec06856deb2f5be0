import type { Config } from './config.ts';
import { routeOf } from './route.ts';

/** One place where an owner's people hear of it. */
export type Address =
  | { readonly kind: 'slack'; readonly channel: string }
  | { readonly kind: 'slackWebhook' }
  | { readonly kind: 'mail'; readonly address: string }
  | { readonly kind: 'webhook'; readonly id: string };

/** Every address of the owner's route, Slack's webhook included: as a fallback it is one that nobody sees until it is needed. */
export function addressesOf(config: Config, owner: string): readonly Address[] {
  const { slack, mail, webhooks } = routeOf(config, owner);
  const { tokenSecret, webhookSecret } = config.notifications.slack ?? {};
  return [
    ...(slack === undefined || tokenSecret === undefined ? [] : [{ kind: 'slack', channel: slack } as const]),
    ...(slack === undefined || webhookSecret === undefined ? [] : [{ kind: 'slackWebhook' } as const]),
    ...mail.map((address) => ({ kind: 'mail', address }) as const),
    ...webhooks.map((id) => ({ kind: 'webhook', id }) as const),
  ];
}

export function addressName(address: Address): string {
  switch (address.kind) {
    case 'slack':
      return `Slack ${address.channel}`;
    case 'slackWebhook':
      return 'Slack webhook';
    case 'mail':
      return `mail ${address.address}`;
    case 'webhook':
      return `webhook ${address.id}`;
  }
}
