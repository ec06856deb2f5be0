import { CreateTableCommand, GetItemCommand, PutItemCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { SendEmailCommand } from '@aws-sdk/client-sesv2';
import { DeleteParameterCommand, GetParameterCommand, PutParameterCommand } from '@aws-sdk/client-ssm';
import { awsClients } from '@keyturn/aws/clients';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { localAws, type LocalAws } from './local-aws.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.close());

const clients = () =>
  awsClients({
    endpoint: aws.url,
    region: aws.region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });

test('SSM keeps parameters', async () => {
  const ssm = clients().ssm();
  const put = (Value: string, more: object = {}) =>
    ssm.send(new PutParameterCommand({ Name: '/keyturn/dev/fleet', Value, ...more }));

  await expect(put('running')).rejects.toMatchObject({ name: 'ValidationException' });
  await put('running', { Type: 'String' });
  await expect(put('paused')).rejects.toMatchObject({ name: 'ParameterAlreadyExists' });
  await put('paused', { Overwrite: true });

  const { Parameter } = await ssm.send(new GetParameterCommand({ Name: '/keyturn/dev/fleet' }));
  expect(Parameter).toMatchObject({ Value: 'paused', Type: 'String', Version: 2 });

  await ssm.send(new DeleteParameterCommand({ Name: '/keyturn/dev/fleet' }));
  const gone = ssm.send(new GetParameterCommand({ Name: '/keyturn/dev/fleet' }));
  await expect(gone).rejects.toMatchObject({ name: 'ParameterNotFound' });
});

test('SES puts mail into a mailbox that can be read over HTTP', async () => {
  const ses = clients().ses();
  const mail = (to: string) =>
    new SendEmailCommand({
      FromEmailAddress: 'Keyturn <keyturn@example.com>',
      Destination: { ToAddresses: [to] },
      Content: {
        Simple: {
          Subject: { Data: 'Rotated' },
          Body: { Text: { Data: 'text' }, Html: { Data: '<p>html</p>' } },
          Headers: [{ Name: 'References', Value: '<thread@keyturn>' }],
        },
      },
    });

  const { MessageId } = await ses.send(mail('owner@example.com'));

  const read: unknown = await (await fetch(`${aws.url}/_local/mails`)).json();
  expect(read).toEqual(aws.mailbox.mails);
  expect(read).toMatchObject([
    {
      messageId: MessageId,
      from: 'Keyturn <keyturn@example.com>',
      to: ['owner@example.com'],
      subject: 'Rotated',
      text: 'text',
      html: '<p>html</p>',
      headers: { References: '<thread@keyturn>' },
    },
  ]);

  aws.mailbox.refuse('nobody@example.com');
  await expect(ses.send(mail('nobody@example.com'))).rejects.toMatchObject({ name: 'MessageRejected' });
  await expect(ses.send(mail('not an address'))).rejects.toMatchObject({ name: 'BadRequestException' });
  expect(aws.mailbox.mails).toHaveLength(1);
});

test('DynamoDB keeps items with conditions', async () => {
  const dynamo = clients().dynamo();
  await dynamo.send(
    new CreateTableCommand({
      TableName: 'ledger',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    }),
  );
  await waitUntilTableExists(
    { client: dynamo, maxWaitTime: 30, minDelay: 0.01, maxDelay: 0.1 },
    { TableName: 'ledger' },
  );
  const put = () =>
    dynamo.send(
      new PutItemCommand({
        TableName: 'ledger',
        Item: { pk: { S: 'a' } },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    );

  await put();

  await expect(put()).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
  expect((await dynamo.send(new GetItemCommand({ TableName: 'ledger', Key: { pk: { S: 'a' } } }))).Item).toEqual({
    pk: { S: 'a' },
  });
});

test('two of them share nothing', async () => {
  const other = await localAws();
  aws.queues.create('only-here', {});

  expect(other.queues.list()).toEqual([]);
  await other.close();
});
