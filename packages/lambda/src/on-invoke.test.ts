import { inspect } from 'node:util';

import { PendingError, PermanentError, TransientError } from '@keyturn/rotation/errors';
import { describe, expect, test } from 'vitest';

import type { Log } from './log.ts';
import { memoryLog } from './memory-log.ts';
import { onInvoke, type Invocation } from './on-invoke.ts';

const canary = 'hunter2-canary';
const context = {
  invokedFunctionArn: 'arn:aws:lambda:eu-west-1:111122223333:function:keyturn-prod-rotation-handler',
  awsRequestId: 'request-1',
  getRemainingTimeInMillis: () => 9000,
};
const clock = { now: () => 1_000_000, sleep: () => Promise.resolve() };

test('hands over the payload, the ARN that was called and the deadline, and gives the answer', async () => {
  const calls: [unknown, Invocation][] = [];
  const handler = onInvoke({
    service: 'test',
    clock,
    log: memoryLog(),
    handle: async (payload, invocation) => {
      calls.push([payload, invocation]);
      return { ok: true };
    },
  });

  expect(await handler({ Step: 'createSecret' }, context)).toEqual({ ok: true });
  expect(calls).toEqual([[{ Step: 'createSecret' }, { functionArn: context.invokedFunctionArn, deadline: 1_009_000 }]]);
});

test('logs a line at the start and one at the end, with what it may say of the payload and nothing else', async () => {
  const log = memoryLog();
  const handler = onInvoke({
    service: 'test',
    clock,
    log,
    about: () => ({ step: 'createSecret' }),
    handle: async () => ({ apiKey: canary }),
  });

  await handler({ Step: 'createSecret', RotationToken: canary }, context);

  expect(log.lines).toEqual([
    { level: 'info', message: 'started', requestId: 'request-1', step: 'createSecret' },
    { level: 'info', message: 'ended', requestId: 'request-1', step: 'createSecret', outcome: 'done' },
  ]);
});

describe('an error', () => {
  test.each([
    new TransientError('throttled', { retryAfterMs: 100 }),
    new PendingError('not yet'),
    new PermanentError('quota', 'Too many keys', { field: 'target' }),
  ])('of ours leaves as it is: $name', async (error) => {
    const log = memoryLog();
    const handler = failing(error, log);

    await expect(handler({}, context)).rejects.toBe(error);
    expect(log.lines.at(-1)).toMatchObject({ level: 'error', outcome: 'failed', error });
  });

  test('of another kind leaves without what it says, because Lambda prints it', async () => {
    const log = memoryLog();
    const bug = Object.assign(new SyntaxError(`Unexpected token ${canary}`), { input: canary, cause: canary });
    const handler = failing(bug, log);

    const thrown: unknown = await handler({}, context).catch((error: unknown) => error);

    expect(thrown).toMatchObject({ name: 'InternalError', message: 'A fault in test; its log has the details' });
    expect(inspect(thrown, { depth: 9, showHidden: true })).not.toContain(canary);
    expect(log.lines.filter(({ error }) => error === bug)).toHaveLength(1);
  });
});

function failing(error: Error, log: Log) {
  return onInvoke({
    service: 'test',
    clock,
    log,
    handle: async () => {
      throw error;
    },
  });
}
