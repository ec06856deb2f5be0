import { memoryLedger } from '@keyturn/aws/memory-ledger';
import { configSchema } from '@keyturn/config/config';
import type { KeyturnEvent } from '@keyturn/events/define-event';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import { memorySlackChannel } from './memory-slack-channel.ts';
import { memoryWebhook } from './memory-webhook.ts';
import { parseNotifiedEvent } from './notified-event.ts';
import { notifyOwner } from './notify-owner.ts';
import { delivered, rotationEvents as events, secretArn } from './rotation-events.ts';
import type { Deps } from './tell-story.ts';

test('a system that wants everything hears of each step once, whatever comes twice', async () => {
  const { deps, audit } = setUp();

  for (const event of [events.rotated(), events.rotated(), events.verified(), events.disabled(), events.disabled()])
    await tell(event, deps);

  expect(audit.received.map(({ type, kind }) => [type, kind])).toEqual([
    ['SecretRotated', 'news'],
    ['CredentialVerified', 'news'],
    ['CredentialDisabled', 'news'],
  ]);
  expect(audit.received[0]).toMatchObject({
    owner: 'payments',
    environment: 'prod',
    correlationId: 'hash/v2',
    secret: { arn: secretArn, name: 'orders/api-key', provider: 'apigee' },
  });
  expect(new Set(audit.received.map(({ id }) => id)).size).toBe(3);
});

test('a system that wants what a mail is worth does not hear of progress', async () => {
  const { deps, team } = setUp();

  for (const event of [events.rotated(), events.verified(), events.disabled()]) await tell(event, deps);

  expect(team.received.map(({ type }) => type)).toEqual(['SecretRotated']);
});

test('an alert stays open until the rotation goes through', async () => {
  const { deps, onCall } = setUp();

  await tell(events.failed(5), deps);
  await tell(events.failed(6), deps);
  const open = kinds(onCall);
  await tell(events.rotated(), deps);
  await tell(events.verified(), deps);

  expect(open).toEqual(['alert']);
  expect(kinds(onCall)).toEqual(['alert', 'resolved']);
  expect(new Set(onCall.received.map(({ correlationId }) => correlationId))).toEqual(new Set(['hash/v2']));
});

test('an alert of a rotation that never went through is resolved by a later one', async () => {
  const { deps, onCall } = setUp();
  const later = events.rotated(60, { versionId: 'v3' }, { correlationId: 'hash/v3', idempotencyKey: 'n8' });

  await tell(events.failed(5, { retryable: false, reason: 'not-yours' }), deps);
  await tell(later, deps);
  await tell(later, deps);

  expect(onCall.received.map(({ kind, correlationId }) => [kind, correlationId])).toEqual([
    ['alert', 'hash/v2'],
    ['resolved', 'hash/v2'],
  ]);
});

test('a refused key is resolved when it is accepted again, and a kept key when it is switched off', async () => {
  const { deps, onCall } = setUp();

  await tell(events.rotated(), deps);
  await tell(events.refused(11), deps);
  await tell(events.verified(20, { idempotencyKey: 'later' }), deps);
  await tell(events.held(1400), deps);
  await tell(events.disabled(1500), deps);

  expect(onCall.received.map(({ kind, type }) => [kind, type])).toEqual([
    ['alert', 'VerificationFailed'],
    ['resolved', 'resolved'],
    ['alert', 'RetirementHeld'],
    ['resolved', 'resolved'],
  ]);
  expect(new Set(onCall.received.map(({ id }) => id)).size).toBe(4);
});

test('a failure that is heard of after the rotation went through opens nothing', async () => {
  const { deps, onCall } = setUp();

  await tell(events.rotated(), deps);
  await tell(events.failed(5), deps);

  expect(onCall.received).toEqual([]);
});

test('what one system did not get is sent again with the same id, and to that one alone', async () => {
  const { deps, audit, onCall, slack } = setUp();
  onCall.failNext(new TransientError('Webhook on-call: no answer'));

  await expect(tell(events.failed(5), deps)).rejects.toThrow('no answer');
  await tell(events.failed(5), deps);

  expect(audit.received).toHaveLength(1);
  expect(slack.posted).toHaveLength(1);
  expect(kinds(onCall)).toEqual(['alert']);
});

test('a system that refuses for good ends the message with its field, after all others were told', async () => {
  const { deps, audit, onCall } = setUp();
  audit.failNext(new PermanentError('provider-refused', '404', { field: 'notifications.webhooks.audit' }));

  const failure = tell(events.failed(5), deps);

  await expect(failure).rejects.toMatchObject({ field: 'notifications.webhooks.audit' });
  expect(kinds(onCall)).toEqual(['alert']);
});

test('an owner whose only address is a webhook for alerts is told of nothing else, and that is no failure', async () => {
  const { deps, onCall } = setUp({ payments: { webhooks: ['on-call'] } });

  await tell(events.rotated(), deps);

  expect(onCall.received).toEqual([]);
});

function setUp(routes: object = {}) {
  const config = configSchema.parse({
    stage: 'prod',
    providers: {},
    shapes: {},
    readers: {},
    policies: {},
    routes: {
      default: { mail: ['platform@example.com'] },
      payments: { slack: 'C0PAYMENTS', webhooks: ['audit', 'team', 'on-call'] },
      ...routes,
    },
    notifications: {},
    runbooks: 'https://runbooks.example.com',
  });
  const [audit, team, onCall] = [memoryWebhook('everything'), memoryWebhook('mails'), memoryWebhook('alerts')];
  const slack = memorySlackChannel();
  let ids = 0;
  const deps: Deps = {
    config,
    ledger: memoryLedger(),
    clock: { now: () => Date.parse('2027-03-01T08:00:00Z'), sleep: async () => {} },
    newId: () => String((ids += 1)),
    slack,
    slackWebhook: undefined,
    mailer: undefined,
    webhooks: new Map([
      ['audit', audit],
      ['team', team],
      ['on-call', onCall],
    ]),
  };
  return { deps, audit, team, onCall, slack };
}

async function tell(event: KeyturnEvent, deps: Deps): Promise<void> {
  await notifyOwner(parseNotifiedEvent(delivered(event))!, deps);
}

function kinds({ received }: { received: { kind: string }[] }): string[] {
  return received.map(({ kind }) => kind);
}
