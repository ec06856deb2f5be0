import { inspect } from 'node:util';

import { credential } from '@keyturn/rotation/credential';
import { PendingError, PermanentError, TransientError } from '@keyturn/rotation/errors';
import { describe, expect, test } from 'vitest';

import { invokedIssueProvider, invokedRetireProvider } from './invoked-provider.ts';

const key = credential('canary-key/1', 'canary+secret');
const check = { target: 'orders', credential: key, probe: 'credential', times: 3 } as const;

describe('a request', () => {
  test('is the versioned JSON of the protocol, sent to the function by its name', async () => {
    const calls: unknown[] = [];
    const provider = invokedIssueProvider(async (...call) => {
      calls.push(call);
      return { version: 1, ok: true, result: null };
    }, 'keyturn-test-apigee-issue');

    await provider.ensure({
      target: 'orders',
      credential: key,
      like: undefined,
      entitlements: ['read'],
      mark: 'a mark',
      approve: true,
    });

    const texts = { keyId: 'canary-key/1', secret: 'canary+secret' };
    const request = { target: 'orders', credential: texts, entitlements: ['read'], mark: 'a mark', approve: true };
    expect(calls).toEqual([['keyturn-test-apigee-issue', { version: 1, operation: 'ensure', ...request }]]);
  });

  test('that destroys goes to the retire function', async () => {
    const calls: unknown[] = [];
    const provider = invokedRetireProvider(async (...call) => {
      calls.push(call);
      return { version: 1, ok: true };
    }, 'keyturn-test-apigee-retire');

    await provider.remove({ target: 'orders', keyId: key.keyId, mark: 'a mark' });

    const request = { version: 1, operation: 'remove', target: 'orders', keyId: 'canary-key/1', mark: 'a mark' };
    expect(calls).toEqual([['keyturn-test-apigee-retire', request]]);
  });
});

describe('an answer', () => {
  test('may leave out or null what is not known', async () => {
    const found = { state: 'enabled', secretMatches: null, entitlements: ['read'] };

    const checked = await answering({ key: found, use: { outcome: 'accepted' } }).check(check);

    expect(checked).toEqual({
      key: { state: 'enabled', secretMatches: undefined, mark: undefined, entitlements: ['read'], issuedAt: undefined },
      use: { outcome: 'accepted' },
    });
  });

  test('may hold more than this version knows', async () => {
    expect(await answering({ target: 'orders', since: 2031 }).locate({ credential: key })).toEqual({
      target: 'orders',
    });
  });

  test('turns keys into hidden texts', async () => {
    const proposed = await answering({ keyId: 'canary-a', secret: 'canary-b' }).propose({
      target: 'orders',
      mark: 'm',
      like: undefined,
      entitlements: [],
    });

    expect(inspect(proposed)).not.toContain('canary');
    expect(proposed.secret.reveal()).toBe('canary-b');
  });

  const ok = { version: 1, ok: true };
  test.each([
    ['nothing', undefined, 'answer'],
    ['a text', '<html>canary</html>', 'answer'],
    ['no version', { ok: true, result: {} }, 'version'],
    ['another version', { version: 2, ok: true, result: {} }, 'version'],
    ['neither result nor error', { version: 1 }, 'ok'],
    ['an unreadable key', { ...ok, result: { key: { state: 'canary' }, use: { outcome: 'accepted' } } }, 'key'],
    ['no use', { ...ok, result: { key: { state: 'absent' } } }, 'use'],
    [
      'a sentence instead of a code',
      {
        ...ok,
        result: { key: { state: 'absent' }, use: { outcome: 'rejected', code: 'no key canary', final: true } },
      },
      'use.code',
    ],
    ['a lambda error', { errorMessage: 'canary', errorType: 'Error' }, 'ok'],
    [
      'a reason that is none',
      { version: 1, ok: false, error: { kind: 'permanent', reason: 'canary', message: 'x' } },
      'error.reason',
    ],
    ['an error of no kind', { version: 1, ok: false, error: { message: 'x' } }, 'error.kind'],
    [
      'patience below zero',
      { version: 1, ok: false, error: { kind: 'transient', message: 'x', retryAfterMs: -1 } },
      'error.retryAfterMs',
    ],
  ])('that does not follow the protocol is provider-answer: %s', async (_name, answer, field) => {
    const provider = invokedIssueProvider(async () => answer, 'issue');

    const error = await provider.check(check).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(PermanentError);
    expect(error).toMatchObject({ reason: 'provider-answer', field });
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain('canary');
  });
});

describe('an error of the adapter', () => {
  test('is the same error here', async () => {
    const transient = await failure({ kind: 'transient', message: 'Later', retryAfterMs: 2000 });
    const pending = await failure({ kind: 'pending', message: 'Not yet' });
    const permanent = await failure({ kind: 'permanent', reason: 'last-key', field: 'keyId', message: 'The last' });

    expect(transient).toBeInstanceOf(TransientError);
    expect(transient).toMatchObject({ message: 'Later', retryAfterMs: 2000 });
    expect(pending).toBeInstanceOf(PendingError);
    expect(permanent).toBeInstanceOf(PermanentError);
    expect(permanent).toMatchObject({ message: 'The last', reason: 'last-key', field: 'keyId' });
  });

  test('tells nothing that the request said in confidence, in whatever form', async () => {
    const forms = [
      'canary-key/1',
      encodeURIComponent('canary-key/1'),
      'canary+secret',
      btoa('canary+secret'),
      btoa('canary-key/1:canary+secret'),
      Buffer.from('canary-key/1').toString('hex'),
    ];

    const error = await failure({
      kind: 'permanent',
      reason: 'provider-refused',
      field: 'canary-key/1',
      message: `refused ${forms.join(', ')}`,
    });

    expect(error).toMatchObject({ field: '[hidden]', message: `refused ${forms.map(() => '[hidden]').join(', ')}` });
  });

  test('is cut short', async () => {
    expect((await failure({ kind: 'pending', message: 'x'.repeat(9000) })).message).toHaveLength(500);
  });

  test('leaves what the invocation itself throws as it is', async () => {
    const thrown = new TransientError('Throttled');
    const provider = invokedIssueProvider(() => Promise.reject(thrown), 'issue');

    await expect(provider.describe()).rejects.toBe(thrown);
  });
});

test('the code of a refusal never shows the key', async () => {
  const use = { outcome: 'rejected', code: 'bad:canary', final: false };
  const request = { ...check, credential: credential('canary', 'secret') };

  const checked = await answering({ key: { state: 'absent' }, use }).check(request);

  expect(checked.use).toEqual({ outcome: 'rejected', code: 'bad:[hidden]', final: false });
});

function answering(result: unknown) {
  return invokedIssueProvider(async () => ({ version: 1, ok: true, result }), 'issue');
}

async function failure(wireError: unknown): Promise<Error> {
  const provider = invokedIssueProvider(async () => ({ version: 1, ok: false, error: wireError }), 'issue');
  const thrown = await provider.check(check).catch((reason: unknown) => reason);
  if (thrown instanceof Error) return thrown;
  throw new Error('It should have failed');
}
