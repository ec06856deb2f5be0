import { execFile } from 'node:child_process';
import { request } from 'node:http';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { localAws, type LocalAws } from './local-aws.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.close());

const authorization =
  'AWS4-HMAC-SHA256 Credential=local/20261121/eu-central-1/sqs/aws4_request, SignedHeaders=host, Signature=0';

async function post(target: string, body: string, headers: Record<string, string> = {}) {
  const response = await fetch(aws.url, {
    method: 'POST',
    body,
    headers: { authorization, 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.1', ...headers },
  });
  const answer = (await response.json()) as Record<string, unknown>;
  return { status: response.status, type: answer['__type'], answer };
}

test.each([
  'secretsmanager.GetRandomPassword',
  'AmazonSQS.AddPermission',
  'Logs_20140328.PutLogEvents',
  'AWSEvents.toString',
])('%s is refused as an unknown operation', async (target) => {
  const { status, type } = await post(target, '{}');

  expect([status, type]).toEqual([400, 'UnknownOperationException']);
});

test('an unknown path is refused', async () => {
  const response = await fetch(`${aws.url}/2015-03-31/layers`, { headers: { authorization } });

  expect([response.status, response.headers.get('x-amzn-errortype')]).toEqual([404, 'UnknownOperationException']);
});

test('a body that is not JSON, and one of another shape, are refused', async () => {
  expect((await post('AmazonSQS.ListQueues', '{')).type).toBe('SerializationException');
  expect((await post('AmazonSQS.SendMessage', '{"QueueUrl":7}')).type).toBe('SerializationException');
  expect((await post('AmazonSQS.SendMessage', '{"QueueUrl":"x"}')).answer).toMatchObject({
    __type: 'ValidationException',
    message: expect.stringContaining('MessageBody') as string,
  });
});

test('what a web page could send is refused: a request without a signature', async () => {
  const response = await fetch(`${aws.url}/2015-03-31/functions/x/invocations`, { method: 'POST', body: '{}' });

  expect(response.status).toBe(403);
});

test('a request for another host is refused, whatever address the name has', async () => {
  const status = await new Promise((resolve, reject) => {
    const sent = request(`${aws.url}/_local/mails`, { headers: { host: `evil.example:${aws.port}` } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.once('error', reject).end();
  });

  expect(status).toBe(403);
});

test('raw HTTP has to bring a ClientRequestToken', async () => {
  const { answer } = await post('secretsmanager.PutSecretValue', '{"SecretId":"x","SecretString":"y"}');

  expect(answer).toMatchObject({
    __type: 'InvalidRequestException',
    message: expect.stringMatching(/ClientRequestToken/) as string,
  });
});

test('DynamoDB answers at the same address', async () => {
  const { status, answer } = await post('DynamoDB_20120810.ListTables', '{}', {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-date': '20261121T080000Z',
  });

  expect([status, answer]).toEqual([200, { TableNames: [] }]);
});

test('closing leaves nothing open, also while somebody waits for a message', async () => {
  const other = await localAws();
  other.queues.create('empty', { ReceiveMessageWaitTimeSeconds: '20' });
  const waiting = fetch(other.url, {
    method: 'POST',
    body: JSON.stringify({ QueueUrl: 'empty' }),
    headers: { authorization, 'x-amz-target': 'AmazonSQS.ReceiveMessage' },
  }).catch(() => 'gone');

  await new Promise((resolve) => setTimeout(resolve, 20));
  const started = performance.now();
  await other.close();

  expect(performance.now() - started).toBeLessThan(1000);
  await waiting;
  await expect(fetch(other.url)).rejects.toThrow();
});

test('a process that closes it ends by itself', async () => {
  const program = `
    const { localAws } = await import('${import.meta.dirname}/local-aws.ts');
    const aws = await localAws();
    aws.functions.register('slow', () => new Promise(() => {}), { timeoutMs: 60_000 });
    aws.functions.invokeLater(aws.functions.find('slow'), {});
    await aws.close();
    console.log('closed');
  `;

  const ended = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    timeout: 10_000,
  });

  expect(ended.stdout).toBe('closed\n');
}, 15_000);
