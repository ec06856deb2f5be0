import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { inspect } from 'node:util';

import * as v from 'valibot';
import { expect, test } from 'vitest';
import * as z from 'zod';

import { createSecrets } from './create-secrets.ts';
import { toChannel } from './diagnostics.ts';
import { bindEnv } from './env.ts';
import { fakeRuntime } from './fake-runtime.ts';
import { schema } from './schema.ts';
import { fakeSource, type FakeValue } from './testing.ts';

const value = 'hunter2-hunter2-hunter2';

function setUp(initial: FakeValue = { apiKey: value }) {
  const source = fakeSource({ stripe: initial });
  const runtime = fakeRuntime();
  const secrets = createSecrets({ source, runtime, report: toChannel });
  return { source, runtime, secrets, stripe: secrets.secret('stripe') };
}

/** Every way in which a thing ends up in a log. */
function shown(thing: unknown): string {
  const deep = { depth: 20, showHidden: true, getters: true, customInspect: true } as const;
  const plain = inspect(thing, { ...deep, customInspect: false, getters: false });
  const spread = typeof thing === 'object' ? inspect({ ...thing }, deep) : '';
  const stack = thing instanceof Error ? `${thing.stack} ${inspect(thing.cause, deep)}` : '';
  return [JSON.stringify(thing), inspect(thing, deep), plain, String(thing), spread, stack].join('\n');
}

test('a version shows itself without its value', async () => {
  const { stripe } = setUp();

  const version = await stripe.version();

  expect(shown(version)).not.toContain('hunter2');
  expect(inspect(structuredClone({ ...version }))).not.toContain('hunter2');
  expect(shown(version)).toContain(version.versionId);
  expect(version.value).toEqual({ apiKey: value });
});

test('neither a handle nor the library shows what they hold', async () => {
  const { secrets, stripe } = setUp();
  await stripe.get();

  expect(shown({ secrets, stripe, binding: bindEnv(stripe, 'all', { env: {} }) })).not.toContain('hunter2');
});

const broken: readonly (readonly [string, FakeValue, object])[] = [
  ['text that is no JSON', value, {}],
  ['JSON that ends too early', `{"apiKey":"${value}`, {}],
  ['a zod schema', { apiKey: value }, schema(z.object({ apiKey: z.literal('other') }))],
  [
    'a valibot schema, whose messages quote the value',
    { apiKey: value },
    schema(v.object({ apiKey: v.literal('other') })),
  ],
  [
    'a schema that throws',
    { apiKey: value },
    schema({
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (given: unknown) => {
          throw new Error(JSON.stringify(given));
        },
      },
    }),
  ],
  [
    'a schema that rejects',
    { apiKey: value },
    schema({
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: async (given: unknown) => Promise.reject(new Error(JSON.stringify(given))),
      },
    }),
  ],
  ['bytes where text is wanted', new TextEncoder().encode(value), { format: 'text' }],
];

test.each(broken)('an error quotes nothing: %s', async (_, initial, options) => {
  const { secrets } = setUp(initial);

  const error: unknown = await secrets
    .secret('stripe', options)
    .get()
    .catch((thrown: unknown) => thrown);

  expect(error).toMatchObject({ name: 'SecretError' });
  expect(shown(error)).not.toContain('hunter2');
  expect(shown(error)).toContain('stripe');
});

test('what a source throws is not kept: an SDK error may carry the body of the answer', async () => {
  const { source, stripe } = setUp();
  const thrown = Object.assign(new SyntaxError(`Unexpected token in ${value}`), { $response: { body: value } });
  source.failWith(thrown);

  const error: unknown = await stripe.get().catch((caught: unknown) => caught);

  expect(shown(error)).not.toContain('hunter2');
  expect(error).toMatchObject({ code: 'UNAVAILABLE', message: 'stripe: UNAVAILABLE SyntaxError' });
});

test('the diagnostics channel tells of everything, and of no value', async () => {
  const told: unknown[] = [];
  const listen = (message: unknown) => void told.push(message);
  subscribe('keyturn:client', listen);
  const { source, runtime, secrets } = setUp({ apiKey: value });
  const stripe = secrets.secret('stripe', schema(z.object({ apiKey: z.string() })));
  stripe.onRotate(() => Promise.reject(new Error(value)));

  await stripe.get();
  source.rotate('stripe', { apiKey: `${value}-2` });
  await stripe.use((_, { attempt }) => ({ status: attempt === 1 ? 401 : 200 }));
  source.rotate('stripe', { apiKey: 7, other: value });
  await stripe.refresh();
  source.failWith('UNAVAILABLE');
  await runtime.pass(3_600_000);
  await stripe.get();
  await secrets.settled();
  unsubscribe('keyturn:client', listen);

  expect(new Set(told.map((message) => (message as { type: string }).type))).toEqual(
    new Set(['refresh', 'rotate', 'auth-retry', 'callback-failed', 'invalid', 'error', 'stale']),
  );
  expect(shown(told)).not.toContain('hunter2');
  expect(told[0]).toEqual({
    type: 'refresh',
    secretId: 'stripe',
    versionId: expect.any(String) as string,
    durationMs: 0,
  });
  expect(told).toContainEqual({ type: 'error', secretId: 'stripe', code: 'UNAVAILABLE', durationMs: 0 });
});
