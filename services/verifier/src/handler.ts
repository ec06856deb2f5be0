import { awsClients } from '@keyturn/aws/clients';
import { dynamoLedger } from '@keyturn/aws/dynamo-ledger';
import { eventBridgeBus } from '@keyturn/aws/event-bridge-bus';
import { lambdaInvoke } from '@keyturn/aws/lambda-invoke';
import { sdkSecretsManager } from '@keyturn/aws/sdk-secrets-manager';
import { secretStore } from '@keyturn/aws/secrets-manager-store';
import { sqsConsumed } from '@keyturn/aws/sqs-queue';
import { adapterFunctions } from '@keyturn/config/names';
import { invokedIssueProvider } from '@keyturn/credential-provider/invoked-provider';
import { SecretRotated } from '@keyturn/events/secret-rotated';
import { readEnv } from '@keyturn/lambda/env';
import { loadConfig } from '@keyturn/lambda/load-config';
import { onQueue } from '@keyturn/lambda/on-queue';
import { systemClock } from '@keyturn/lambda/system-clock';
import { newId } from '@keyturn/lambda/system-random';
import * as z from 'zod';

import { verifyCurrent, type Deps } from './verify-current.ts';

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
const invoke = lambdaInvoke(clients.lambda());
const functions = adapterFunctions(config);

const deps: Deps = {
  config,
  secrets: secretStore(sdkSecretsManager(clients.secretsManager())),
  ledger: dynamoLedger({ client: clients.dynamo(), table: env.TABLE_NAME }),
  provider: (id) => invokedIssueProvider(invoke, functions.issue(id)),
  bus: eventBridgeBus({ client: clients.eventBridge(), busName: env.BUS_NAME, clock: systemClock }),
  clock: systemClock,
  newId,
};

/** Called for each SecretRotated. */
export const handler = onQueue({
  service: 'verifier',
  parse: (body) => SecretRotated.parse(body),
  handle: (rotated) => verifyCurrent(rotated, deps),
  consumed: sqsConsumed({
    client: clients.sqs(),
    queueUrl: env.QUEUE_URL,
    deadLetterQueueUrl: env.DEAD_LETTER_QUEUE_URL,
  }),
});
