import middy from '@middy/core';
import { expect, test } from 'vitest';
import * as z from 'zod';

import { createSecrets } from './create-secrets.ts';
import { bindEnv } from './env.ts';
import { fakeRuntime } from './fake-runtime.ts';
import { lambda, type LambdaOptions } from './lambda.ts';
import { keyturnMiddleware } from './middy.ts';
import { secretRotation } from './rotation-events.ts';
import { schema } from './schema.ts';
import { fakeSource } from './testing.ts';

function setUp(options: LambdaOptions = {}) {
  const source = fakeSource({ stripe: { apiKey: 'first' }, orders: { apiKey: 'x' } });
  const runtime = fakeRuntime({ AWS_LAMBDA_FUNCTION_NAME: 'orders' });
  const secrets = createSecrets({ source, runtime });
  const stripe = secrets.secret('stripe');
  const seen: unknown[] = [];
  const handle = async (event: unknown) => {
    seen.push(event);
    return (await stripe.get())['apiKey'];
  };
  const handler = lambda<unknown, unknown, unknown>(secrets, handle, { runtime, ...options });
  return { source, runtime, secrets, stripe, seen, handle, handler };
}

const arn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:stripe-AbCdEf';

const events = (versionId: string): readonly (readonly [string, object])[] => [
  [
    "Secrets Manager's own",
    {
      source: 'aws.secretsmanager',
      'detail-type': 'Secret Label Updated',
      resources: [arn],
      detail: { name: 'stripe', labelUpdated: 'AWSCURRENT', versionId },
    },
  ],
  ["Keyturn's", { source: 'keyturn', 'detail-type': 'SecretRotated', detail: { data: { secretArn: arn, versionId } } }],
  [
    "the Python package's",
    { source: 'secretsmanager', 'detail-type': 'Secret Rotation', detail: { secretId: 'stripe' } },
  ],
  [
    "the Python package's, with an ARN",
    { source: 'secretsmanager', 'detail-type': 'Secret Rotation', detail: { secretId: arn } },
  ],
  [
    "CloudTrail's",
    {
      source: 'aws.secretsmanager',
      'detail-type': 'AWS Service Event via CloudTrail',
      detail: { eventName: 'RotationSucceeded', additionalEventData: { SecretId: arn } },
    },
  ],
];

test.each(events('').map(([whose], n) => [whose, n] as const))(
  'the event of a rotation refreshes the secret and never reaches the handler: %s',
  async (_, n) => {
    const { source, handler, seen } = setUp();
    await handler({}, {});
    const event = events(source.rotate('stripe', { apiKey: 'second' }))[n]?.[1];

    const answer = await handler(event, {});

    expect(answer).toHaveProperty('secretId');
    expect(seen).toEqual([{}]);
    expect(source.calls).toHaveLength(2);
    expect(await handler({}, {})).toBe('second');
  },
);

test('an event that is ahead of what Secrets Manager answers is asked for again, three times at most', async () => {
  const { source, runtime, handler } = setUp();
  await handler({}, {});
  const answer = handler(events('not-there-yet')[0]?.[1], {});

  await runtime.pass(1000);

  expect(await answer).toEqual({ secretId: arn, versionId: 'not-there-yet' });
  expect(source.calls).toHaveLength(1 + 3);
});

test('the event of a secret that nobody here reads is ignored, or the handler’s where that is asked for', async () => {
  const event = { source: 'secretsmanager', 'detail-type': 'Secret Rotation', detail: { secretId: 'other' } };
  const ignoring = setUp();
  const forwarding = setUp({ unknownRotation: 'forward' });

  await ignoring.handler(event, {});
  await forwarding.handler(event, {});

  expect(ignoring.seen).toEqual([]);
  expect(ignoring.source.calls).toEqual([]);
  expect(forwarding.seen).toEqual([event]);
});

test('an event of another label, or of another kind, is the handler’s', async () => {
  const { handler, seen } = setUp();
  const others = [
    {
      source: 'aws.secretsmanager',
      'detail-type': 'Secret Label Updated',
      resources: [arn],
      detail: { labelUpdated: 'AWSPENDING' },
    },
    {
      source: 'aws.secretsmanager',
      'detail-type': 'AWS Service Event via CloudTrail',
      detail: { eventName: 'RotationFailed' },
    },
    { source: 'keyturn', 'detail-type': 'SecretRotated', detail: null },
    { source: 'secretsmanager', 'detail-type': 'Secret Rotation', detail: { secretId: 7 } },
    { httpMethod: 'GET' },
    null,
    'text',
  ];

  for (const event of others) await handler(event, {});

  expect(seen).toEqual(others);
});

