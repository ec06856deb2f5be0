import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { expect, onTestFinished, test } from 'vitest';

import { localAws } from './local-aws.ts';

const stranger = '444455556666';

async function setUp(change: object = {}) {
  const aws = await localAws();
  onTestFinished(() => aws.close());
  const bus = aws.buses.create('facts');
  const statement = {
    Effect: 'Allow',
    Principal: { AWS: [`arn:aws:iam::${stranger}:root`] },
    Action: 'events:PutEvents',
    Resource: bus.arn,
    Condition: {
      Null: { 'events:source': 'false' },
      'ForAllValues:StringEquals': { 'events:source': 'shop' },
      StringEquals: { 'events:detail-type': ['Bought'] },
    },
    ...change,
  };
  bus.policy = JSON.stringify({ Statement: [statement] });
  const put = (account: string, entry: object = {}) => {
    const credentials = { accessKeyId: account, secretAccessKey: 'local' };
    const client = new EventBridgeClient({ endpoint: aws.url, region: aws.region, credentials, maxAttempts: 1 });
    const known = { EventBusName: bus.arn, Source: 'shop', DetailType: 'Bought', Detail: '{}' };
    return client.send(new PutEventsCommand({ Entries: [{ ...known, ...entry }] }));
  };
  return { aws, put };
}

test('an event is of the account whose credentials put it: twelve digits as access key id', async () => {
  const { aws, put } = await setUp();

  await put(stranger);
  await put('local', { Source: 'ours', DetailType: 'Anything' });
  await put(aws.account, { Source: 'ours', DetailType: 'Anything' });

  expect(aws.events.map(({ account }) => account)).toEqual([stranger, aws.account, aws.account]);
});

test.each([
  ['another account', '123412341234', {}],
  ['another source', stranger, { Source: 'keyturn' }],
  ['another type', stranger, { DetailType: 'Sold' }],
  ['another bus', stranger, { EventBusName: 'default' }],
])('the policy of the bus lets no other account put: %s', async (_, account, entry) => {
  const { aws, put } = await setUp();

  await expect(put(account, entry)).rejects.toMatchObject({ name: 'AccessDeniedException' });

  expect(aws.events).toEqual([]);
});

test.each([
  ['a denial', { Effect: 'Deny' }],
  ['another action', { Action: 'events:PutRule' }],
  ['another bus', { Resource: 'arn:aws:events:eu-central-1:123456789012:event-bus/other' }],
  ['a condition that is not played', { Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } } }],
  ['everybody', { Principal: '*' }],
])('a statement of another form allows nothing here: %s', async (_, change) => {
  const { put } = await setUp(change);

  await expect(put(stranger)).rejects.toMatchObject({ name: 'AccessDeniedException' });
});
