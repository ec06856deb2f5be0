import { expect, test } from 'vitest';

import { createSecrets } from './create-secrets.ts';
import { fakeRuntime } from './fake-runtime.ts';
import { keepFresh } from './keep-fresh.ts';
import { fakeSource } from './testing.ts';

function setUp(env: Record<string, string> = {}) {
  const source = fakeSource({ stripe: { apiKey: 'first' } });
  const runtime = fakeRuntime(env);
  const stripe = createSecrets({ source, runtime }).secret('stripe');
  return { source, runtime, stripe };
}

test('hears of a rotation although nobody reads', async () => {
  const { source, runtime, stripe } = setUp();
  const seen: string[] = [];
  stripe.onRotate(({ versionId }) => void seen.push(versionId));
  keepFresh([stripe], { runtime });
  await runtime.pass(60_000);
  const second = source.rotate('stripe', { apiKey: 'second' });

  await runtime.pass(60_000);

  expect(stripe.peek()?.value).toEqual({ apiKey: 'second' });
  expect(seen).toEqual([second]);
});

test('goes on after a failure, and keeps what is held', async () => {
  const { source, runtime, stripe } = setUp();
  keepFresh([stripe], { runtime });
  await runtime.pass(60_000);
  source.failWith('ACCESS_DENIED');
  source.rotate('stripe', { apiKey: 'second' });
  await runtime.pass(600_000);
  expect(stripe.peek()?.value).toEqual({ apiKey: 'first' });

  source.failWith(undefined);
  await runtime.pass(60_000);

  expect(stripe.peek()?.value).toEqual({ apiKey: 'second' });
});

test('does not keep the process alive, and ends when it is disposed of', async () => {
  const { source, runtime, stripe } = setUp();
  const kept = keepFresh([stripe], { runtime });
  expect(runtime.timers()).toBe(1);
  await runtime.pass(60_000);

  kept[Symbol.dispose]();
  await runtime.pass(600_000);

  expect(runtime.timers()).toBe(0);
  expect(source.calls).toHaveLength(1);
});

test('does nothing in Lambda', async () => {
  const { source, runtime, stripe } = setUp({ AWS_LAMBDA_FUNCTION_NAME: 'orders' });

  keepFresh([stripe], { runtime });
  await runtime.pass(600_000);

  expect(source.calls).toEqual([]);
});
