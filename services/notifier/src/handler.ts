import { awsClients } from '@keyturn/aws/clients';
import { dynamoLedger } from '@keyturn/aws/dynamo-ledger';
import { sdkSecretsManager } from '@keyturn/aws/sdk-secrets-manager';
import { secretStore } from '@keyturn/aws/secrets-manager-store';
import { sqsConsumed } from '@keyturn/aws/sqs-queue';
import { readEnv } from '@keyturn/lambda/env';
import { loadConfig } from '@keyturn/lambda/load-config';
import { onQueue } from '@keyturn/lambda/on-queue';
import { systemClock } from '@keyturn/lambda/system-clock';
import { newId, systemRandom } from '@keyturn/lambda/system-random';
import * as z from 'zod';

import { channels } from './channels.ts';
import { notifyOwner } from './notify-owner.ts';
import { parseQueuedEvent } from './queued-event.ts';
import { tellPause } from './tell-pause.ts';
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

const deps: Deps = {
  config,
  ledger: dynamoLedger({ client: clients.dynamo(), table: env.TABLE_NAME }),
  clock: systemClock,
  newId,
  ...channels({
    notifications: config.notifications,
    secrets: secretStore(sdkSecretsManager(clients.secretsManager())),
    aws: { endpoint: env.AWS_ENDPOINT_URL },
    clock: systemClock,
    random: systemRandom,
  }),
};

/** Called for each event that an owner may want to hear of. Replayed ones are old news. */
export const handler = onQueue({
  service: 'notifier',
  parse: parseQueuedEvent,
  handle: async (event) => {
    if (event === undefined) return;
    if (event.type === 'NotificationTestRequested') await testRoute(event, deps);
    else if (event.type === 'FleetPaused') await tellPause(event, deps);
    else await notifyOwner(event, deps);
  },
  consumed: sqsConsumed({
    client: clients.sqs(),
    queueUrl: env.QUEUE_URL,
    deadLetterQueueUrl: env.DEAD_LETTER_QUEUE_URL,
  }),
});
