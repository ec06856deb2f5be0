import { awsClients } from '@keyturn/aws/clients';
import { eventBridgeBus } from '@keyturn/aws/event-bridge-bus';
import { lambdaInvoke } from '@keyturn/aws/lambda-invoke';
import { sdkSecretsManager } from '@keyturn/aws/sdk-secrets-manager';
import { secretStore } from '@keyturn/aws/secrets-manager-store';
import { sqsQueue } from '@keyturn/aws/sqs-queue';
import { adapterFunctions } from '@keyturn/config/names';
import { invokedIssueProvider } from '@keyturn/credential-provider/invoked-provider';
import { readEnv } from '@keyturn/lambda/env';
import { loadConfig } from '@keyturn/lambda/load-config';
import { logger } from '@keyturn/lambda/log';
import { onInvoke } from '@keyturn/lambda/on-invoke';
import { systemClock } from '@keyturn/lambda/system-clock';
import { newId } from '@keyturn/lambda/system-random';
import * as z from 'zod';

import { failureCount } from './failure-count.ts';
import { rotateSecret } from './rotate-secret.ts';
import { aboutRequest, parseRotationRequest } from './rotation-request.ts';
import type { Deps } from './rotation.ts';

const service = 'rotation-handler';
const env = readEnv({
  KEYTURN_CONFIG: z.string(),
  BUS_NAME: z.string(),
  ANNOUNCER_QUEUE_URL: z.string(),
  AWS_ENDPOINT_URL: z.string().optional(),
});
const clients = awsClients({ endpoint: env.AWS_ENDPOINT_URL });
const config = loadConfig(env.KEYTURN_CONFIG);
const invoke = lambdaInvoke(clients.lambda());
const functions = adapterFunctions(config);

const deps: Deps = {
  config,
  secrets: secretStore(sdkSecretsManager(clients.secretsManager())),
  bus: eventBridgeBus({ client: clients.eventBridge(), busName: env.BUS_NAME, clock: systemClock }),
  hints: sqsQueue({ client: clients.sqs(), queueUrl: env.ANNOUNCER_QUEUE_URL }),
  clock: systemClock,
  newId,
  provider: (id) => invokedIssueProvider(invoke, functions.issue(id)),
  countFailure: failureCount(),
  log: logger(service),
};

/** Called by Secrets Manager, once for each step. */
export const handler = onInvoke({
  service,
  about: aboutRequest,
  handle: (payload, { functionArn, deadline }) =>
    rotateSecret({ request: parseRotationRequest(payload), ownArn: functionArn, deadline }, deps),
});
