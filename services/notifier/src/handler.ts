import { randomUUID } from 'node:crypto';

import { awsClients } from '@keyturn/aws/clients';
import { dynamoLedger } from '@keyturn/aws/dynamo-ledger';
import { sdkSecretsManager } from '@keyturn/aws/sdk-secrets-manager';
import { secretStore } from '@keyturn/aws/secrets-manager-store';
import { sesMailer } from '@keyturn/aws/ses-mailer';
import { sqsConsumed } from '@keyturn/aws/sqs-queue';
import { systemRandom } from '@keyturn/http/random';
import { readEnv } from '@keyturn/lambda/env';
import { loadConfig } from '@keyturn/lambda/load-config';
import { onQueue } from '@keyturn/lambda/on-queue';
import { systemClock } from '@keyturn/lambda/system-clock';
import * as z from 'zod';

import { notifyOwner } from './notify-owner.ts';
import { parseQueuedEvent } from './queued-event.ts';
import { webhook } from './send-webhook.ts';
import { slackChannel } from './slack-channel.ts';
import { slackWebhook } from './slack-webhook.ts';
import type { Deps } from './tell-story.ts';
import { testRoute } from './test-route.ts';

const env = readEnv({
  KEYTURN_CONFIG: z.string(),
  TABLE_NAME: z.string(),
  QUEUE_URL: z.string(),
  DEAD_LETTER_QUEUE_URL: z.string(),
  AWS_ENDPOINT_URL: z.string().optional(),
});
const clients = awsClients({ endpoint: env.AWS_ENDPOINT_URL });
const config = loadConfig(env.KEYTURN_CONFIG);
const { slack, mail, webhooks } = config.notifications;
const secrets = secretStore(sdkSecretsManager(clients.secretsManager()));
const http = (allowHttp: readonly string[]) => ({
  clock: systemClock,
  random: systemRandom,
  timeoutMs: 5000,
  allowHttp,
});

const deps: Deps = {
  config,
  ledger: dynamoLedger({ client: clients.dynamo(), table: env.TABLE_NAME }),
  clock: systemClock,
  newId: randomUUID,
  slack:
    slack?.tokenSecret === undefined
      ? undefined
      : slackChannel({ secrets, tokenSecret: slack.tokenSecret, apiUrl: slack.apiUrl }),
  slackWebhook:
    slack?.webhookSecret === undefined
      ? undefined
      : slackWebhook({
          secrets,
          webhookSecret: slack.webhookSecret,
          webhookUrl: slack.webhookUrl,
          http: http(slack.allowHttp),
        }),
  mailer: mail && sesMailer({ client: clients.ses(), from: mail.from }),
  webhooks: new Map(
    Object.entries(webhooks).map(([id, config]) => [
      id,
      webhook({ id, config, secrets, http: http(config.allowHttp) }),
    ]),
  ),
};

/** Called for each event that an owner may want to hear of. Replayed ones are old news. */
export const handler = onQueue({
  service: 'notifier',
  parse: parseQueuedEvent,
  handle: async (event) => {
    if (event === undefined) return;
    await (event.type === 'NotificationTestRequested' ? testRoute(event, deps) : notifyOwner(event, deps));
  },
  consumed: sqsConsumed({
    client: clients.sqs(),
    queueUrl: env.QUEUE_URL,
    deadLetterQueueUrl: env.DEAD_LETTER_QUEUE_URL,
  }),
});
