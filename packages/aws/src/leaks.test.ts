import { hidden } from '@keyturn/rotation/hidden';
import { expect, onTestFinished, test } from 'vitest';

import { awsClients, type AwsClients } from './clients.ts';
import { dynamoLedger } from './dynamo-ledger.ts';
import { eventBridgeBus } from './event-bridge-bus.ts';
import { exampleEvent } from './event-bus.conformance.ts';
import { lambdaInvoke } from './lambda-invoke.ts';
import { leakSearch } from './leak-search.ts';
import { loopbackAws, type LoopbackAnswer, type Received } from './loopback-aws.ts';
import { renderings } from './renderings.ts';
import { sdkSecretsManager } from './sdk-secrets-manager.ts';
import { secretStore } from './secrets-manager-store.ts';
import { sesMailer } from './ses-mailer.ts';
import { sqsConsumed, sqsQueue } from './sqs-queue.ts';
import { ssmFleet } from './ssm-fleet.ts';

const canary = 'canary/+7f3e "q9Zx';
const search = leakSearch();
search.add('canary', canary, 6);
const secretArn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders-abcdef';
const token = '0d1c2b3a-0000-4000-8000-000000000001';

// Servers at their worst: whatever was asked, and a secret besides, is in what they answer.
const quoting = ({ text }: Received) => `1 validation error: Value '${text}' (${canary}) failed to satisfy constraint`;
const answers: Record<string, (request: Received) => LoopbackAnswer> = {
  'a refusal that quotes the request': (request) => ({
    status: 400,
    json: { __type: 'ValidationException', message: quoting(request), Message: quoting(request) },
  }),
  'a denial that quotes the request': (request) => ({
    status: 403,
    json: { __type: 'AccessDeniedException', message: quoting(request), Message: quoting(request) },
    headers: { 'x-amzn-errortype': 'AccessDeniedException' },
  }),
  'an error whose name is the secret': () => ({
    status: 400,
    json: { __type: canary },
    headers: { 'x-amzn-requestid': canary },
  }),
  'a page that quotes the request': (request) => ({ status: 502, html: `<html>${quoting(request)}</html>` }),
  'a page instead of an answer': (request) => ({ html: `<html>${quoting(request)}</html>` }),
  // A parser quotes where it stopped.
  'a text that begins with the secret': () => ({ html: canary }),
  'an answer of another form': (request) => ({
    json: {
      Entries: [{ ErrorCode: canary, ErrorMessage: quoting(request) }],
      CreatedDate: canary,
      SecretString: canary,
    },
  }),
  'a function that failed': (request) => ({
    json: { errorMessage: quoting(request), stack: [canary] },
    headers: { 'x-amz-function-error': 'Unhandled' },
  }),
  'no answer': () => 'hang-up',
};

const clock = { now: () => 0, sleep: async () => {} };

const calls: Record<string, (clients: AwsClients) => Promise<unknown>> = {
  putPending: (clients) =>
    secretStore(sdkSecretsManager(clients.secretsManager())).putPending({
      arn: secretArn,
      token,
      text: hidden(canary),
      rotationToken: canary,
    }),
  value: (clients) => secretStore(sdkSecretsManager(clients.secretsManager())).value(secretArn, {}),
  invoke: (clients) => lambdaInvoke(clients.lambda())('keyturn-test-apigee-issue', { secret: canary }),
  publish: (clients) =>
    eventBridgeBus({ client: clients.eventBridge(), busName: 'b', clock }).publish(
      exampleEvent(`https://example.com/${canary}`),
    ),
  send: (clients) => sqsQueue({ client: clients.sqs(), queueUrl: 'https://sqs.invalid/q' }).send({ secret: canary }),
  deadLetter: (clients) =>
    sqsConsumed({
      client: clients.sqs(),
      queueUrl: 'https://sqs.invalid/q',
      deadLetterQueueUrl: 'https://sqs.invalid/dlq',
    }).deadLetter(canary, { reason: 'malformed', field: undefined, message: '' }),
  mail: (clients) =>
    sesMailer({ client: clients.ses(), from: 'a@example.com' }).send({
      to: ['b@example.com'],
      subject: canary,
      text: canary,
      html: canary,
      thread: canary,
    }),
  ledger: (clients) =>
    dynamoLedger({ client: clients.dynamo(), table: 't' }).write({ partition: 'p', row: 'r' }, { secret: canary }, 1),
  fleet: (clients) => ssmFleet({ client: clients.ssm(), parameter: '/p' }).set('paused'),
};

test.each(Object.keys(answers))('no error tells a secret that was sent or received: %s', async (kind) => {
  const server = await loopbackAws(answers[kind]!);
  onTestFinished(() => server.stop());
  const credentials = { accessKeyId: 'local', secretAccessKey: canary };
  const clients = awsClients({ endpoint: server.endpoint, region: 'eu-west-1', credentials, attempts: 1 });

  const outcomes = await Promise.allSettled(Object.values(calls).map((call) => call(clients)));

  const told = outcomes.map((outcome) => (outcome.status === 'rejected' ? renderings(outcome.reason) : ''));
  expect(told.filter((text) => text !== '').length).toBeGreaterThan(0);
  for (const text of told) expect(search.find(text)).toBeUndefined();
});
