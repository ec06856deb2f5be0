import { TransientError } from '@keyturn/rotation/errors';
import { describe, expect, test } from 'vitest';

import { adapter, markOfVersion, refusal } from './adapter-under-test.conformance.ts';
import { target } from './simulated-api-gateway.conformance.ts';

test('every page of a list is read', async () => {
  const { provider, handMade, calls } = await adapter();
  const last = Array.from({ length: 1100 }, () => handMade()).at(-1);

  const keys = await provider.check({
    target,
    credential: last ?? handMade(),
    probe: 'none',
    times: 1,
  });

  expect(keys.key).toMatchObject({ state: 'enabled', secretMatches: true });
  expect(calls().filter((name) => name === 'GetApiKeys')).toHaveLength(3);
});

test('a list that never ends is an answer that is none', async () => {
  const { provider, interfere } = await adapter();
  const page = JSON.stringify({ item: [], position: 'again' });
  interfere(({ url }) =>
    url.startsWith('/apikeys?') ? { status: 200, headers: { 'content-type': 'application/json' }, body: page } : 'pass',
  );

  expect(await refusal(provider.list({ target }))).toMatchObject({ reason: 'provider-answer', field: 'position' });
});

describe('a refusal of AWS', () => {
  const cases = [
    [401, 'UnauthorizedException', { reason: 'access-denied', field: 'role' }],
    [403, 'AccessDeniedException', { reason: 'access-denied', field: 'role' }],
    [403, 'ExpiredTokenException', { reason: 'access-denied' }],
    [400, 'BadRequestException', { reason: 'provider-refused' }],
    [429, 'LimitExceededException', { reason: 'quota' }],
  ] as const;

  test.each(cases)('%d %s has a reason, and is not repeated', async (status, code, expected) => {
    const { provider, interfere } = await adapter();
    let asked = 0;
    interfere(({ url }) => {
      if (!url.startsWith('/apikeys?')) return 'pass';
      asked += 1;
      return { status, headers: { 'x-amzn-errortype': code }, body: '{"message":"canary"}' };
    });

    const error = await refusal(provider.list({ target }));

    expect(error).toMatchObject(expected);
    expect(error.message).not.toContain('canary');
    expect(asked).toBe(1);
  });

  test.each([
    [429, 'TooManyRequestsException'],
    [503, 'ServiceUnavailableException'],
    [500, 'InternalFailure'],
  ])('%d %s passes: it is tried four times, as far apart as AWS wishes', async (status, code) => {
    const { provider, interfere, clock } = await adapter();
    let asked = 0;
    interfere(({ url }) => {
      if (!url.startsWith('/apikeys?')) return 'pass';
      asked += 1;
      return { status, headers: { 'x-amzn-errortype': code, 'retry-after': '2' }, body: '{"message":"wait"}' };
    });
    const begun = clock.now();

    await expect(provider.list({ target })).rejects.toBeInstanceOf(TransientError);

    expect(asked).toBe(4);
    expect(clock.now() - begun).toBeGreaterThanOrEqual(3000);
  });
});

test('who issues never asks to switch a key or to delete one', async () => {
  const { provider, handMade, calls } = await adapter();
  const like = handMade();
  const next = await provider.propose({ target, like, mark: markOfVersion(2), entitlements: [] });

  await provider.mark({ target, keyId: like.keyId, mark: markOfVersion(1) });
  await provider.ensure({ target, credential: next, like, entitlements: [], mark: markOfVersion(2), approve: false });
  await provider.check({ target, credential: next, probe: 'credential', times: 1, usage: true });
  await provider.locate({ credential: next });
  await provider.list({ target });

  expect(calls()).not.toContain('UpdateApiKey');
  expect(calls()).not.toContain('DeleteApiKey');
});
