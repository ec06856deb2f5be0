import { awsClients, type AwsOptions } from '@keyturn/aws/clients';
import type { SecretReader } from '@keyturn/aws/secret-store';
import { sesMailer } from '@keyturn/aws/ses-mailer';
import type { Config } from '@keyturn/config/config';
import { httpFetch } from '@keyturn/http/http-fetch';
import { configuredNetwork } from '@keyturn/lambda/configured-network';

import { slackChannel } from './slack-channel.ts';
import type { Deps } from './tell-story.ts';

type Options = {
  readonly notifications: Config['notifications'];
  readonly secrets: Pick<SecretReader, 'value'>;
  /** Of SES; without the way to it, which `notifications.network` says. */
  readonly aws: Omit<AwsOptions, 'httpsAgent'>;
};

/** Slack and mail as they are configured, both by `notifications.network`. What else the notifier asks of AWS goes straight. */
export function channels({ notifications, secrets, aws }: Options): Pick<Deps, 'slack' | 'mailer'> {
  const { slack, mail } = notifications;
  const network = configuredNetwork(notifications.network, { secrets, field: 'notifications.network' });
  const timeoutMs = 5000;
  return {
    slack:
      slack &&
      slackChannel({
        secrets,
        tokenSecret: slack.tokenSecret,
        apiUrl: slack.apiUrl,
        fetch: httpFetch('call Slack', { allowHttp: slack.allowHttp, network, timeoutMs }),
        timeoutMs,
      }),
    mailer:
      mail && sesMailer({ client: awsClients({ ...aws, httpsAgent: network.kept.httpsAgent }).ses(), from: mail.from }),
  };
}
