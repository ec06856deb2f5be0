import { expect, expectTypeOf, test } from 'vitest';

import { createSecrets, type SecretsOptions } from './create-secrets.ts';
import { bridge } from './bridge.ts';
import { fakeRuntime } from './fake-runtime.ts';
import type { JsonObject } from './parse-secret.ts';
import { fakeSource } from './testing.ts';
import type { UseOptions } from './use-secret.ts';

type Answer = { readonly status: number; readonly body?: ReadableStream };

/** A service that takes some keys, and an application that calls it. */
function setUp(options: SecretsOptions = {}) {
  const source = fakeSource({ stripe: { apiKey: 'first' } });
  const runtime = fakeRuntime();
  const secrets = createSecrets({ source, runtime, ...options });
  const stripe = secrets.secret('stripe');
  const pending = secrets.secret('stripe', { stage: 'AWSPENDING' });
  const taken = new Set<unknown>(['first']);
  const seen: unknown[] = [];
  const answer = (value: { readonly [key: string]: unknown }): Answer => {
    seen.push(value['apiKey']);
    return { status: taken.has(value['apiKey']) ? 200 : 401 };
  };
  const call = (use?: UseOptions<JsonObject>) => stripe.use(answer, use);
  return { source, runtime, secrets, stripe, pending, taken, seen, answer, call };
}

test('a refused key is read again, and the call is made once more with the new one', async () => {
  const { source, call, taken, seen } = setUp();
  await call();
  source.rotate('stripe', { apiKey: 'second' });
  taken.clear();
  taken.add('second');

  expect(await call()).toEqual({ status: 200 });

  expect(seen).toEqual(['first', 'first', 'second']);
  expect(source.calls).toHaveLength(2);
});

test('a key that works is called with once, and no call is made for it', async () => {
  const { source, call, seen } = setUp();

  await call();
  await call();

  expect(seen).toEqual(['first', 'first']);
  expect(source.calls).toHaveLength(1);
});

test('a thousand refusals at once ask once', async () => {
  const { source, call, taken, seen } = setUp();
  await call();
  source.rotate('stripe', { apiKey: 'second' });
  taken.clear();
  taken.add('second');

  const answers = await Promise.all(Array.from({ length: 1000 }, () => call()));

  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect(source.calls).toHaveLength(1 + 1);
  expect(seen).toHaveLength(1 + 2000);
});

test('where the version is the same, the refusal is the answer, and never is a request made twice with one version', async () => {
  const { source, runtime, call, taken, seen } = setUp();
  taken.clear();

  for (let n = 0; n < 20; n++) {
    expect(await call()).toEqual({ status: 401 });
    await runtime.pass(100);
  }

  expect(seen).toHaveLength(20);
  expect(source.calls.length).toBeLessThanOrEqual(1 + 2);
});

test('what fn throws for another reason is thrown as it was', async () => {
  const { source, stripe } = setUp();
  const broken = new Error('down');

  await expect(stripe.use(() => Promise.reject(broken))).rejects.toBe(broken);

  expect(source.calls).toHaveLength(1);
});

test('where Secrets Manager does not answer, the refusal is the answer', async () => {
  const { source, call, taken } = setUp();
  await call();
  taken.clear();
  source.failWith('UNAVAILABLE');

  expect(await call()).toEqual({ status: 401 });
});

test('a refusal that was thrown is thrown again where no version helps', async () => {
  const { stripe } = setUp();
  const refusal = Object.assign(new Error('no'), { response: { status: 401 } });

  await expect(stripe.use(() => Promise.reject(refusal))).rejects.toBe(refusal);
});

test('the pending version is tried where the current one is refused and unchanged, if that is asked for', async () => {
  const { source, call, pending, taken, seen } = setUp();
  await call();
  source.put('stripe', 'AWSPENDING', { apiKey: 'second' });
  taken.clear();
  taken.add('second');

  expect(await call()).toEqual({ status: 401 });
  expect(await call(bridge({ candidates: [pending] }))).toEqual({ status: 200 });

  expect(seen).toEqual(['first', 'first', 'first', 'second']);
});

test('a candidate that is not there leaves the refusal as it was', async () => {
  const { call, pending, taken } = setUp();
  taken.clear();

  expect(await call(bridge({ candidates: [pending] }))).toEqual({ status: 401 });
});

