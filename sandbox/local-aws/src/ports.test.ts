import { randomUUID } from 'node:crypto';

import { cloudTrail } from '@keyturn/aws/cloud-trail';
import { awsClients } from '@keyturn/aws/clients';
import { createLedgerTable } from '@keyturn/aws/create-ledger-table';
import { dynamoLedger } from '@keyturn/aws/dynamo-ledger';
import { eventBridgeBus } from '@keyturn/aws/event-bridge-bus';
import { testEventBus } from '@keyturn/aws/event-bus.conformance';
import { testLedger } from '@keyturn/aws/ledger.conformance';
import { testMailer } from '@keyturn/aws/mailer.conformance';
import { sdkSecretsManager } from '@keyturn/aws/sdk-secrets-manager';
import { testSecretStore } from '@keyturn/aws/secret-store.conformance';
import { sesMailer } from '@keyturn/aws/ses-mailer';
import { checkTrail } from '@keyturn/aws/trail';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { localAws, type LocalAws } from './local-aws.ts';

// The ports over the ordinary SDK, with their own suites.

let aws: LocalAws;
let clients: ReturnType<typeof awsClients>;
beforeAll(async () => {
  aws = await localAws({ rotationAttempts: 1 });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  clients = awsClients({ endpoint: aws.url, region: aws.region, credentials });
});
afterAll(() => aws.close());

testSecretStore('Secrets Manager of local-aws', () => {
  const { arn: lambdaArn } = aws.functions.register('fails', () => {
    throw new Error('down');
  });
  return { calls: sdkSecretsManager(clients.secretsManager()), lambdaArn };
});

testLedger('DynamoDB of local-aws', async () => {
  const table = `ledger-${randomUUID()}`;
  const client = clients.dynamo();
  await createLedgerTable(client, table);
  return dynamoLedger({ client, table });
});

testEventBus('EventBridge of local-aws', () => {
  const { name: busName } = aws.buses.create(randomUUID());
  const clock = { now: () => Date.now(), sleep: async () => {} };
  return {
    bus: eventBridgeBus({ client: clients.eventBridge(), busName, clock }),
    published: () =>
      aws.events
        .filter((event) => event.bus === busName)
        .map(
          ({ source, 'detail-type': detailType, resources, detail }) =>
            ({ source, 'detail-type': detailType, resources, detail }) as never,
        ),
  };
});

testMailer('SES of local-aws', () => {
  const before = aws.mailbox.mails.length;
  return {
    mailer: sesMailer({ client: clients.ses(), from: 'keyturn@example.com' }),
    delivered: () => aws.mailbox.mails.slice(before).map((mail) => mail as never),
  };
});

test('CloudTrail of local-aws says that it records', async () => {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

  const trails = await cloudTrail({ endpoint: aws.url, region: aws.region, credentials });

  expect(await checkTrail(trails)).toMatchObject({ outcome: 'recorded' });
});
