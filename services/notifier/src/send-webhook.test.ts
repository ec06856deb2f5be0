import { createHmac } from 'node:crypto';

import { renderings } from '@keyturn/aws/renderings';
import type { WebhookConfig } from '@keyturn/config/notifications-config';
import { loopbackServer, type Reply } from '@keyturn/http/loopback-server';
import { hidden } from '@keyturn/rotation/hidden';
import { describe, expect, onTestFinished, test } from 'vitest';

import { webhook } from './send-webhook.ts';
import type { Delivery } from './webhook.ts';

const now = Date.parse('2027-03-01T08:00:00Z');
const key = 'canary-signing-key-4711';
const routingKey = '0123456789abcdefcanary0123456789';
const login = { username: 'keyturn', password: 'canary-4711' };

const delivery: Delivery = {
  id: 'd1',
  type: 'RotationFailed',
  kind: 'alert',
  notice: {
    tone: 'bad',
    headline: 'orders [x](https://evil.example) (prod): rotation failed\u2028',
    lines: ['The secret still holds the old key.'],
    facts: [{ label: 'Owner', value: 'payments' }],
    link: { label: 'What to do, step by step', url: 'https://runbooks.example.com/x' },
  },
  owner: 'payments',
  environment: 'prod',
  correlationId: 'hash/v2',
  secret: { arn: 'arn:s', name: 'orders', provider: 'apigee' },
};

test('our own format is signed over its time and its bytes', async () => {
  const { hook, received } = await receiver('keyturn', key);

  await hook.send(delivery);

  const [{ headers, body, url, method }] = received as [(typeof received)[0]];
  expect([method, url]).toEqual(['POST', '/in']);
  const expected = createHmac('sha256', key)
    .update(`${now / 1000}.${body}`)
    .digest('hex');
  expect(headers['x-keyturn-signature']).toBe(`t=${now / 1000},v1=${expected}`);
  expect(headers['x-keyturn-delivery']).toBe('d1');
  expect(JSON.parse(body)).toEqual({
    version: 1,
    deliveryId: 'd1',
    type: 'RotationFailed',
    kind: 'alert',
    owner: 'payments',
    environment: 'prod',
    correlationId: 'hash/v2',
    secret: delivery.secret,
    tone: 'bad',
    headline: 'orders [x](https://evil.example) (prod): rotation failed',
    lines: delivery.notice.lines,
    facts: delivery.notice.facts,
    link: delivery.notice.link,
  });
});

test('a workflow of Teams gets a card whose text is no Markdown, at the address that the secret completes', async () => {
  const { hook, received } = await receiver('teams', 'workflows/a/paths/invoke?api-version=1&sig=canary%2B');

  await hook.send(delivery);

  expect(received[0]?.url).toBe('/in/workflows/a/paths/invoke?api-version=1&sig=canary%2B');
  const { type, attachments } = JSON.parse(received[0]!.body) as { type: string; attachments: { content: object }[] };
  expect(type).toBe('message');
  expect(attachments).toMatchObject([
    { contentType: 'application/vnd.microsoft.card.adaptive', content: { type: 'AdaptiveCard', version: '1.4' } },
  ]);
  const card = JSON.stringify(attachments);
  expect(card).toContain('RichTextBlock');
  expect(card).not.toContain('"TextBlock"');
  expect(card).toContain('"url":"https://runbooks.example.com/x"');
});

test('PagerDuty gets one alert for each rotation, and its end', async () => {
  const { hook, received } = await receiver('pagerduty', routingKey);

  await hook.send(delivery);
  await hook.send({ ...delivery, kind: 'resolved' });

  const [trigger, resolve] = received.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  expect(trigger).toMatchObject({
    routing_key: routingKey,
    event_action: 'trigger',
    dedup_key: 'keyturn/prod/hash/v2',
    payload: { source: 'orders', severity: 'critical', group: 'payments', class: 'RotationFailed' },
    links: [{ href: 'https://runbooks.example.com/x', text: 'What to do, step by step' }],
  });
  expect(resolve).toEqual({ routing_key: routingKey, event_action: 'resolve', dedup_key: 'keyturn/prod/hash/v2' });
});