test('a window bridges a rotation that sets the new key before it switches', async () => {
  const { source, runtime, call, taken, seen } = setUp();
  await call();
  taken.clear();
  taken.add('second');
  const calls = Promise.all(Array.from({ length: 100 }, () => call(bridge({ windowMs: 5000, runtime }))));
  await runtime.pass(1900);
  source.rotate('stripe', { apiKey: 'second' });

  await runtime.pass(3000);

  expect((await calls).every(({ status }) => status === 200)).toBe(true);
  expect(seen).toHaveLength(1 + 200);
  expect(source.calls.length).toBeLessThanOrEqual(1 + 3);
});

test('a window ends: then the refusal is the answer', async () => {
  const { runtime, call, taken, seen } = setUp();
  taken.clear();
  const ended = call(bridge({ windowMs: 5000, runtime }));

  await runtime.pass(5000);

  expect(await ended).toEqual({ status: 401 });
  expect(seen).toHaveLength(1);
});

test('a caller that gives up ends the window', async () => {
  const { runtime, call, taken } = setUp();
  const abort = new AbortController();
  taken.clear();
  const ended = call(bridge({ windowMs: 60_000, runtime, signal: abort.signal }));
  await runtime.pass(1500);

  abort.abort();

  expect(await ended).toEqual({ status: 401 });
});

test('without a window there is one retry, and it is the last', async () => {
  const { source, stripe } = setUp({ minForcedRefreshMs: 0 });
  const seen: number[] = [];
  await stripe.get();
  source.rotate('stripe', { apiKey: 'second' });

  const answer = await stripe.use((_, { attempt }) => {
    seen.push(attempt);
    source.rotate('stripe', { apiKey: `after ${attempt}` });
    return { status: 401 };
  });

  expect(answer).toEqual({ status: 401 });
  expect(seen).toEqual([1, 2]);
});

test('fn is told the version and the attempt; the type of its answer is kept', async () => {
  const { stripe } = setUp();
  const told = await stripe.use(async (_, context) => context);

  expect(told).toMatchObject({ attempt: 1, versionId: stripe.peek()?.versionId });
  expectTypeOf(stripe.use(async () => 1)).resolves.toEqualTypeOf<number>();
  expectTypeOf(stripe.use(() => 'a')).resolves.toEqualTypeOf<string>();
});

test('the body of a refused answer is cancelled before the call is made again', async () => {
  const { source, stripe } = setUp();
  await stripe.get();
  source.rotate('stripe', { apiKey: 'second' });
  let cancelled = false;
  const body = new ReadableStream({ cancel: () => void (cancelled = true) });

  await stripe.use((_, { attempt }) => (attempt === 1 ? { status: 401, body } : { status: 200 }));

  expect(cancelled).toBe(true);
});

test('the application may say itself what a refusal is', async () => {
  const { source, stripe } = setUp();
  await stripe.get();
  source.rotate('stripe', { apiKey: 'second' });
  const isAuthFailure = (outcome: object) => 'result' in outcome && outcome.result === 'no';

  expect(await stripe.use(({ apiKey }) => (apiKey === 'first' ? 'no' : 'yes'), { isAuthFailure })).toBe('yes');
});

const codes: readonly (readonly [string, object])[] = [
  ['axios', { response: { status: 401 } }],
  ['got', { response: { statusCode: 403 } }],
  ['the AWS SDK', { $metadata: { httpStatusCode: 403 } }],
  ['an error with a status', { status: 401 }],
  ['Postgres, a wrong password', { code: '28P01' }],
  ['Postgres, no such role', { code: '28000' }],
  ['MySQL', { errno: 1045 }],
  ['MongoDB', { code: 18 }],
  ['gRPC', { code: 16 }],
  ['Redis', { message: 'WRONGPASS invalid username-password pair' }],
];

test.each(codes)('%s: a refusal that is thrown', async (_, facts) => {
  const { source, stripe } = setUp();
  await stripe.get();
  source.rotate('stripe', { apiKey: 'second' });

  const answer = await stripe.use(({ apiKey }) => {
    if (apiKey === 'first') throw Object.assign(new Error('no'), facts);
    return 'yes';
  });

  expect(answer).toBe('yes');
});

test('an error whose message is a number is not a refusal', async () => {
  const { source, stripe } = setUp();

  await expect(stripe.use(() => Promise.reject(new Error('401')))).rejects.toThrow('401');

  expect(source.calls).toHaveLength(1);
});

test.each([{ status: 500 }, { code: 18 }, { code: '28P01' }, null, 'text', { status: '200' }])(
  '%o is an answer, not a refusal',
  async (answer) => {
    const { source, stripe } = setUp();

    expect(await stripe.use(() => answer)).toBe(answer);

    expect(source.calls).toHaveLength(1);
  },
);
