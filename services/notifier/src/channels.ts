import { awsClients, type AwsOptions } from '@keyturn/aws/clients';
import type { SecretReader } from '@keyturn/aws/secret-store';
import { sesMailer } from '@keyturn/aws/ses-mailer';
import type { Config } from '@keyturn/config/config';
import type { HttpOptions } from '@keyturn/http/http-exchange';
import { httpFetch } from '@keyturn/http/http-fetch';
import { configuredNetwork } from '@keyturn/lambda/configured-network';

import { webhook } from './send-webhook.ts';
import { slackChannel } from './slack-channel.ts';
import { slackWebhook } from './slack-webhook.ts';
import type { Deps } from './tell-story.ts';

type Options = {
  readonly notifications: Config['notifications'];
  readonly secrets: Pick<SecretReader, 'value'>;
  /** Of SES; without the way to it, which `notifications.network` says. */
  readonly aws: Omit<AwsOptions, 'httpsAgent'>;
} & Pick<HttpOptions, 'clock' | 'random'>;

type Channels = Pick<Deps, 'slack' | 'slackWebhook' | 'mailer' | 'webhooks'>;

/** Every channel that is configured, each by `notifications.network`. What else the notifier asks of AWS goes straight. */
export function channels({ notifications, secrets, aws, clock, random }: Options): Channels {
  const { slack, mail, webhooks } = notifications;
  const network = configuredNetwork(notifications.network, { secrets, field: 'notifications.network' });
  const timeoutMs = 5000;
  const http = (allowHttp: readonly string[]): HttpOptions => ({ clock, random, network, timeoutMs, allowHttp });
  return {
    slack:
      slack?.tokenSecret === undefined
        ? undefined
        : slackChannel({
            secrets,
            tokenSecret: slack.tokenSecret,
            apiUrl: slack.apiUrl,
            fetch: httpFetch('call Slack', http(slack.allowHttp)),
            timeoutMs,
          }),
    slackWebhook:
      slack?.webhookSecret === undefined
        ? undefined
        : slackWebhook({
            secrets,
            webhookSecret: slack.webhookSecret,
            webhookUrl: slack.webhookUrl,
            http: http(slack.allowHttp),
          }),
    mailer:
      mail && sesMailer({ client: awsClients({ ...aws, httpsAgent: network.kept.httpsAgent }).ses(), from: mail.from }),
    webhooks: new Map(
      Object.entries(webhooks).map(([id, config]) => [
        id,
        webhook({ id, config, secrets, http: http(config.allowHttp) }),
      ]),
    ),
  };
}
