import { memoryLedger } from '@keyturn/aws/memory-ledger';
import { memoryMailer } from '@keyturn/aws/memory-mailer';
import { notificationTest, notificationTestKey } from '@keyturn/aws/notification-test';
import { configSchema } from '@keyturn/config/config';
import { NotificationTestRequested } from '@keyturn/events/notification-test-requested';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import { memorySlackChannel } from './memory-slack-channel.ts';
import { memoryWebhook } from './memory-webhook.ts';
import { parseQueuedEvent, type TestRequest } from './queued-event.ts';
import { delivered as asDelivered } from './rotation-events.ts';
import type { SlackMessage } from './slack-channel.ts';
import type { Deps } from './tell-story.ts';
import { testRoute } from './test-route.ts';

const testId = 'test/1';

test('every address of the owner gets a message that says it is a test, and who asked for it', async () => {
  const { deps, slack, bySlackWebhook, mailer, audit, outcomes } = setUp();

  await testRoute(request(), deps);

  const texts = [slack.posted[0]?.message.text, bySlackWebhook[0]?.text, mailer.sent[0]?.text, mailer.sent[1]?.text];
  for (const text of texts) {
    expect(text).toContain('TEST, nothing has happened');
    expect(text).toContain('jo asked for this message');
  }
  expect(audit.received).toMatchObject([{ kind: 'test', type: 'NotificationTestRequested', secret: null }]);
  expect(mailer.sent.map(({ to }) => to)).toEqual([['a@example.com'], ['b@example.com']]);
  expect(await outcomes()).toEqual({
    'Slack C0PAYMENTS': 'delivered',
    'Slack webhook': 'delivered',
    'mail a@example.com': 'delivered',
    'mail b@example.com': 'delivered',
    'webhook audit': 'delivered',
    'webhook on-call': 'delivered',
  });
});

test('an alert that a test opens is closed at once', async () => {
  const { deps, onCall } = setUp();

  await testRoute(request(), deps);

  expect(onCall.received.map(({ kind, correlationId }) => [kind, correlationId])).toEqual([
    ['test', testId],
    ['resolved', testId],
  ]);
});

test('an address that refuses is noted with its reason, and the others are tested all the same', async () => {
  const { deps, slack, outcomes, row } = setUp();
  slack.failNext(new PermanentError('provider-refused', 'Slack answered not_in_channel', { field: 'routes.x.slack' }));

  await testRoute(request(), deps);

  expect(await outcomes()).toMatchObject({ 'Slack C0PAYMENTS': 'refused', 'webhook audit': 'delivered' });
  expect((await row())?.outcomes[0]).toMatchObject({
    message: 'Slack answered not_in_channel',
    field: 'routes.x.slack',
  });
});

test('what may pass is thrown for the queue to try again, and only that address is', async () => {
  const { deps, slack, mailer, audit, outcomes } = setUp();
  const busy = new TransientError('Slack asks to wait', { retryAfterMs: 17_000 });
  slack.failNext(busy);

  await expect(testRoute(request(), deps)).rejects.toBe(busy);
  const first = await outcomes();
  await testRoute(request(), deps);
  await testRoute(request(), deps);

  expect(first).toMatchObject({ 'Slack C0PAYMENTS': 'retried', 'webhook audit': 'delivered' });
  expect(await outcomes()).toMatchObject({ 'Slack C0PAYMENTS': 'delivered' });
  expect([slack.posted.length, mailer.sent.length, audit.received.length]).toEqual([1, 2, 1]);
});

test('an owner that the deployed configuration does not have is told as such, at the default addresses', async () => {
  const { deps, mailer, row } = setUp();

  await testRoute(request('constructor'), deps);

  expect((await row())?.hasRoute).toBe(false);
  expect(mailer.sent.map(({ to }) => to)).toEqual([['platform@example.com']]);
});

test('a replayed request is old news', () => {
  expect(parseQueuedEvent({ ...asDelivered(event()), 'replay-name': 'again' })).toBeUndefined();
});

const event = (owner = 'payments') =>
  NotificationTestRequested.create(
    { owner, environment: 'prod', runbookUrl: 'https://runbooks.example.com', requestedBy: 'jo' },
    {
      eventId: '0f8fad5b-d9cb-469f-a165-70867728950e',
      occurredAt: '2027-03-01T08:00:00.000Z',
      correlationId: testId,
      causationId: null,
      idempotencyKey: testId,
      traceparent: null,
    },
  );

const request = (owner?: string): TestRequest => parseQueuedEvent(asDelivered(event(owner))) as TestRequest;

function setUp() {
  const hook = { url: 'https://hooks.example.com', secret: 'keyturn/hook', format: 'keyturn' };
  const config = configSchema.parse({
    stage: 'prod',
    providers: {},
    shapes: {},
    readers: {},
    policies: {},
    routes: {
      default: { mail: ['platform@example.com'] },
      payments: { slack: 'C0PAYMENTS', mail: ['a@example.com', 'b@example.com'], webhooks: ['audit', 'on-call'] },
    },
    notifications: {
      slack: { tokenSecret: 'keyturn/slack', webhookSecret: 'keyturn/slack-webhook' },
      webhooks: { audit: hook, 'on-call': hook },
    },
    runbooks: 'https://runbooks.example.com',
  });
  const [audit, onCall] = [memoryWebhook('everything'), memoryWebhook('alerts')];
  const slack = memorySlackChannel();
  const bySlackWebhook: SlackMessage[] = [];
  const mailer = memoryMailer();
  const ledger = memoryLedger();
  const deps: Deps = {
    config,
    ledger,
    clock: { now: () => 0, sleep: async () => {} },
    newId: () => 'id',
    slack,
    slackWebhook: { post: async (message) => void bySlackWebhook.push(message) },
    mailer,
    webhooks: new Map([
      ['audit', audit],
      ['on-call', onCall],
    ]),
  };
  const row = async () => (await ledger.read(notificationTestKey(testId), notificationTest))?.value;
  const outcomes = async () =>
    Object.fromEntries(((await row())?.outcomes ?? []).map(({ address, state }) => [address, state]));
  return { deps, slack, bySlackWebhook, mailer, audit, onCall, row, outcomes };
}
