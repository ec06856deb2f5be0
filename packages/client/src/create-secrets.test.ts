import { setImmediate as turn } from 'node:timers/promises';

import * as v from 'valibot';
import { expect, expectTypeOf, test } from 'vitest';
import * as z from 'zod';

import { abortable } from './abortable.ts';
import { createSecrets, type SecretsOptions } from './create-secrets.ts';
import { fakeRuntime } from './fake-runtime.ts';
import type { JsonObject } from './parse-secret.ts';
import { preload } from './preload.ts';
import { schema } from './schema.ts';
import { fakeSource, type FakeValue } from './testing.ts';

const minute = 60_000;
const hour = 60 * minute;

function setUp(initial: Record<string, FakeValue> = { stripe: { apiKey: 'first' } }, options: SecretsOptions = {}) {
  const source = fakeSource(initial);
  const runtime = fakeRuntime();
  const secrets = createSecrets({ source, runtime, ...options });
  return { source, runtime, secrets, stripe: secrets.secret('stripe') };
}

/** A gate that reads wait at, in the order they came. */
function gate() {
  const waiting: (() => void)[] = [];
  return {
    wait: () => new Promise<void>((resolve) => waiting.push(resolve)),
    open: async (n = 0) => {
      waiting.splice(n, 1)[0]?.();
      await turn();
    },
  };
}

test('reads once, and again when the time is over', async () => {
  const { source, runtime, stripe } = setUp();

  await stripe.get();
  await runtime.pass(5 * minute - 1);
  await stripe.get();
  expect(source.calls).toHaveLength(1);
  await runtime.pass(1);
  await stripe.get();

  expect(source.calls).toHaveLength(2);
});

test('reads again between half of the time and all of it, as chance has it', async () => {
  const source = fakeSource({ stripe: { apiKey: 'k' } });
  const runtime = fakeRuntime();
  const secrets = createSecrets({ source, runtime: { ...runtime, random: () => 0.99 } });
  const stripe = secrets.secret('stripe');

  await stripe.get();
  await runtime.pass(2.5 * minute);
  await stripe.get();
  expect(source.calls).toHaveLength(1);
  await runtime.pass(0.1 * minute);
  await stripe.get();

  expect(source.calls).toHaveLength(2);
});

test('does nothing before a handle is used', () => {
  const { source, runtime } = setUp(undefined);

  expect(source.calls).toEqual([]);
  expect(runtime.timers()).toBe(0);
});

test('a thousand readers of a cold secret share one fetch', async () => {
  const { source, stripe } = setUp();

  const values = await Promise.all(Array.from({ length: 1000 }, () => stripe.get()));

  expect(source.calls).toHaveLength(1);
  expect(new Set(values).size).toBe(1);
});

test('gives everybody the same frozen object, also after the same version was read again', async () => {
  const { runtime, secrets } = setUp({ nested: { hosts: [{ name: 'a' }] } });
  const handle = secrets.secret('nested');

  const first = await handle.get();
  await runtime.pass(hour);
  const second = await handle.get();

  expect(second).toBe(first);
  expect(() => ((first['hosts'] as { name: string }[])[0]!.name = 'b')).toThrow(TypeError);
});

test('bytes are a copy for each reader', async () => {
  const { secrets } = setUp({ key: new Uint8Array([1, 2]) });
  const handle = secrets.secret('key', { format: 'binary' });

  (await handle.get())[0] = 9;

  expect(await handle.get()).toEqual(new Uint8Array([1, 2]));
});

test('an empty text is a value', async () => {
  const { secrets } = setUp({ empty: '' });

  expect(await secrets.secret('empty', { format: 'text' }).get()).toBe('');
});

test('no time at all: each read asks, though those of one moment share it', async () => {
  const { source, stripe } = setUp(undefined, { ttlMs: 0 });

  await Promise.all([stripe.get(), stripe.get()]);
  await stripe.get();

  expect(source.calls).toHaveLength(2);
});

