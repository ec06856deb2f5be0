import type { HttpOptions } from '@keyturn/http/http-exchange';
import { send } from '@keyturn/http/send';
import { PermanentError } from '@keyturn/rotation/errors';

import { channelSecret, named, type ChannelSecrets } from './channel-secret.ts';
import { secretAddress } from './secret-address.ts';
import type { SlackMessage } from './slack-channel.ts';

const field = 'notifications.slack.webhookSecret';

/**
 * An incoming webhook of Slack: single messages in the one channel that it was made for. TransientError: Slack is busy or gives no answer, and the
 * message may have been posted all the same. PermanentError: `field` names the webhook's secret, or one of `notifications.network`.
 */
export type SlackWebhook = { post(message: SlackMessage): Promise<void> };

type Options = {
  readonly secrets: ChannelSecrets;
  /** Name or ARN of the secret whose text is what follows `webhookUrl`. */
  readonly webhookSecret: string;
  readonly webhookUrl: string;
  readonly http: HttpOptions;
};

export function slackWebhook({ secrets, webhookSecret, webhookUrl, http }: Options): SlackWebhook {
  return {
    async post({ text, blocks, metadata }) {
      const rest = await channelSecret(secrets, webhookSecret, field);
      const { path, query } = secretAddress(webhookUrl, rest.reveal(), field);
      const json = { text, blocks, metadata, unfurl_links: false, unfurl_media: false };
      const request = {
        operation: 'Slack webhook',
        method: 'POST',
        baseUrl: webhookUrl,
        path,
        query,
        body: { json },
        idempotent: false,
      } as const;
      const { status, text: answer } = await send(request, http).catch((error: unknown) => {
        throw named(error, field);
      });
      if (status >= 300) {
        throw new PermanentError('provider-refused', `Slack answered ${codeOf(answer.reveal()) ?? status}`, { field });
      }
    },
  };
}

// Of docs.slack.dev/messaging/sending-messages-using-incoming-webhooks. Only these are repeated: an answer may hold anything.
const codes = new Set([
  'action_prohibited',
  'channel_is_archived',
  'channel_not_found',
  'invalid_payload',
  'invalid_token',
  'no_active_hooks',
  'no_service',
  'no_service_id',
  'no_team',
  'no_text',
  'posting_to_general_channel_denied',
  'team_disabled',
  'too_many_attachments',
  'user_not_found',
]);

function codeOf(answer: string): string | undefined {
  const code = answer.trim();
  return codes.has(code) ? code : undefined;
}
