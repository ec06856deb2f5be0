import { inspect } from 'node:util';

import { PendingError, PermanentError, TransientError } from '@keyturn/rotation/errors';
import { describe, expect, test } from 'vitest';

import { memoryProvider } from './memory-provider.ts';
import { serveIssue, serveRetire, type Serve } from './serve-provider.ts';

const mark = 'keyturn/v1/111122223333/eu-west-1/test/0123456789abcdef0123456789abcdef/v-1';
const issueOperations = ['describe', 'locate', 'propose', 'ensure', 'mark', 'check'];
const retireOperations = ['disable', 'enable', 'remove'];

test('answers plain JSON, secret material in clear', async () => {
  const { issue } = setUp();

  const answer = await issue({ version: 1, operation: 'propose', target: 'orders', mark });

  expect(answer).toEqual({ version: 1, ok: true, result: { keyId: 'text-1', secret: 'text-2' } });
});

test('takes null for what is not there', async () => {
  const { issue, memory } = setUp();
  const credential = { keyId: 'a-new-key', secret: 'a-new-secret' };
  const request = {
    version: 1,
    operation: 'ensure',
    target: 'orders',
    credential,
    entitlements: ['read'],
    approve: false,
  };

  const answer = await issue({ ...request, mark, like: null });

  expect(answer).toEqual({ version: 1, ok: true, result: null });
  expect(memory.stored('orders')).toMatchObject([{ keyId: 'a-new-key', mark }]);
});

test.each(retireOperations)('the issue function does not know %s', async (operation) => {
  const { issue, memory } = setUp();
  const keyId = memory.handMade({ target: 'orders', mark }).keyId.reveal();

  const answer = await issue({ version: 1, operation, target: 'orders', keyId, mark });

  expect(answer).toMatchObject({ ok: false, error: { kind: 'permanent', reason: 'unsupported', field: 'operation' } });
  expect(memory.stored('orders')).toMatchObject([{ enabled: true }]);
});

test.each([...issueOperations, 'constructor', 'toString', '__proto__', ''])(
  'the retire function does not know %s',
  async (operation) => {
    const { retire } = setUp();

    const answer = await retire({ version: 1, operation, target: 'orders', mark });

    expect(answer).toMatchObject({
      ok: false,
      error: { kind: 'permanent', reason: 'unsupported', field: 'operation' },
    });
  },
);

test.each([
  ['nothing', undefined, 'payload'],
  ['a text', 'ensure', 'payload'],
  ['a list', [], 'payload'],
  ['no version', { operation: 'describe' }, 'version'],
  ['a version that is no number', { version: '1', operation: 'describe' }, 'version'],
  ['no operation', { version: 1 }, 'operation'],
  ['no target', { version: 1, operation: 'propose', mark }, 'target'],
  ['an empty mark', { version: 1, operation: 'propose', target: 'orders', mark: '' }, 'mark'],
  [
    'half a credential',
    { version: 1, operation: 'locate', credential: { keyId: 'canary-key', secret: 7 } },
    'credential.secret',
  ],
  [
    'a thousand probes',
    {
      version: 1,
      operation: 'check',
      target: 'orders',
      credential: { keyId: 'canary-key', secret: 'canary-secret' },
      probe: 'credential',
      times: 1000,
    },
    'times',
  ],
])('%s is malformed, and the answer names the field', async (_name, payload, field) => {
  const { issue } = setUp();

  const answer = await issue(payload);

  expect(answer).toMatchObject({ version: 1, ok: false, error: { kind: 'permanent', reason: 'malformed', field } });
  expect(inspect(answer, { depth: Infinity })).not.toContain('canary');
});

test('another version of the protocol is not spoken', async () => {
  const { issue } = setUp();

  const answer = await issue({ version: 2, operation: 'describe' });

  expect(answer).toMatchObject({ ok: false, error: { kind: 'permanent', reason: 'unsupported', field: 'version' } });
});

describe('what an operation throws', () => {
  test.each([
    [new TransientError('Later', { retryAfterMs: 1500 }), { kind: 'transient', message: 'Later', retryAfterMs: 1500 }],
    [new PendingError('Not yet'), { kind: 'pending', message: 'Not yet' }],
    [
      new PermanentError('quota', 'Full', { field: 'target' }),
      { kind: 'permanent', message: 'Full', reason: 'quota', field: 'target' },
    ],
  ])('is an answer when it is one of our errors: %s', async (error, expected) => {
    const answer = await failing(error)({ version: 1, operation: 'describe' });

    expect(answer).toEqual({ version: 1, ok: false, error: expected });
  });

  test('leaves the function as it is when it is a bug', async () => {
    const bug = new TypeError('undefined is not a function');

    await expect(failing(bug)({ version: 1, operation: 'describe' })).rejects.toBe(bug);
  });
});

function setUp() {
  let texts = 0;
  const memory = memoryProvider({
    mode: 'chosen',
    clock: { now: () => 1_700_000_000_000, sleep: async () => undefined },
    targets: ['orders'],
    newText: () => `text-${(texts += 1)}`,
  });
  return { issue: serveIssue(memory), retire: serveRetire(memory), memory };
}

function failing(error: Error): Serve {
  const describe = async () => {
    throw error;
  };
  return serveIssue({ ...setUp().memory, describe });
}
