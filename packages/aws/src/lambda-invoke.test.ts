import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import { lambdaInvoke } from './lambda-invoke.ts';
import type { LoopbackAnswer } from './loopback-aws.ts';
import { loopbackClients } from './loopback-clients.ts';

const name = 'keyturn-test-apigee-issue';

async function setUp(answer: LoopbackAnswer) {
  const { clients, server } = await loopbackClients(() => answer);
  return { invoke: lambdaInvoke(clients.lambda()), received: server.received };
}

const failed = (status: number, type: string, headers = {}): LoopbackAnswer => ({
  status,
  json: { Message: 'why' },
  headers: { 'x-amzn-errortype': type, ...headers },
});

test('hands the payload over and the answer back', async () => {
  const { invoke, received } = await setUp({ json: { ok: true, result: 'größer' } });

  const answer = await invoke(name, { operation: 'describe', version: 1 });

  expect(answer).toEqual({ ok: true, result: 'größer' });
  expect(received).toMatchObject([
    { operation: `POST /2015-03-31/functions/${name}/invocations`, body: { operation: 'describe', version: 1 } },
  ]);
});

test('answers nothing where the function answered nothing', async () => {
  const { invoke } = await setUp({ html: '' });

  expect(await invoke(name, {})).toBeUndefined();
});

test('a function that failed is worth another try; what it says of the failure is not passed on', async () => {
  const { invoke } = await setUp({
    json: { errorMessage: 'canary', errorType: 'Error' },
    headers: { 'x-amz-function-error': 'Unhandled' },
  });

  const invoking = invoke(name, {});

  await expect(invoking).rejects.toBeInstanceOf(TransientError);
  await expect(invoking).rejects.toThrow(`The function ${name} failed`);
});

test('an answer that is not JSON is worth another try', async () => {
  const { invoke } = await setUp({ html: '<html>' });

  await expect(invoke(name, {})).rejects.toBeInstanceOf(TransientError);
});

test('says how long to wait where Lambda does, and makes one attempt only', async () => {
  const { invoke, received } = await setUp(failed(429, 'TooManyRequestsException', { 'retry-after': '7' }));

  const invoking = invoke(name, {});

  await expect(invoking).rejects.toBeInstanceOf(TransientError);
  await expect(invoking).rejects.toMatchObject({ retryAfterMs: 7_000 });
  expect(received).toHaveLength(1);
});

test.each([
  failed(500, 'ServiceException'),
  failed(502, 'EC2AccessDeniedException'),
  failed(502, 'ResourceNotReadyException'),
  failed(409, 'ResourceConflictException'),
  'hang-up',
] satisfies LoopbackAnswer[])('a function that cannot be started is worth another try: %j', async (answer) => {
  const { invoke, received } = await setUp(answer);

  await expect(invoke(name, {})).rejects.toBeInstanceOf(TransientError);
  expect(received).toHaveLength(1);
});

test.each([
  [failed(404, 'ResourceNotFoundException'), 'misconfigured'],
  [failed(413, 'RequestTooLargeException'), 'misconfigured'],
  [failed(403, 'AccessDeniedException'), 'access-denied'],
  [failed(400, 'KMSDisabledException'), 'access-denied'],
])('a call that Lambda refuses is for somebody to look after: %j, %s', async (answer, reason) => {
  const { invoke } = await setUp(answer);

  const invoking = invoke(name, {});

  await expect(invoking).rejects.toBeInstanceOf(PermanentError);
  await expect(invoking).rejects.toMatchObject({ reason, field: 'functionName' });
});
