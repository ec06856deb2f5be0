import type { LoopbackAnswer, Received } from '@keyturn/aws/loopback-aws';
import { loopbackClients } from '@keyturn/aws/loopback-clients';
import { TransientError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import { sdkSsm } from './sdk-ssm.ts';

const tag = { key: 'Role', values: ['web', 'canary'] };

async function ssmThat(answer: (request: Received) => object) {
  const { clients, server } = await loopbackClients((request): LoopbackAnswer => ({ json: answer(request) }));
  return { ssm: sdkSsm(clients.ssm()), sent: () => server.received.map(({ body }) => body) };
}

const second = (request: Received) => (request.body as { NextToken?: string }).NextToken === 'second';

test('finds the hosts of every page, also those that are off', async () => {
  const { ssm, sent } = await ssmThat((request) =>
    second(request)
      ? { InstanceInformationList: [{ InstanceId: 'i-2', PingStatus: 'ConnectionLost' }] }
      : {
          InstanceInformationList: [{ InstanceId: 'i-1', PingStatus: 'Online', IPAddress: '10.0.0.1' }],
          NextToken: 'second',
        },
  );

  expect(await ssm.hosts(tag)).toEqual([
    { id: 'i-1', online: true, address: '10.0.0.1' },
    { id: 'i-2', online: false, address: undefined },
  ]);
  const filter = { Filters: [{ Key: 'tag:Role', Values: ['web', 'canary'] }], MaxResults: 50 };
  expect(sent()).toEqual([filter, { ...filter, NextToken: 'second' }]);
});

test('ends at a page without hosts, and at an empty token', async () => {
  const { ssm, sent } = await ssmThat(() => ({ NextToken: '' }));

  expect(await ssm.hosts(tag)).toEqual([]);
  expect(sent()).toHaveLength(1);
});

test('has every host run the latest version of the document, whatever another host answers', async () => {
  const { ssm, sent } = await ssmThat(() => ({ Command: { CommandId: 'c-1' } }));

  expect(await ssm.send({ document: 'keyturn-prod-hosts-issue', tag, parameters: { operation: 'list' } })).toBe('c-1');
  expect(sent()).toEqual([
    {
      DocumentName: 'keyturn-prod-hosts-issue',
      DocumentVersion: '$LATEST',
      Targets: [{ Key: 'tag:Role', Values: ['web', 'canary'] }],
      Parameters: { operation: ['list'] },
      TimeoutSeconds: 30,
      MaxConcurrency: '100%',
      MaxErrors: '100%',
      Comment: 'Keyturn',
    },
  ]);
});

test('an answer without a command may pass', async () => {
  const { ssm } = await ssmThat(() => ({}));

  await expect(ssm.send({ document: 'd', tag, parameters: {} })).rejects.toThrow(TransientError);
});

test('tells of every page who answered, who still works and who was not reached', async () => {
  const invocation = (InstanceId: string, Status: string, Output?: string) => ({
    InstanceId,
    Status,
    CommandPlugins: Output === undefined ? [] : [{ Output }],
  });
  const { ssm } = await ssmThat((request) =>
    second(request)
      ? { CommandInvocations: [invocation('i-4', 'Undeliverable'), invocation('i-5', 'Delivery Timed Out')] }
      : {
          CommandInvocations: [
            invocation('i-1', 'Success', 'said'),
            invocation('i-2', 'Failed', 'refused'),
            invocation('i-3', 'InProgress'),
          ],
          NextToken: 'second',
        },
  );

  expect(await ssm.answers('c-1')).toEqual([
    { hostId: 'i-1', outcome: 'answered', output: 'said' },
    { hostId: 'i-2', outcome: 'answered', output: 'refused' },
    { hostId: 'i-3', outcome: 'waiting', output: '' },
    { hostId: 'i-4', outcome: 'silent', output: '' },
    { hostId: 'i-5', outcome: 'silent', output: '' },
  ]);
});

test('reads all that a host printed, of which the list shows the beginning', async () => {
  const { ssm, sent } = await ssmThat(() => ({ Status: 'Success', StandardOutputContent: 'x'.repeat(9000) }));

  expect(await ssm.output('c-1', 'i-1')).toHaveLength(9000);
  expect(sent()).toEqual([{ CommandId: 'c-1', InstanceId: 'i-1' }]);
});