test('what cannot be refreshed is expired, and the event is not an error', async () => {
  const { source, handler, stripe } = setUp();
  await handler({}, {});
  source.rotate('stripe', { apiKey: 'second' });
  source.failWith('ACCESS_DENIED');

  await handler(events('')[2]?.[1], {});

  await expect(stripe.get()).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
  source.failWith(undefined);
  expect(await handler({}, {})).toBe('second');
});

test('a secret that was not read yet is not asked for by an event', async () => {
  const { source, handler } = setUp();

  expect(await handler(events('v')[0]?.[1], {})).toMatchObject({ versionId: 'v' });

  expect(source.calls).toEqual([]);
});

test('preloads before the handler, in one call', async () => {
  const { source, secrets, stripe, handle, runtime } = setUp();
  const handler = lambda(secrets, handle, { preload: [stripe, secrets.secret('orders')], runtime });

  await handler({}, {});

  expect(source.batches).toBe(1);
  expect(source.calls).toEqual([]);
});

test('sets the environment before the handler, and again at a rotation', async () => {
  const { source, secrets, handle, runtime } = setUp();
  const env: Record<string, string | undefined> = {};
  const handler = lambda(secrets, handle, {
    env: [
      bindEnv(secrets.secret('stripe', schema(z.object({ apiKey: z.string() }))), { STRIPE_KEY: 'apiKey' }, { env }),
    ],
    runtime,
  });
  await handler({}, {});
  expect(env).toEqual({ STRIPE_KEY: 'first' });
  source.rotate('stripe', { apiKey: 'second' });

  await handler(events('')[2]?.[1], {});

  expect(env).toEqual({ STRIPE_KEY: 'second' });
});

test('what was begun in an invocation ends in it', async () => {
  const { source, secrets, stripe, runtime } = setUp();
  let release: (() => void) | undefined;
  source.answerAfter(() => new Promise((resolve) => (release = resolve)));
  let done = false;
  const handler = lambda(secrets, async () => void stripe.refresh(), { runtime });

  const invocation = handler({}, {}).then(() => (done = true));
  await runtime.pass(0);
  expect(done).toBe(false);
  release?.();
  await invocation;

  expect(stripe.peek()).toBeDefined();
});

test('leaves no timer behind', async () => {
  const { runtime, handler, source } = setUp();
  source.failWith('UNAVAILABLE');
  await handler({}, {}).catch(() => undefined);
  source.failWith(undefined);

  await handler({}, {});

  expect(runtime.timers()).toBe(0);
});

test('the three names of the event can be others', async () => {
  const { source, handler } = setUp({ events: [secretRotation('acme.rotator', 'Key Turned', 'name')] });
  await handler({}, {});
  source.rotate('stripe', { apiKey: 'second' });

  await handler({ source: 'acme.rotator', 'detail-type': 'Key Turned', detail: { name: 'stripe' } }, {});

  expect(source.calls).toHaveLength(2);
});

test('keeps what `this` is, as a decorated method needs it', async () => {
  const { secrets } = setUp();
  async function handle(this: { readonly name: string }): Promise<string> {
    return this.name;
  }
  const service = { name: 'orders', handler: lambda(secrets, handle) };

  expect(await service.handler({}, {})).toBe('orders');
});

test('as a middleware of middy it does the same, and puts values on the context', async () => {
  const { source, secrets, stripe, runtime } = setUp();
  const seen: unknown[] = [];
  const handler = middy()
    .use(keyturnMiddleware(secrets, { context: { stripe }, runtime }))
    .handler(async (event: unknown, context: { stripe?: unknown }) => {
      seen.push(event);
      return context.stripe;
    });
  const context = { getRemainingTimeInMillis: () => 1000 } as never;
  expect(await handler({}, context)).toEqual({ apiKey: 'first' });
  source.rotate('stripe', { apiKey: 'second' });

  expect(await handler(events('')[2]?.[1], context)).toEqual({ secretId: 'stripe' });

  expect(seen).toEqual([{}]);
  expect(await handler({}, context)).toEqual({ apiKey: 'second' });
});
