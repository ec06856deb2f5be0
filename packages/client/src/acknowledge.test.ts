import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { loopbackAws, type LoopbackAnswer } from '@keyturn/aws/loopback-aws';
import { VersionAdopted } from '@keyturn/events/version-adopted';
import { expect, onTestFinished, test } from 'vitest';

import { acknowledge } from './acknowledge.ts';
import { bridge } from './bridge.ts';
import { createSecrets } from './create-secrets.ts';
import { toChannel } from './diagnostics.ts';
import { fakeRuntime } from './fake-runtime.ts';
import { keepFresh } from './keep-fresh.ts';
import { lambda } from './lambda.ts';
import { preload } from './preload.ts';
import { fakeSource } from './testing.ts';

const bus = 'arn:aws:events:eu-central-1:111122223333:event-bus/keyturn-prod';
type Entry = Readonly<Record<'EventBusName' | 'Source' | 'DetailType' | 'Detail', string>> & { Resources: string[] };

/** A bus that answers like that, and an application that reads and tells. */
async function setUp(answer: () => LoopbackAnswer = () => ({ json: { FailedEntryCount: 0, Entries: [{}] } })) {
  const aws = await loopbackAws(answer);
  onTestFinished(() => aws.stop());
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new EventBridgeClient({
    endpoint: aws.endpoint,
    region: 'eu-central-1',
    credentials,
    maxAttempts: 1,
  });
  const source = fakeSource({ stripe: { apiKey: 'hunter2' } });
  const runtime = fakeRuntime();
  const secrets = createSecrets({ source, runtime, report: toChannel });
  const stripe = acknowledge(secrets, { bus, reader: 'shop', client, runtime })(secrets.secret('stripe'));
  const said = async () => {
    await secrets.settled();
    const bodies = aws.received.map(({ body }) => body as { Entries: Entry[] });
    return bodies.flatMap(({ Entries }) => Entries);
  };
  const versions = async () =>
    (await said()).map(({ Detail }) => (JSON.parse(Detail) as VersionAdopted).data.versionId);
  return { aws, source, runtime, secrets, stripe, said, versions };
}

test('the first use of a version is told once, as the event that Keyturn knows, without the value', async () => {
  const { source, stripe, said } = await setUp();

  for (let n = 0; n < 3; n += 1) await stripe.get();
  await Promise.all([stripe.get(), stripe.use(({ apiKey }) => apiKey)]);

  const [entry, ...more] = await said();
  expect(more).toEqual([]);
  expect(entry).toMatchObject({ EventBusName: bus, Resources: [source.arn('stripe')] });
  const { Source, DetailType, Detail } = entry!;
  const event = VersionAdopted.parse({
    source: Source,
    'detail-type': DetailType,
    detail: JSON.parse(Detail) as unknown,
  });
  expect(event.data).toEqual({
    secretArn: source.arn('stripe'),
    versionId: stripe.peek()?.versionId,
    reader: 'shop',
  });
  expect(JSON.stringify(entry)).not.toContain('hunter2');
});

test.each(['get', 'use', 'peek'] as const)('%s is a use', async (way) => {
  const { stripe, versions } = await setUp();
  await stripe.version();

  if (way === 'use') await stripe.use(() => 1);
  else await stripe[way]();

  expect(await versions()).toHaveLength(1);
});

test('what is only read is not told: a preload, a refresh, a look in the background', async () => {
  const { secrets, stripe, runtime, versions } = await setUp();

  await preload(secrets, stripe);
  await stripe.refresh();
  keepFresh([stripe], { runtime })[Symbol.dispose]();
  await stripe.version();

  expect(await versions()).toEqual([]);
});

test('each change of the version is told, a rollback too', async () => {
  const { source, stripe, versions } = await setUp();
  await stripe.get();
  const first = stripe.peek()?.versionId ?? '';
  const second = source.rotate('stripe', { apiKey: 'second' });
  await stripe.use(({ apiKey }) => ({ status: apiKey === 'second' ? 200 : 401 }));
  source.moveCurrent('stripe', first);
  await stripe.refresh();

  await stripe.get();

  expect(await versions()).toEqual([first, second, first]);
});

test('a handle of another stage tells nothing', async () => {
  const { aws, source, secrets } = await setUp();
  source.put('stripe', 'AWSPENDING', { apiKey: 'pending' });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new EventBridgeClient({ endpoint: aws.endpoint, region: 'eu-central-1', credentials });
  const telling = acknowledge(secrets, { bus, reader: 'shop', client });

  await telling(secrets.secret('stripe', { stage: 'AWSPENDING' })).get();
  await secrets.settled();

  expect(aws.received).toEqual([]);
});

test('two handles of one secret tell once; a candidate of another stage is not told', async () => {
  const { source, secrets, stripe, versions } = await setUp();
  await stripe.get();
  const first = stripe.peek()?.versionId;
  source.put('stripe', 'AWSPENDING', { apiKey: 'pending' });
  const pending = secrets.secret('stripe', { stage: 'AWSPENDING' });

  const answer = await stripe.use(
    ({ apiKey }) => ({ status: apiKey === 'pending' ? 200 : 401 }),
    bridge({ candidates: [pending] }),
  );

  expect(answer).toEqual({ status: 200 });
  expect(await versions()).toEqual([first]);
});

test.each([
  ['that refuses', () => ({ status: 400, json: { __type: 'AccessDeniedException' } })],
  ['that breaks off', () => 'hang-up' as const],
  ['that takes the call and not the event', () => ({ json: { FailedEntryCount: 1, Entries: [{ ErrorCode: 'x' }] } })],
])('a bus %s fails nothing; it is tried at later uses, five times at most, and no timer is left', async (_, answer) => {
  const { aws, stripe, runtime, secrets } = await setUp(answer);
  const told: unknown[] = [];
  const listen = (message: unknown) => void told.push(message);
  subscribe('keyturn:client', listen);

  for (let n = 0; n < 100; n += 1) {
    expect(await stripe.get()).toEqual({ apiKey: 'hunter2' });
    await secrets.settled();
    await stripe.use(() => 1);
    await runtime.pass(60_000);
  }
  unsubscribe('keyturn:client', listen);

  expect(aws.received).toHaveLength(5);
  expect(runtime.timers()).toBe(0);
  expect(told).toContainEqual(expect.objectContaining({ type: 'acknowledge-failed' }));
  expect(JSON.stringify(told)).not.toContain('hunter2');
});

test('while the bus fails it is not asked with each use', async () => {
  const { aws, stripe, secrets } = await setUp(() => 'hang-up');

  for (let n = 0; n < 20; n += 1) {
    await stripe.get();
    await secrets.settled();
  }

  expect(aws.received).toHaveLength(1);
});

test('in Lambda it is sent before the invocation ends', async () => {
  const { aws, secrets, stripe, runtime } = await setUp();
  const handler = lambda(secrets, async () => stripe.get(), { runtime });

  await handler({}, {});

  expect(aws.received).toHaveLength(1);
});

test('it costs no fetch: what is fresh is used as it is', async () => {
  const { source, stripe } = await setUp();

  for (let n = 0; n < 10; n += 1) await stripe.get();

  expect(source.calls).toHaveLength(1);
});
