import * as z from 'zod';

import { hostname, id, mailSender, secretName } from './field.ts';
import { network } from './network-config.ts';

const allowHttp = z.array(hostname).default([]).meta({ description: 'Hosts that may be called without TLS' });

const slack = z.strictObject({
  tokenSecret: secretName
    .optional()
    .meta({ description: 'Name or ARN of the secret that holds the bot token, as text' }),
  webhookSecret: secretName.optional().meta({
    description:
      'Name or ARN of the secret that holds an incoming webhook, as text: what follows webhookUrl. It takes all messages where there is no bot, and alerts that the bot cannot deliver',
  }),
  apiUrl: z.url().default('https://slack.com/api/'),
  webhookUrl: z.url().default('https://hooks.slack.com/services/'),
  allowHttp,
});

const webhook = z.strictObject({
  url: z.url().meta({
    description:
      'Where it goes. For teams only the beginning of the URL, which names the host: the rest is secret and stands in the secret',
  }),
  secret: secretName.meta({
    description:
      "Name or ARN of the secret. keyturn: the key of the signature. teams: the rest of the workflow's URL. pagerduty: the routing key. servicenow: JSON with username and password, or with token",
  }),
  format: z.enum(['keyturn', 'teams', 'pagerduty', 'servicenow']),
  allowHttp,
});

export const notifications = z.strictObject({
  slack: slack.optional(),
  mail: z.strictObject({ from: mailSender }).optional(),
  webhooks: z.record(id, webhook).default({}).meta({ description: 'Other systems that hear of it; routes name them' }),
  network: network.prefault({}).meta({ description: 'Of the notifier: how it reaches Slack, SES and webhooks' }),
});
export type SlackConfig = z.output<typeof slack>;
export type WebhookConfig = z.output<typeof webhook>;
