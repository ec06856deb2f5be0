import { memoryLedger } from '@keyturn/aws/memory-ledger';
import { memoryMailer } from '@keyturn/aws/memory-mailer';
import { configSchema } from '@keyturn/config/config';
import { FleetPaused } from '@keyturn/events/fleet-paused';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import { memorySlackChannel } from './memory-slack-channel.ts';
import { memoryWebhook } from './memory-webhook.ts';
import { parseQueuedEvent, type PausedFleet } from './queued-event.ts';
import { delivered as asDelivered } from './rotation-events.ts';
import { tellPause } from './tell-pause.ts';
import type { Deps } from './tell-story.ts';

test('those who look after Keyturn are told at every default address, once, and what opens an alert stays open', async () => {
  const { deps, slack, mailer, onCall } = setUp();

  await tellPause(paused(), deps);
  await tellPause(paused(), deps);

  expect(slack.posted.map(({ channel }) => channel)).toEqual(['C0PLATFORM']);
  expect(mailer.sent.map(({ to }) => to)).toEqual([['platform@example.com']]);
  expect(onCall.received).toMatchObject([
    { kind: 'alert', type: 'FleetPaused', secret: null, owner: 'default', environment: 'prod' },
  ]);
});

test.each([
  ['failed-verifications', 'current keys are refused', 'breaker.failedVerifications'],
  ['disables', 'old keys were to be switched off', 'breaker.disables'],
] as const)(
  'a pause for %s says what happened, that nothing is switched off, and how it goes on',
  async (why, says, field) => {
    const { deps, mailer } = setUp();

    await tellPause(paused({ why }), deps);

    const { text = '', subject = '' } = mailer.sent[0] ?? {};
    expect(subject).toContain(`Keyturn (prod) paused itself: 6 ${says} within an hour`);
    for (const part of ['keyturn resume', field, '08:04', 'https://runbooks.example.com/fleet-paused']) {
      expect(text).toContain(part);
    }
  },
);

test('an address that refuses keeps the others from nothing, and is tried again when the message comes back', async () => {
  const { deps, slack, mailer } = setUp();
  slack.failNext(new PermanentError('provider-refused', 'Slack answered not_in_channel', { field: 'routes.x.slack' }));

  await expect(tellPause(paused(), deps)).rejects.toMatchObject({
    reason: 'provider-refused',
    field: 'routes.x.slack',
  });
  const first = [slack.posted.length, mailer.sent.length];
  await tellPause(paused(), deps);

  expect(first).toEqual([0, 1]);
  expect([slack.posted.length, mailer.sent.length]).toEqual([1, 1]);
});

test('what may pass is thrown for the queue to try again, and only that address is', async () => {
  const { deps, slack, mailer } = setUp();
  const busy = new TransientError('Slack asks to wait', { retryAfterMs: 17_000 });
  slack.failNext(busy);

  await expect(tellPause(paused(), deps)).rejects.toBe(busy);
  await tellPause(paused(), deps);

  expect([slack.posted.length, mailer.sent.length]).toEqual([1, 1]);
});

test('a replayed pause is old news', () => {
  expect(parseQueuedEvent({ ...asDelivered(event()), 'replay-name': 'again' })).toBeUndefined();
});

const event = (data: Partial<PausedFleet['data']> = {}) =>
  FleetPaused.create(
    {
      environment: 'prod',
      runbookUrl: 'https://runbooks.example.com/fleet-paused',
      why: 'disables',
      count: 6,
      limit: 5,
      since: '2027-03-01T08:04:00.000Z',
      ...data,
    },
    {
      eventId: '0f8fad5b-d9cb-469f-a165-70867728950e',
      occurredAt: '2027-03-01T08:40:00.000Z',
      correlationId: 'fleet#disables#1',
      causationId: null,
      idempotencyKey: 'fleet#disables#1',
      traceparent: null,
    },
  );

const paused = (data?: Partial<PausedFleet['data']>): PausedFleet =>
  parseQueuedEvent(asDelivered(event(data))) as PausedFleet;

function setUp() {
  const config = configSchema.parse({
    stage: 'prod',
    providers: {},
    shapes: {},
    readers: {},
    policies: {},
    routes: {
      default: { slack: 'C0PLATFORM', mail: ['platform@example.com'], webhooks: ['on-call'] },
      payments: { mail: ['payments@example.com'] },
    },
    notifications: {
      slack: { tokenSecret: 'keyturn/slack' },
      webhooks: { 'on-call': { url: 'https://hooks.example.com', secret: 'keyturn/hook', format: 'keyturn' } },
    },
    runbooks: 'https://runbooks.example.com',
  });
  const onCall = memoryWebhook('alerts');
  const slack = memorySlackChannel();
  const mailer = memoryMailer();
  const deps: Deps = {
    config,
    ledger: memoryLedger(),
    clock: { now: () => 0, sleep: async () => {} },
    newId: () => 'id',
    slack,
    slackWebhook: undefined,
    mailer,
    webhooks: new Map([['on-call', onCall]]),
  };
  return { deps, slack, mailer, onCall };
}
