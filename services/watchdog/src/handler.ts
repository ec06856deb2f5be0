import { awsClients } from '@keyturn/aws/clients';
import { dynamoLedger } from '@keyturn/aws/dynamo-ledger';
import { eventBridgeBus } from '@keyturn/aws/event-bridge-bus';
import { lambdaInvoke } from '@keyturn/aws/lambda-invoke';
import { sdkSecretsManager } from '@keyturn/aws/sdk-secrets-manager';
import { secretStore } from '@keyturn/aws/secrets-manager-store';
import { sqsQueue } from '@keyturn/aws/sqs-queue';
import { ssmFleet } from '@keyturn/aws/ssm-fleet';
import { adapterFunctions } from '@keyturn/config/names';
import { invokedIssueProvider, invokedRetireProvider } from '@keyturn/credential-provider/invoked-provider';
import { readEnv } from '@keyturn/lambda/env';
import { loadConfig } from '@keyturn/lambda/load-config';
import { logger } from '@keyturn/lambda/log';
import { emfMetrics } from '@keyturn/lambda/metrics';
import { onInvoke } from '@keyturn/lambda/on-invoke';
import { systemClock } from '@keyturn/lambda/system-clock';
import { newId } from '@keyturn/lambda/system-random';
import * as z from 'zod';

import type { Deps } from './deps.ts';
import { watchFleet } from './watch-fleet.ts';

const env = readEnv({
  KEYTURN_CONFIG: z.string(),
  BUS_NAME: z.string(),
  TABLE_NAME: z.string(),
  FLEET_PARAMETER: z.string(),
  ANNOUNCER_QUEUE_URL: z.string(),
  CLEANUP_QUEUE_URL: z.string(),
  // Where no CloudWatch reads the log, they are lines for nobody.
  METRICS: z.enum(['on', 'off']).default('on'),
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
  announcerQueue: sqsQueue({ client: clients.sqs(), queueUrl: env.ANNOUNCER_QUEUE_URL }),
  cleanupQueue: sqsQueue({ client: clients.sqs(), queueUrl: env.CLEANUP_QUEUE_URL }),
  issue: (id) => invokedIssueProvider(invoke, functions.issue(id)),
  retire: (id) => invokedRetireProvider(invoke, functions.retire(id)),
  fleet: ssmFleet({ client: clients.ssm(), parameter: env.FLEET_PARAMETER }),
  bus: eventBridgeBus({ client: clients.eventBridge(), busName: env.BUS_NAME, clock: systemClock }),
  metrics:
    env.METRICS === 'on'
      ? emfMetrics({ stage: config.stage, service: 'watchdog', clock: systemClock })
      : { put: () => {} },
  clock: systemClock,
  newId,
  log: logger('watchdog'),
};

/** Called by the schedule, every hour. */
export const handler = onInvoke({ service: 'watchdog', handle: (_, { deadline }) => watchFleet(deadline, deps) });
