import type { Config } from './config.ts';
import { ownProviders } from './own-providers.ts';
import { mastersOf } from './provider-config.ts';

/** A secret that the configuration names: whose credential Keyturn itself uses, and that a person has to change. */
export type NamedSecret = {
  /** Where the configuration names it. */ readonly field: string;
  /** Name or ARN. */ readonly name: string;
};

export function namedSecrets({ notifications, providers }: Config): readonly NamedSecret[] {
  const { slack, webhooks, network: ofNotifier } = notifications;
  const named: (readonly [string, string | undefined])[] = [
    ['notifications.slack.tokenSecret', slack?.tokenSecret],
    ['notifications.slack.webhookSecret', slack?.webhookSecret],
    ...Object.entries(webhooks).map(([id, { secret }]) => [`notifications.webhooks.${id}.secret`, secret] as const),
    ['notifications.network.proxySecret', ofNotifier.proxySecret],
    ...ownProviders({ providers }).flatMap(([id, { adminSecret, retireSecret, network }]) => [
      [`providers.${id}.adminSecret`, adminSecret] as const,
      [`providers.${id}.retireSecret`, retireSecret] as const,
      [`providers.${id}.network.proxySecret`, network.proxySecret] as const,
    ]),
    ...Object.entries(providers).flatMap(([id, provider]) =>
      mastersOf(provider).map((name, index) => [`providers.${id}.masters.${index}`, name] as const),
    ),
  ];
  return named.flatMap(([field, name]) => (name === undefined ? [] : [{ field, name }]));
}
