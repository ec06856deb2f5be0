import { expect, test } from 'vitest';
import * as z from 'zod';

import { createSecrets } from './create-secrets.ts';
import { bindEnv } from './env.ts';
import { fakeRuntime } from './fake-runtime.ts';
import { schema } from './schema.ts';
import { fakeSource, type FakeValue } from './testing.ts';

function setUp(value: FakeValue = { apiKey: 'first', port: 5432 }) {
  const source = fakeSource({ stripe: value });
  const secrets = createSecrets({ source, runtime: fakeRuntime() });
  const shape = z.object({ apiKey: z.string().optional(), user: z.string().optional(), port: z.number().optional() });
  const env: Record<string, string | undefined> = {};
  return {
    source,
    secrets,
    env,
    any: secrets.secret('stripe'),
    stripe: secrets.secret('stripe', schema(shape.required({ apiKey: true }))),
  };
}

test('sets nothing before it is applied, and only what it was told', async () => {
  const { stripe, env } = setUp();
  const binding = bindEnv(stripe, { STRIPE_KEY: 'apiKey' }, { env });
  expect(env).toEqual({});

  await binding.apply();

  expect(env).toEqual({ STRIPE_KEY: 'first' });
});

test('a field that is no text cannot be bound', () => {
  const { stripe, env } = setUp();

  // @ts-expect-error A port is a number.
  const binding = bindEnv(stripe, { PORT_OF_STRIPE: 'port' }, { env });

  expect(binding).toBeDefined();
});

test('a rotation changes the variable, also without another call', async () => {
  const { source, secrets, stripe, env } = setUp();
  await bindEnv(stripe, { STRIPE_KEY: 'apiKey' }, { env }).apply();
  source.rotate('stripe', { apiKey: 'second' });

  await stripe.refresh();
  await secrets.settled();

  expect(env).toEqual({ STRIPE_KEY: 'second' });
});

test('a field that vanished takes its variable with it', async () => {
  const { source, secrets, any, env } = setUp({ A: 'a', B: 'b' });
  await bindEnv(any, 'all', { env }).apply();
  expect(env).toEqual({ A: 'a', B: 'b' });
  source.rotate('stripe', { A: 'c' });

  await any.refresh();
  await secrets.settled();

  expect(env).toEqual({ A: 'c' });
});

test('disposing removes what was set, unless somebody else has set it since', async () => {
  const { secrets, source, any, env } = setUp({ A: 'a', B: 'b' });
  const applied = await bindEnv(any, 'all', { env }).apply();
  env['B'] = 'mine';

  applied[Symbol.dispose]();
  source.rotate('stripe', { A: 'c' });
  await any.refresh();
  await secrets.settled();

  expect(env).toEqual({ B: 'mine' });
});

test('a variable that somebody else has set is not overwritten, unless that is asked for', async () => {
  const { any, env } = setUp({ A: 'a', B: 'b' });
  env['B'] = 'theirs';

  await expect(bindEnv(any, 'all', { env }).apply()).rejects.toThrow('B is set already');
  expect(env).toEqual({ B: 'theirs' });
  await bindEnv(any, 'all', { env, overwrite: true }).apply();

  expect(env).toEqual({ A: 'a', B: 'b' });
});

test.each([
  'AWS_SECRET_ACCESS_KEY',
  'NODE_OPTIONS',
  'LD_PRELOAD',
  'PATH',
  'Path',
  '_HANDLER',
  'https_proxy',
  '__proto__',
  'A=B',
  '',
])('a secret may not set %o', async (name) => {
  const { stripe, env, any, source } = setUp();
  expect(() => bindEnv(stripe, Object.fromEntries([[name, 'apiKey']]) as never, { env })).toThrow(TypeError);
  source.rotate(
    'stripe',
    JSON.stringify(
      Object.fromEntries([
        ['A', 'a'],
        [name, 'b'],
      ]),
    ),
  );

  await expect(bindEnv(any, 'all', { env }).apply()).rejects.toThrow('A secret may not set');

  expect(env).toEqual({});
});

test('a value that is no text sets nothing', async () => {
  const { any, env } = setUp({ A: 'a', PORT_OF_STRIPE: 5432, NESTED: { B: 'b' }, NONE: null });

  await bindEnv(any, 'all', { env }).apply();

  expect(env).toEqual({ A: 'a' });
});
