import { expect, test } from 'vitest';

import { PendingError, PermanentError, reasons, TransientError } from './errors.ts';

test('every error has its name, its message and its cause', () => {
  const cause = new Error('socket hang up');
  const errors = [
    new TransientError('Apigee did not answer', { cause }),
    new PendingError('Two of five nodes refuse the key', { cause }),
    new PermanentError('quota', 'The app has as many keys as it may', { cause }),
  ];

  expect(errors.map(({ name }) => name)).toEqual(['TransientError', 'PendingError', 'PermanentError']);
  expect(errors.every((error) => error instanceof Error && error.cause === cause)).toBe(true);
});

test('a transient error says how long to wait, where that is known', () => {
  expect(new TransientError('429', { retryAfterMs: 30_000 }).retryAfterMs).toBe(30_000);
  expect(new TransientError('503').retryAfterMs).toBeUndefined();
});

test('a permanent error says why, and what to change where that is known', () => {
  expect(new PermanentError('misconfigured', 'x', { field: 'tag keyturn:owner' })).toMatchObject({
    reason: 'misconfigured',
    field: 'tag keyturn:owner',
  });
  expect(new PermanentError('quota', 'x').field).toBeUndefined();
});

// They are names of runbooks and attributes of messages.
test('reasons are words with dashes, each there once', () => {
  expect(reasons.filter((reason) => !/^[a-z]+(-[a-z]+)*$/.test(reason))).toEqual([]);
  expect(new Set(reasons).size).toBe(reasons.length);
});
