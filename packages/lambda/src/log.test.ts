import { hidden } from '@keyturn/rotation/hidden';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';

import { logger } from './log.ts';

const canary = 'hunter2-canary';
let printed = '';

beforeEach(() => {
  printed = '';
  const record = (chunk: unknown) => {
    printed += String(chunk);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(record);
  vi.spyOn(process.stderr, 'write').mockImplementation(record);
});
afterEach(() => {
  vi.restoreAllMocks();
});

test('prints one JSON line a message', () => {
  logger('announcer').info('started', { attempt: 2, eventType: 'SecretRotated', correlationId: undefined });
  logger('announcer').warn('late', { ok: false });

  expect(lines()).toEqual([
    expect.objectContaining({
      level: 'INFO',
      service: 'announcer',
      message: 'started',
      attempt: 2,
      eventType: 'SecretRotated',
    }),
    expect.objectContaining({ level: 'WARN', service: 'announcer', message: 'late', ok: false }),
  ]);
  expect(lines()[0]).not.toHaveProperty('correlationId');
});

test('a line break in a field does not make another line', () => {
  logger('announcer').info('started', { eventType: 'a\n{"level":"INFO","message":"forged"}' });

  expect(lines()).toHaveLength(1);
});

describe('of an error it prints', () => {
  test('reason and field of ours, and the chain of causes', () => {
    const cause = new TransientError('Secrets Manager is throttled', { retryAfterMs: 100 });
    logger('cleanup').error('ended', {
      error: new PermanentError('access-denied', 'The secret cannot be read', { field: 'SecretId', cause }),
    });

    expect(lines()[0]).toMatchObject({
      level: 'ERROR',
      message: 'ended',
      error: {
        name: 'PermanentError',
        message: 'The secret cannot be read',
        reason: 'access-denied',
        field: 'SecretId',
        cause: { name: 'TransientError', message: 'Secrets Manager is throttled' },
      },
    });
  });

  test('the message of AWS, which holds names and ARNs', () => {
    const error = Object.assign(new Error('User arn:aws:sts::1:assumed-role/x is not authorized'), {
      name: 'AccessDeniedException',
      $fault: 'client',
      $metadata: { requestId: 'r' },
    });
    logger('cleanup').error('ended', { error });

    expect(lines()[0]).toMatchObject({ error: { name: 'AccessDeniedException', message: error.message } });
  });

  test('what the system said of a connection', () => {
    const error = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), {
      code: 'ECONNREFUSED',
      syscall: 'connect',
    });
    logger('cleanup').error('ended', { error });

    expect(lines()[0]).toMatchObject({ error: { code: 'ECONNREFUSED', message: error.message } });
  });

  test('where a bug is', () => {
    logger('cleanup').error('ended', { error: new TypeError('x is not a function') });

    expect(lines()[0]).toMatchObject({
      error: { name: 'TypeError', frames: expect.arrayContaining([expect.stringContaining('log.test.ts')]) as unknown },
    });
  });

  test('no more than a few causes of a chain that bites its tail', () => {
    const error = new Error('a');
    error.cause = error;
    logger('cleanup').error('ended', { error });

    expect(lines()).toHaveLength(1);
  });
});

describe('never prints a secret that comes', () => {
  test.each<[string, Record<string, unknown>]>([
    ['as Hidden', { secret: hidden(canary) }],
    ['in an object', { payload: { apiKey: canary } }],
    ['in a list', { keys: [canary] }],
    ['in a buffer', { body: Buffer.from(canary) }],
    ['as something thrown that is no error', { error: canary }],
    ['as an object that is thrown', { error: { apiKey: canary } }],
    ['in the SyntaxError of JSON.parse', { error: caught(() => JSON.parse(canary)) }],
    [
      'in an argument error of Node',
      { error: caught(() => Reflect.apply((size: number) => Buffer.alloc(size), undefined, [canary])) },
    ],
    ['in a URL error of Node', { error: caught(() => new URL(canary)) }],
    ['in a header error of Node', { error: caught(() => new Headers({ authorization: `${canary}\u0000` })) }],
    ['in a ZodError', { error: z.object({ secret: z.literal('x') }).safeParse({ secret: canary }).error }],
    ['in fields of an error', { error: Object.assign(new Error('x'), { config: { headers: canary }, input: canary }) }],
    ['in fields of an error of ours', { error: Object.assign(new TransientError('x'), { response: canary }) }],
    ['in a cause', { error: new TransientError('x', { cause: new SyntaxError(`Unexpected token ${canary}`) }) }],
    [
      'in a validation error of AWS',
      { error: Object.assign(new Error(`Value '${canary}'`), { name: 'ValidationException', $fault: 'client' }) },
    ],
    ['in the stack of a message of many lines', { error: new Error(`x\n    at ${canary}\n${canary}`) }],
    ['as an error in another field', { why: new Error(canary) }],
    ['in many errors', { error: new AggregateError([new Error(canary)], canary) }],
  ])('%s', (_how, fields) => {
    logger('cleanup').error('ended', fields);
    logger('cleanup').warn('ended', fields);
    logger('cleanup').info('ended', fields);

    expect(lines()).toHaveLength(3);
    expect(printed).not.toContain(canary);
  });
});

function lines(): unknown[] {
  return printed
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
}

function caught(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('Nothing was thrown');
}
