import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { describe, expect, test } from 'vitest';

import type { LoopbackAnswer } from './loopback-aws.ts';
import { loopbackClients } from './loopback-clients.ts';
import { sdkStageReader } from './sdk-stage-reader.ts';
import { sesAccount } from './ses-account.ts';
import type { StageReader } from './stage-reader.ts';

const calls: Readonly<Record<keyof StageReader, (reader: StageReader) => Promise<unknown>>> = {
  functionFacts: (reader) => reader.functionFacts('f'),
  bus: (reader) => reader.bus('b'),
  table: (reader) => reader.table('t'),
  queue: (reader) => reader.queue('q'),
  parameter: (reader) => reader.parameter('/p'),
};
const methods = Object.keys(calls) as (keyof StageReader)[];

async function readerOver(answer: (operation: string) => LoopbackAnswer) {
  const { clients } = await loopbackClients(({ operation }) => answer(operation));
  return { reader: sdkStageReader(clients), account: sesAccount(clients.ses()) };
}

test('says what AWS says of it', async () => {
  const { reader } = await readerOver((operation) => {
    const queue = { QueueUrl: 'https://sqs.invalid/q' };
    const depth = { ApproximateNumberOfMessages: '3', ApproximateNumberOfMessagesNotVisible: '1' };
    if (operation.startsWith('GET ')) return { json: { FunctionArn: 'arn:f', Runtime: 'nodejs24.x', State: 'Active' } };
    const answers: Record<string, unknown> = {
      DescribeEventBus: { Arn: 'arn:b' },
      DescribeTable: { Table: { TableStatus: 'ACTIVE' } },
      GetQueueUrl: queue,
      GetQueueAttributes: { Attributes: depth },
      GetParameter: { Parameter: { Value: 'running' } },
    };
    return { json: answers[operation] };
  });

  const said: unknown = Object.fromEntries(
    await Promise.all(methods.map(async (name) => [name, await calls[name](reader)])),
  );

  expect(said).toEqual({
    functionFacts: { arn: 'arn:f', runtime: 'nodejs24.x', state: 'Active' },
    bus: 'arn:b',
    table: 'ACTIVE',
    queue: { waiting: 3, underWay: 1 },
    parameter: 'running',
  });
});

const refusal = (code: string, status = 400): LoopbackAnswer => ({
  status,
  json: { __type: code, message: 'canary' },
  headers: { 'x-amzn-errortype': code },
});
const missing: Readonly<Record<keyof StageReader, string>> = {
  functionFacts: 'ResourceNotFoundException',
  bus: 'ResourceNotFoundException',
  table: 'ResourceNotFoundException',
  queue: 'QueueDoesNotExist',
  parameter: 'ParameterNotFound',
};

describe.each(methods)('%s', (method) => {
  test('is undefined where there is none', async () => {
    const { reader } = await readerOver(() => refusal(missing[method], method === 'functionFacts' ? 404 : 400));

    expect(await calls[method](reader)).toBeUndefined();
  });

  test('tells a denial from a failure that may pass', async () => {
    const denied = await readerOver(() => refusal('AccessDeniedException', 403));
    const busy = await readerOver(() => refusal('ThrottlingException'));

    await expect(calls[method](denied.reader)).rejects.toMatchObject({ reason: 'access-denied' });
    await expect(calls[method](denied.reader)).rejects.toBeInstanceOf(PermanentError);
    await expect(calls[method](busy.reader)).rejects.toBeInstanceOf(TransientError);
  });
});

test('SES: what the account may send, and what it has verified', async () => {
  const { account } = await readerOver((operation) =>
    operation.endsWith('/account')
      ? {
          json: {
            SendingEnabled: true,
            ProductionAccessEnabled: false,
            EnforcementStatus: 'HEALTHY',
            SendQuota: { Max24HourSend: 200, SentLast24Hours: 3 },
          },
        }
      : { json: { VerifiedForSendingStatus: true, DkimAttributes: { Status: 'PENDING' } } },
  );
  const none = await readerOver(() => refusal('NotFoundException', 404));

  expect(await account.sending()).toEqual({
    enabled: true,
    production: false,
    standing: 'HEALTHY',
    most: 200,
    sent: 3,
  });
  expect(await account.identity('acme.example')).toEqual({ verified: true, dkim: 'PENDING' });
  expect(await none.account.identity('acme.example')).toBeUndefined();
});
