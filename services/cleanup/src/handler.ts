import { awsClients } from '@keyturn/aws/clients';
import { dynamoLedger } from '@keyturn/aws/dynamo-ledger';
import { eventBridgeBus } from '@keyturn/aws/event-bridge-bus';
import { lambdaInvoke } from '@keyturn/aws/lambda-invoke';
import { sdkSecretsManager } from '@keyturn/aws/sdk-secrets-manager';
import { secretStore } from '@keyturn/aws/secrets-manager-store';
import { sqsConsumed } from '@keyturn/aws/sqs-queue';
import { ssmFleet } from '@keyturn/aws/ssm-fleet';
import { adapterFunctions } from '@keyturn/config/names';
import { invokedIssueProvider, invokedRetireProvider } from '@keyturn/credential-provider/invoked-provider';
import { readEnv } from '@keyturn/lambda/env';
import { loadConfig } from '@keyturn/lambda/load-config';
import { logger } from '@keyturn/lambda/log';
import { onInvoke } from '@keyturn/lambda/on-invoke';
import { onQueue } from '@keyturn/lambda/on-queue';
import { systemClock } from '@keyturn/lambda/system-clock';
import { newId } from '@keyturn/lambda/system-random';
import * as z from 'zod';

import type { Deps } from './deps.ts';
import { parseOutcome, settleRotation } from './settle-rotation.ts';
import { sweepDue } from './sweep-due.ts';

const env = readEnv({
  KEYTURN_CONFIG: z.string(),
  BUS_NAME: z.string(),
  TABLE_NAME: z.string(),
  FLEET_PARAMETER: z.string(),
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
  issue: (id) => invokedIssueProvider(invoke, functions.issue(id)),
  retire: (id) => invokedRetireProvider(invoke, functions.retire(id)),
  ledger: dynamoLedger({ client: clients.dynamo(), table: env.TABLE_NAME }),
  bus: eventBridgeBus({ client: clients.eventBridge(), busName: env.BUS_NAME, clock: systemClock }),
  fleet: ssmFleet({ client: clients.ssm(), parameter: env.FLEET_PARAMETER }),
  clock: systemClock,
  newId,
  log: logger('cleanup'),
};

/** Called for each SecretRotated, RotationFailed and VerificationFailed, and for each VersionAdopted that a reader sends. */
export const handler = onQueue({
  service: 'cleanup',
  parse: parseOutcome,
  handle: (outcome) => settleRotation(outcome, deps),
  consumed: sqsConsumed({
    client: clients.sqs(),
    queueUrl: env.QUEUE_URL,
    deadLetterQueueUrl: env.DEAD_LETTER_QUEUE_URL,
  }),
});

/** Called by the schedule, every 5 minutes. */
export const sweep = onInvoke({ service: 'sweep', handle: (_, { deadline }) => sweepDue(deadline, deps) });
