import type { Agent } from 'node:https';

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';

export type AwsOptions = {
  /** Of a local AWS; none: the Region's. */
  readonly endpoint?: string | undefined;
  /** Region and credentials come from the environment unless they are given. */
  readonly region?: string | undefined;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  /** How often a call is tried, an invocation excepted. */
  readonly attempts?: number | undefined;
  /** The way to AWS, where it is not a straight one. A local AWS without TLS needs none. */
  readonly httpsAgent?: Agent | undefined;
};

export type AwsClients = {
  readonly secretsManager: () => SecretsManagerClient;
  readonly eventBridge: () => EventBridgeClient;
  readonly sqs: () => SQSClient;
  readonly lambda: () => LambdaClient;
  readonly ses: () => SESv2Client;
  readonly ssm: () => SSMClient;
  readonly dynamo: () => DynamoDBClient;
};

// Without throwOnRequestTimeout the SDK only warns when the time is over.
const timeouts = { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true };
// The protocol of adapters has them answer within 90 seconds. Whoever waits for one lives for 120 or more, and has to outlive one that hangs.
const invokeTimeouts = { ...timeouts, requestTimeout: 95_000 };

/** The SDK's clients, each built when it is asked for first. */
export function awsClients({ endpoint, region, credentials, attempts = 3, httpsAgent }: AwsOptions = {}): AwsClients {
  const given = {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
  };
  const way = httpsAgent === undefined ? {} : { httpsAgent };
  const common = { ...given, maxAttempts: attempts, requestHandler: { ...timeouts, ...way } };
  return {
    secretsManager: once(() => new SecretsManagerClient(common)),
    eventBridge: once(() => new EventBridgeClient(common)),
    // By default the SDK sends to the origin of QueueUrl, past every endpoint that is set: a local run would reach the real AWS.
    sqs: once(() => new SQSClient({ ...common, useQueueUrlAsEndpoint: false })),
    // One attempt: an adapter's call is not repeated behind the caller's back.
    lambda: once(() => new LambdaClient({ ...given, maxAttempts: 1, requestHandler: { ...invokeTimeouts, ...way } })),
    ses: once(() => new SESv2Client(common)),
    ssm: once(() => new SSMClient(common)),
    dynamo: once(() => new DynamoDBClient(common)),
  };
}

function once<Client>(construct: () => Client): () => Client {
  let client: Client | undefined;
  return () => (client ??= construct());
}
