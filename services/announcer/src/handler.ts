import { awsClients } from '@keyturn/aws/clients';
import { dynamoLedger } from '@keyturn/aws/dynamo-ledger';
import { eventBridgeBus } from '@keyturn/aws/event-bridge-bus';
import { sdkSecretsManager } from '@keyturn/aws/sdk-secrets-manager';
import { secretStore } from '@keyturn/aws/secrets-manager-store';
import { sqsConsumed } from '@keyturn/aws/sqs-queue';
import type { SecretRotation } from '@keyturn/events/secret-rotation';
import { readEnv } from '@keyturn/lambda/env';
import { loadConfig } from '@keyturn/lambda/load-config';
import { onQueue } from '@keyturn/lambda/on-queue';
import { systemClock } from '@keyturn/lambda/system-clock';
import { newId } from '@keyturn/lambda/system-random';
import * as z from 'zod';

import { handleNotice } from './handle-notice.ts';
import { parseNotice } from './parse-notice.ts';

const env = readEnv({
  KEYTURN_CONFIG: z.string(),
  BUS_NAME: z.string(),
  TABLE_NAME: z.string(),
  QUEUE_URL: z.string(),
  DEAD_LETTER_QUEUE_URL: z.string(),
  AWS_ENDPOINT_URL: z.string().optional(),
});
const clients = awsClients({ endpoint: env.AWS_ENDPOINT_URL });

const config = loadConfig(env.KEYTURN_CONFIG);
const busOf = { client: clients.eventBridge(), clock: systemClock };

const deps = {
  config,
  secrets: secretStore(sdkSecretsManager(clients.secretsManager())),
  ledger: dynamoLedger({ client: clients.dynamo(), table: env.TABLE_NAME }),
  bus: eventBridgeBus({ ...busOf, busName: env.BUS_NAME }),
  defaultBus: config.compatibility.secretRotation
    ? eventBridgeBus<SecretRotation>({ ...busOf, busName: 'default' })
    : undefined,
  clock: systemClock,
  newId,
};

/** Called for each message of the announcer's queue. */
export const handler = onQueue({
  service: 'announcer',
  parse: parseNotice,
  handle: (notice) => handleNotice(notice, deps),
  consumed: sqsConsumed({
    client: clients.sqs(),
    queueUrl: env.QUEUE_URL,
    deadLetterQueueUrl: env.DEAD_LETTER_QUEUE_URL,
  }),
});