test('maxAgeMs asks for something younger, and takes nothing older where that fails', async () => {
  const { source, runtime, stripe } = setUp();
  await stripe.get();
  await runtime.pass(minute);
  await stripe.get({ maxAgeMs: 2 * minute });
  expect(source.calls).toHaveLength(1);
  source.failWith('UNAVAILABLE');

  await expect(stripe.get({ maxAgeMs: 1000 })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

test('a clock that is set back does not keep an old version for longer', async () => {
  const { source, runtime, stripe } = setUp();
  await stripe.get();
  runtime.set(runtime.now() - hour);

  await stripe.get();

  expect(source.calls).toHaveLength(2);
});

test.each([{ ttlMs: -1 }, { ttlMs: 0.9 }, { timeoutMs: NaN }, { staleIfErrorMs: Infinity }])(
  'refuses %o',
  (options) => {
    expect(() => createSecrets(options)).toThrow(RangeError);
  },
);

test('serves the last version, marked as stale, while Secrets Manager does not answer, and for no longer than an hour', async () => {
  const { source, runtime, stripe } = setUp();
  const value = await stripe.get();
  source.failWith('UNAVAILABLE');
  await runtime.pass(6 * minute);

  expect(await stripe.get()).toBe(value);
  expect(await stripe.version()).toMatchObject({ stale: true });
  await runtime.pass(hour);

  await expect(stripe.get()).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
});

test.each(['ACCESS_DENIED', 'NOT_FOUND', 'DECRYPTION_FAILED'] as const)('never hides %s', async (code) => {
  const { source, runtime, stripe } = setUp();
  await stripe.get();
  source.failWith(code);
  await runtime.pass(6 * minute);

  await expect(stripe.get()).rejects.toMatchObject({ code, retryable: false });
});

test('while it fails, it asks at growing intervals only', async () => {
  const source = fakeSource({ stripe: { apiKey: 'k' } });
  const runtime = fakeRuntime();
  const secrets = createSecrets({ source, runtime: { ...runtime, random: () => 0.99 } });
  const stripe = secrets.secret('stripe');
  await stripe.get();
  source.failWith('THROTTLED');
  await runtime.pass(5 * minute);
  const before = source.calls.length;

  for (let second = 0; second < 600; second++) {
    await stripe.get();
    await runtime.pass(1000);
  }

  // 1 + 2 + 4 + … + 32 seconds, then one a minute.
  expect(source.calls.length - before).toBeLessThan(17);
  expect(source.calls.length - before).toBeGreaterThan(10);
});

test('a failure is not kept: the next reader asks again', async () => {
  const { source, stripe } = setUp();
  source.failWith('UNAVAILABLE');
  await expect(stripe.get()).rejects.toThrow('UNAVAILABLE');
  source.failWith(undefined);

  expect(await stripe.get()).toEqual({ apiKey: 'first' });
});

test('a slow old answer does not take the place of a newer one', async () => {
  const { source, secrets, stripe } = setUp();
  const { wait, open } = gate();
  source.answerAfter(wait);
  const old = stripe.get();
  await turn();
  const second = source.rotate('stripe', { apiKey: 'second' });
  const fresh = stripe.refresh();
  await turn();

  await open(1);
  await open(0);

  expect(await fresh).toMatchObject({ versionId: second });
  expect(await old).toEqual({ apiKey: 'second' });
  expect(stripe.peek()).toMatchObject({ versionId: second });
  source.failWith('ACCESS_DENIED');
  expect(await secrets.secret('stripe', { format: 'text' }).get()).toContain('second');
});

test('a rollback is taken as it comes: the order is that of the asking, not of the versions', async () => {
  const { source, stripe } = setUp();
  const { versionId: first } = await stripe.version();
  source.rotate('stripe', { apiKey: 'second' });
  await stripe.refresh();

  source.moveCurrent('stripe', first);
  await stripe.refresh();

  expect(await stripe.get()).toEqual({ apiKey: 'first' });
});

test('a refresh is never answered by a fetch that began before it, and those of one moment share one', async () => {
  const { source, stripe } = setUp();
  const { wait, open } = gate();
  source.answerAfter(wait);
  const old = stripe.get();
  await turn();

  const refreshes = Promise.all([stripe.refresh(), stripe.refresh(), stripe.refresh()]);
  await turn();
  expect(source.calls).toHaveLength(2);
  await open();
  await open();
  await Promise.all([old, refreshes]);

  expect(source.calls.map(({ fresh }) => fresh)).toEqual([false, true]);
});

test('a refresh for a version that nobody holds any more asks nothing', async () => {
  const { source, stripe } = setUp();
  const { versionId: ifVersionId } = await stripe.version();
  source.rotate('stripe', { apiKey: 'second' });
  await stripe.refresh({ ifVersionId });

  await stripe.refresh({ ifVersionId });

  expect(source.calls).toHaveLength(2);
});

test('a refresh for a failed version does not trust a fetch that was on its way when it failed', async () => {
  const { source, runtime, stripe } = setUp();
  const { versionId: ifVersionId } = await stripe.version();
  await runtime.pass(hour);
  const { wait, open } = gate();
  source.answerAfter(wait);
  const old = stripe.get();
  await turn();
  const second = source.rotate('stripe', { apiKey: 'second' });

  const refreshed = Promise.all([stripe.refresh({ ifVersionId }), stripe.refresh({ ifVersionId })]);
  await open();
  await open();
  await old;

  expect((await refreshed).map(({ versionId }) => versionId)).toEqual([second, second]);
  expect(source.calls).toHaveLength(3);
});

test('refreshes for a version that stays refused ask once a second at most', async () => {
  const { source, runtime, stripe } = setUp();
  const { versionId: ifVersionId } = await stripe.version();

  for (let n = 0; n < 100; n++) {
    await stripe.refresh({ ifVersionId });
    await runtime.pass(100);
  }

  expect(source.calls).toHaveLength(1 + 10);
});

test('the name and the ARN are one secret: once both were read, what one learns the other knows', async () => {
  const { source, runtime, secrets, stripe } = setUp();
  const byArn = secrets.secret(source.arn('stripe'));
  const value = await byArn.get();
  await stripe.get();
  await runtime.pass(hour);
  source.rotate('stripe', { apiKey: 'second' });
  const before = source.calls.length;

  expect(await byArn.get()).toEqual({ apiKey: 'second' });
  expect(await stripe.get()).toEqual({ apiKey: 'second' });

  expect(source.calls.length - before).toBe(1);
  expect(value).toEqual({ apiKey: 'first' });
});

test('a secret that was read by its name costs no call by its ARN', async () => {
  const { source, secrets, stripe } = setUp();
  await stripe.get();

  await secrets.secret(source.arn('stripe')).get();

  expect(source.calls).toHaveLength(1);
});

test('an ARN without its ending, and a name that ends like one, are not mistaken for each other', async () => {
  const { secrets } = setUp({ stripe: { apiKey: 'a' }, 'stripe-backup': { apiKey: 'b' } });
  const short = secrets.secret('arn:aws:secretsmanager:eu-central-1:123456789012:secret:stripe-backup');

  expect(await secrets.secret('stripe').get()).toEqual({ apiKey: 'a' });
  expect(await short.get()).toEqual({ apiKey: 'b' });
});

test('stages and versions are secrets of their own', async () => {
  const { source, secrets, stripe } = setUp();
  const { versionId } = await stripe.version();
  source.rotate('stripe', { apiKey: 'second' });
  source.put('stripe', 'AWSPENDING', { apiKey: 'third' });
  await stripe.refresh();

  const previous = secrets.secret('stripe', { stage: 'AWSPREVIOUS' });
  expect(await previous.get()).toEqual({ apiKey: 'first' });
  expect(await secrets.secret('stripe', { stage: 'AWSPENDING' }).get()).toEqual({ apiKey: 'third' });
  expect(await secrets.secret('stripe', { versionId }).get()).toEqual({ apiKey: 'first' });
  expect(await stripe.get()).toEqual({ apiKey: 'second' });
  expect(await previous.version()).toMatchObject({ stage: 'AWSPREVIOUS', versionId });
});

test('AWSCURRENT is what is read without a stage', async () => {
  const { source, secrets, stripe } = setUp();
  await stripe.get();

  await secrets.secret('stripe', { stage: 'AWSCURRENT' }).get();

  expect(source.calls).toHaveLength(1);
});

test('a fetch that takes too long is given up, its signal with it', async () => {
  const { source, runtime, stripe } = setUp();
  source.answerAfter(() => new Promise(() => undefined));

  const reading = stripe.get();
  reading.catch(() => undefined);
  await runtime.pass(3_000);

  await expect(reading).rejects.toMatchObject({ code: 'TIMEOUT', retryable: true });
  expect(source.calls[0]?.signal.aborted).toBe(true);
});

test('a fetch that a frozen environment left behind is not waited for', async () => {
  const { source, runtime, stripe } = setUp();
  const { wait, open } = gate();
  source.answerAfter(wait);
  const lost = stripe.get();
  await turn();
  runtime.set(runtime.now() + hour);
  source.answerAfter(undefined);

  expect(await stripe.get()).toEqual({ apiKey: 'first' });

  await open();
  await lost;
});

test('a reader that gives up does not stop the others', async () => {
  const { source, stripe } = setUp();
  const { wait, open } = gate();
  source.answerAfter(wait);
  const abort = new AbortController();
  const given = abortable(stripe.get(), abort.signal);
  const other = stripe.get();
  await turn();

  abort.abort(new Error('enough'));
  await expect(given).rejects.toThrow('enough');
  await open();

  expect(await other).toEqual({ apiKey: 'first' });
  await expect(abortable(stripe.get(), AbortSignal.abort())).rejects.toThrow('aborted');
});

test('preloads with one batch, and alone what did not come with it', async () => {
  const names = Array.from({ length: 41 }, (_, n) => `s${n}`);
  const { source, secrets } = setUp(Object.fromEntries(names.map((name) => [name, { name }])));
  const short = secrets.secret('arn:aws:secretsmanager:eu-central-1:123456789012:secret:s0');
  const handles = names.map((name) => secrets.secret(name));

  await preload(secrets, ...handles.slice(1), short);

  expect(source.batches).toBe(1);
  expect(source.calls.map(({ secretId }) => secretId)).toEqual([short.secretId]);
  expect(await handles[40]?.get()).toEqual({ name: 's40' });
});

test('preloads one by one where batches are not allowed, and what is missing is told', async () => {
  const { source, secrets } = setUp({ a: { x: '1' }, b: { x: '2' } });
  const denied = { ...source, getMany: () => Promise.reject(new Error('AccessDenied')) };
  const others = createSecrets({ source: denied });
  await preload(others, others.secret('a'), others.secret('b'));
  expect(source.calls).toHaveLength(2);

  const missing = preload(secrets, secrets.secret('a'), secrets.secret('c'));

  await expect(missing).rejects.toMatchObject({ code: 'NOT_FOUND', secretId: 'c' });
});

test('a new version that does not fit leaves the last good one in place, and is an error where there is none', async () => {
  const { source, runtime, secrets } = setUp({ stripe: { port: 1 } });
  const shape = z.object({ port: z.number() });
  const handle = secrets.secret('stripe', schema(shape));
  await handle.get();
  source.rotate('stripe', { port: 'many' });
  await runtime.pass(hour);

  expect(await handle.get()).toEqual({ port: 1 });

  const cold = createSecrets({ source }).secret('stripe', schema(shape));
  await expect(cold.get()).rejects.toMatchObject({ code: 'VALIDATION', issues: [['port']], retryable: false });
});

test.each([
  ['no JSON', 'hunter2', 'PARSE'],
  ['JSON that is no object', '"hunter2"', 'WRONG_TYPE'],
  ['bytes where text is wanted', new Uint8Array([1]), 'WRONG_TYPE'],
])('%s is an error that says so', async (_, value, code) => {
  const { secrets } = setUp({ odd: value });

  await expect(secrets.secret('odd').get()).rejects.toMatchObject({ code, secretId: 'odd' });
});

test('text where bytes are wanted is an error', async () => {
  const { secrets } = setUp();

  await expect(secrets.secret('stripe', { format: 'binary' }).get()).rejects.toMatchObject({ code: 'WRONG_TYPE' });
});

test('any Standard Schema makes the type of the value', async () => {
  const { secrets, stripe } = setUp({ stripe: { apiKey: 'k', port: '5432' }, word: 'abc' });
  const byZod = secrets.secret('stripe', schema(z.object({ apiKey: z.string(), port: z.coerce.number<string>() })));
  const byValibot = secrets.secret(
    'stripe',
    schema(v.object({ apiKey: v.string(), port: v.pipe(v.string(), v.transform(Number)) })),
  );
  const text = secrets.secret(
    'word',
    schema(
      z.string().transform((word) => word.length),
      'text',
    ),
  );

  expect(await byZod.get()).toEqual({ apiKey: 'k', port: 5432 });
  expect(await byValibot.get()).toEqual({ apiKey: 'k', port: 5432 });
  expect(await text.get()).toBe(3);
  expectTypeOf(byZod).toHaveProperty('get').returns.resolves.toEqualTypeOf<{ apiKey: string; port: number }>();
  expectTypeOf(byValibot).toHaveProperty('get').returns.resolves.toEqualTypeOf<{ apiKey: string; port: number }>();
  expectTypeOf(text).toHaveProperty('get').returns.resolves.toEqualTypeOf<number>();
  expectTypeOf(stripe).toHaveProperty('get').returns.resolves.toEqualTypeOf<JsonObject>();
  expectTypeOf(secrets.secret('a', { format: 'text' }))
    .toHaveProperty('get')
    .returns.resolves.toEqualTypeOf<string>();
  expectTypeOf(secrets.secret('a', { format: 'binary' }))
    .toHaveProperty('get')
    .returns.resolves.toEqualTypeOf<Uint8Array>();
});

test('peek tells what was read last, and asks nothing', async () => {
  const { source, runtime, stripe } = setUp();
  expect(stripe.peek()).toBeUndefined();
  await stripe.get();
  await runtime.pass(2 * hour);

  expect(stripe.peek()?.value).toEqual({ apiKey: 'first' });
  expect(source.calls).toHaveLength(1);
});

test('onRotate is called for each change, in order, and not for the first version', async () => {
  const { source, secrets, stripe } = setUp();
  const seen: unknown[] = [];
  const watch = stripe.onRotate(async (next, previous) => {
    await turn();
    seen.push([previous.value['apiKey'], next.value['apiKey']]);
  });
  await stripe.get();
  await stripe.refresh();

  for (const apiKey of ['second', 'third']) {
    source.rotate('stripe', { apiKey });
    await stripe.refresh();
    await secrets.settled();
  }
  watch[Symbol.dispose]();
  source.rotate('stripe', { apiKey: 'fourth' });
  await stripe.refresh();
  await secrets.settled();

  expect(seen).toEqual([
    ['first', 'second'],
    ['second', 'third'],
  ]);
});

test('onRotate hears of a change that the handle of the ARN learnt, also where it began to watch before the first read', async () => {
  const { source, secrets, stripe } = setUp();
  const byArn = secrets.secret(source.arn('stripe'));
  const seen: string[] = [];
  stripe.onRotate((next) => void seen.push(next.versionId));
  await byArn.get();
  await stripe.get();
  const second = source.rotate('stripe', { apiKey: 'second' });

  await byArn.refresh();
  await secrets.settled();

  expect(seen).toEqual([second]);
});

test('a callback that fails is told of, and disturbs nobody', async () => {
  const { source, secrets, stripe } = setUp();
  stripe.onRotate(() => Promise.reject(new Error('pool')));
  await stripe.get();
  source.rotate('stripe', { apiKey: 'second' });

  await stripe.refresh();
  await secrets.settled();

  expect(await stripe.get()).toEqual({ apiKey: 'second' });
});

test('peek knows what another handle of the secret has read since', async () => {
  const { source, secrets, stripe } = setUp();
  await stripe.get();
  source.rotate('stripe', { apiKey: 'second' });

  await secrets.secret('stripe', { format: 'text' }).refresh();

  expect(stripe.peek()?.value).toEqual({ apiKey: 'second' });
});

test('while a failure is waited out, a refusal ends what stood in: the next reader asks', async () => {
  const source = fakeSource({ stripe: { apiKey: 'k' } });
  const runtime = fakeRuntime();
  const stripe = createSecrets({ source, runtime: { ...runtime, random: () => 0.99 } }).secret('stripe');
  await stripe.get();
  source.failWith('UNAVAILABLE');
  await runtime.pass(6 * minute);
  await stripe.get();
  source.failWith('ACCESS_DENIED');
  await runtime.pass(999);
  await expect(stripe.refresh()).rejects.toMatchObject({ code: 'ACCESS_DENIED' });

  await expect(stripe.get()).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
});

test('a refresh that fails does not make a fresh version old', async () => {
  const { source, runtime, stripe } = setUp();
  await stripe.get();
  source.failWith('ACCESS_DENIED');
  await runtime.pass(minute);
  await expect(stripe.refresh()).rejects.toMatchObject({ code: 'ACCESS_DENIED' });

  expect(await stripe.version()).toMatchObject({ stale: false });
});

test('a parser that is slower than the next version does not put the old one back', async () => {
  const { source, secrets } = setUp();
  const { wait, open } = gate();
  const parse = async ({ text = '' }) => {
    await wait();
    return text;
  };
  const handle = secrets.secret('stripe', { parse });
  const old = handle.get();
  await turn();
  const second = source.rotate('stripe', { apiKey: 'second' });
  const next = handle.refresh();
  await turn();

  await open(1);
  await open(0);

  await Promise.all([old, next]);
  expect(handle.peek()).toMatchObject({ versionId: second });
  expectTypeOf(handle).toHaveProperty('get').returns.resolves.toEqualTypeOf<string>();
});
