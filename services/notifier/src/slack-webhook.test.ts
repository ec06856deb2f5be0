import { memoryLedger } from '@keyturn/aws/memory-ledger';
import { renderings } from '@keyturn/aws/renderings';
import { configSchema } from '@keyturn/config/config';
import type { KeyturnEvent } from '@keyturn/events/define-event';
import { loopbackServer, type Reply } from '@keyturn/http/loopback-server';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { hidden } from '@keyturn/rotation/hidden';
import { expect, onTestFinished, test } from 'vitest';

import { memorySlackChannel } from './memory-slack-channel.ts';
import { parseNotifiedEvent } from './notified-event.ts';
import { notifyOwner } from './notify-owner.ts';
import { delivered, rotationEvents as events } from './rotation-events.ts';
import { slackWebhook } from './slack-webhook.ts';
import type { Deps } from './tell-story.ts';

const rest = 'T01/B01/canary4711';
const gone = new PermanentError('provider-refused', 'Slack answered not_in_channel', {
  field: 'routes.payments.slack',
});

test('without a bot each thing that happens is one message of its own, told once', async () => {
  const { deps, posted, paths } = await setUp({ bot: false });

  for (const event of [events.rotated(), events.rotated(), events.verified(), events.disabled()])
    await tell(event, deps);

  expect(posted().map(({ text }) => text.split('\n')[0])).toEqual([
    'orders/api-key (prod): key rotated, the old key works until 2 March 2027, 08:10 UTC',
    'orders/api-key (prod): the current key was checked and is accepted',
    'orders/api-key (prod): the old key is switched off, and will be deleted on 9 March 2027, 09:00 UTC at the earliest',
  ]);
  expect(JSON.stringify(posted()[1]?.blocks)).toContain('*Owner*');
  expect(new Set(paths())).toEqual(new Set([`/services/${rest}`]));
});

test('an alert that the bot can never deliver goes by the webhook, and says where it was meant to go', async () => {
  const { deps, slack, posted } = await setUp();
  slack.failNext(gone);

  await tell(events.failed(5), deps);
  await tell(events.failed(5), deps);

  expect(slack.posted).toEqual([]);
  expect(posted()).toHaveLength(1);
  expect(posted()[0]?.text).toContain('rotation failed');
  expect(posted()[0]?.text).toContain(
    'meant for the Slack channel C0PAYMENTS (routes.payments.slack in the configuration of Keyturn), where the bot cannot post: Slack answered not_in_channel.',
  );
});

test('what is no alert waits for the bot to be mended', async () => {
  const { deps, slack, posted } = await setUp();
  slack.failNext(gone);

  await expect(tell(events.rotated(), deps)).rejects.toBe(gone);

  expect(posted()).toEqual([]);
});

test.each([
  ['a failure that may pass', new TransientError('Slack asks to wait')],
  ['a message of a form that Slack does not take', new PermanentError('internal', 'Slack refused the form')],
])('%s is not taken to the webhook', async (_what, failure) => {
  const { deps, slack, posted } = await setUp();
  slack.failNext(failure);

  await expect(tell(events.failed(5), deps)).rejects.toBe(failure);

  expect(posted()).toEqual([]);
});

test('while the bot works the webhook is silent', async () => {
  const { deps, posted } = await setUp();

  await tell(events.failed(5), deps);

  expect(posted()).toEqual([]);
});

test.each([
  [{ status: 404, body: 'no_service' }, 'Slack answered no_service'],
  [{ status: 403, body: `canary ${rest}` }, 'Slack answered 403'],
  [{ status: 410, body: 'canary' }, 'Slack answered 410'],
] as const)('%o is final, and tells no more than Slack’s own codes', async (reply, message) => {
  const { deps } = await setUp({ bot: false, reply });

  const error: unknown = await tell(events.failed(5), deps).catch((error: unknown) => error);

  expect(error).toMatchObject({ reason: 'provider-refused', field: 'notifications.slack.webhookSecret', message });
  expect(renderings(error)).not.toContain('canary');
});

test('a webhook of another host is refused, and nothing is sent', async () => {
  const { deps, posted } = await setUp({ bot: false, secret: `https://evil.example/services/${rest}` });

  const error: unknown = await tell(events.failed(5), deps).catch((error: unknown) => error);

  expect(error).toMatchObject({ reason: 'misconfigured', field: 'notifications.slack.webhookSecret' });
  expect(renderings(error)).not.toContain('canary');
  expect(posted()).toEqual([]);
});

type Options = { readonly bot?: boolean; readonly reply?: Reply; readonly secret?: string };

async function setUp({ bot = true, reply = { status: 200, body: 'ok' }, secret = rest }: Options = {}) {
  const server = await loopbackServer(() => reply);
  onTestFinished(() => server.close());
  const config = configSchema.parse({
    stage: 'prod',
    providers: {},
    shapes: {},
    readers: {},
    policies: {},
    routes: { default: { mail: ['platform@example.com'] }, payments: { slack: 'C0PAYMENTS' } },
    notifications: {},
    runbooks: 'https://runbooks.example.com',
  });
  const clock = { now: () => Date.parse('2027-03-01T08:00:00Z'), sleep: async () => {} };
  const slack = memorySlackChannel();
  let ids = 0;
  const deps: Deps = {
    config,
    ledger: memoryLedger(),
    clock,
    newId: () => String((ids += 1)),
    slack: bot ? slack : undefined,
    slackWebhook: slackWebhook({
      secrets: { value: async () => ({ versionId: 'v1', text: hidden(secret), createdAt: 0 }) },
      webhookSecret: 'keyturn/slack-webhook',
      webhookUrl: `${server.url}/services/`,
      http: { clock, random: () => 0, allowHttp: ['127.0.0.1'] },
    }),
    mailer: undefined,
    webhooks: new Map(),
  };
  return {
    deps,
    slack,
    posted: () => server.received.map(({ body }) => JSON.parse(body) as { text: string; blocks: unknown }),
    paths: () => server.received.map(({ url }) => url),
  };
}

async function tell(event: KeyturnEvent, deps: Deps): Promise<void> {
  await notifyOwner(parseNotifiedEvent(delivered(event))!, deps);
}