test('ServiceNow gets an event that its own message key clears', async () => {
  const { hook, received } = await receiver('servicenow', JSON.stringify(login));

  await hook.send(delivery);
  await hook.send({ ...delivery, kind: 'resolved' });

  expect(received[0]?.headers.authorization).toBe(`Basic ${btoa('keyturn:canary-4711')}`);
  const records = received.map(({ body }) => (JSON.parse(body) as { records: Record<string, string>[] }).records[0]!);
  expect(records[0]).toMatchObject({
    source: 'Keyturn',
    node: 'orders',
    severity: '1',
    resolution_state: 'New',
    message_key: 'keyturn/prod/hash/v2',
    time_of_event: '2027-03-01 08:00:00',
  });
  expect(JSON.parse(records[0]!['additional_info']!)).toMatchObject({ Owner: 'payments', deliveryId: 'd1' });
  expect(records[1]).toMatchObject({ severity: '0', resolution_state: 'Closing', message_key: 'keyturn/prod/hash/v2' });
});

test('ServiceNow takes a token in place of a password', async () => {
  const { hook, received } = await receiver('servicenow', '{"token":"canary"}');

  await hook.send(delivery);

  expect(received[0]?.headers.authorization).toBe('Bearer canary');
});

describe('a secret that cannot be right is refused, named and not told, and nothing is sent:', () => {
  test.each([
    ['keyturn', 'canary', 'misconfigured'],
    ['keyturn', ' ', 'secret-missing'],
    ['teams', 'https://evil.example/canary?sig=canary', 'misconfigured'],
    ['pagerduty', 'canary', 'misconfigured'],
    ['servicenow', 'canary:canary', 'misconfigured'],
    ['servicenow', '{"username":"canary"}', 'misconfigured'],
  ] as const)('%s', async (format, text, reason) => {
    const { hook, received } = await receiver(format, text);

    const error = await failureOf(hook.send(delivery));

    expect(error).toMatchObject({ name: 'PermanentError', reason, field: 'notifications.webhooks.hook.secret' });
    expect(renderings(error)).not.toContain('canary');
    expect(received).toEqual([]);
  });
});

const quoting: Reply = { status: 400, body: `canary ${key} ${routingKey}`, headers: { 'x-request-id': 'canary' } };
const permanent = [
  ['a refusal', quoting],
  ['a webhook that is gone', { ...quoting, status: 410 }],
  ['a redirect', { ...quoting, status: 302, headers: { location: 'https://evil.example/canary' } }],
] as const;
const transient = [
  ['a limit', { ...quoting, status: 429, headers: { 'retry-after': '17' } }],
  ['a failure', { ...quoting, status: 503 }],
  ['no answer', 'reset'],
] as const;

describe.each([
  ['keyturn', key],
  ['teams', 'workflows/canary?sig=canary'],
  ['pagerduty', routingKey],
  ['servicenow', JSON.stringify(login)],
] as const)('%s', (format, secret) => {
  test.each(permanent)('ends for good with %s, and names the webhook', async (_what, reply) => {
    const { hook, received } = await receiver(format, secret, reply);

    const error = await failureOf(hook.send(delivery));

    expect(error).toMatchObject({ name: 'PermanentError', field: 'notifications.webhooks.hook' });
    expect(renderings(error)).not.toContain('canary');
    expect(received).toHaveLength(1);
  });

  test.each(transient)('may succeed later after %s', async (_what, reply) => {
    const { hook, received } = await receiver(format, secret, reply);

    const error = await failureOf(hook.send(delivery));

    expect(error).toMatchObject({ name: 'TransientError' });
    expect(renderings(error)).not.toContain('canary');
    expect(received).toHaveLength(1);
  });
});

async function receiver(format: WebhookConfig['format'], text: string, reply: Reply = { status: 202 }) {
  const server = await loopbackServer(() => reply);
  onTestFinished(() => server.close());
  const secrets = { value: async () => ({ versionId: 'v1', text: hidden(`${text}\n`), createdAt: 0 }) };
  const clock = { now: () => now, sleep: async () => {} };
  const allowHttp = ['127.0.0.1'];
  const config = { url: `${server.url}/in`, secret: 'keyturn/hook', format, allowHttp };
  const http = { clock, random: () => 0, allowHttp, timeoutMs: 2000 };
  return { hook: webhook({ id: 'hook', config, secrets, http }), received: server.received };
}

function failureOf(sent: Promise<void>): Promise<unknown> {
  return sent.then(
    () => 'it was delivered',
    (error: unknown) => error,
  );
}
