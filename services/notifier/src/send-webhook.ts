import type { WebhookConfig } from '@keyturn/config/notifications-config';
import type { HttpOptions } from '@keyturn/http/http-exchange';
import { send } from '@keyturn/http/send';
import { PermanentError } from '@keyturn/rotation/errors';

import { channelSecret, named, type ChannelSecrets } from './channel-secret.ts';
import { keyturnFormat } from './keyturn-format.ts';
import { pagerdutyFormat } from './pagerduty-format.ts';
import { servicenowFormat } from './servicenow-format.ts';
import { teamsFormat } from './teams-format.ts';
import type { Webhook, WebhookFormat } from './webhook.ts';

const formats: Readonly<Record<WebhookConfig['format'], WebhookFormat>> = {
  keyturn: keyturnFormat,
  teams: teamsFormat,
  pagerduty: pagerdutyFormat,
  servicenow: servicenowFormat,
};

type Options = {
  readonly id: string;
  readonly config: WebhookConfig;
  readonly secrets: ChannelSecrets;
  readonly http: HttpOptions;
};

/** One attempt: the queue retries, for hours and without a function that waits. */
export function webhook({ id, config, secrets, http }: Options): Webhook {
  const { url, secret, format } = config;
  const field = `notifications.webhooks.${id}`;
  const { interest, request } = formats[format];
  return {
    interest,
    async send(delivery) {
      const known = await channelSecret(secrets, secret, `${field}.secret`);
      const context = { url, field: `${field}.secret`, now: http.clock.now() };
      const { within, headers = {}, json } = request(delivery, known, context);
      const { origin, pathname } = new URL(url);
      const call = {
        operation: `Webhook ${id}`,
        method: 'POST',
        ...(within === undefined ? { baseUrl: origin, path: pathname } : { baseUrl: url, ...within }),
        headers: { ...headers, 'x-keyturn-delivery': delivery.id },
        body: { json },
        idempotent: false,
      } as const;
      const { status, summary } = await send(call, http).catch((error: unknown) => {
        throw named(error, field);
      });
      if (status >= 300) throw new PermanentError('provider-refused', summary, { field });
    },
  };
}
