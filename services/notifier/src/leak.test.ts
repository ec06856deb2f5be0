import { memoryLedger } from '@keyturn/aws/memory-ledger';
import { toldPartitionOf } from '@keyturn/aws/announcement';
import { renderings } from '@keyturn/aws/renderings';
import { configSchema } from '@keyturn/config/config';
import { loopbackServer, type Reply } from '@keyturn/http/loopback-server';
import { memoryLog } from '@keyturn/lambda/memory-log';
import { onQueue } from '@keyturn/lambda/on-queue';
import { hidden } from '@keyturn/rotation/hidden';
import { expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';

import { notifyOwner } from './notify-owner.ts';
import { parseNotifiedEvent } from './notified-event.ts';
import { delivered, rotationEvents as events, secretArn } from './rotation-events.ts';
import { webhook } from './send-webhook.ts';
import { slackWebhook } from './slack-webhook.ts';
import type { Deps } from './tell-story.ts';

const secrets = {
  slack: 'T01/B01/canaryslackcanary',
  keyturn: 'canary-signing-key-4711',
  teams: 'workflows/canary/paths/invoke?sig=canary%2B',
  pagerduty: '0123456789abcdefcanary0123456789',
  servicenow: '{"username":"canary-user","password":"canary-password"}',
} as const;
const traces = ['canary', btoa('canary-user:canary-password'), Buffer.from('canary').toString('hex')];

// Whatever was asked comes back, as bad servers do.
const quoting =
  (status: number) =>
  ({ body, url, headers }: { body: string; url: string; headers: object }): Reply => ({
    status,
    body: `${body} ${url} ${JSON.stringify(headers)}`,
    headers: { 'x-request-id': 'canary' },
  });

const formats = ['keyturn', 'teams', 'pagerduty', 'servicenow'] as const;
const channels = ['slack', ...formats] as const;
const statuses = [200, 302, 400, 403, 429, 500];

// One channel at a time: of several that fail, one error is told.
test.each(channels.flatMap((channel) => statuses.map((status) => [channel, status] as const)))(
  'no secret is in a log, a dead letter or the ledger when %s answers %i',
  async (channel, status) => {
    const server = await loopbackServer((request) => quoting(status)(request));
    onTestFinished(() => server.close());
    const { deps, ledger } = setUp(server.url, channel);
    const log = memoryLog();
    const dead: unknown[] = [];
    const handler = onQueue({
      service: 'notifier',
      parse: parseNotifiedEvent,
      handle: (event) => notifyOwner(event!, deps),
      consumed: { deadLetter: async (...letter) => void dead.push(letter), delay: async () => {} },
      log,
    });
    const body = JSON.stringify(delivered(events.failed()));
    const record = { messageId: 'm', receiptHandle: 'r', body, attributes: { ApproximateReceiveCount: '1' } };

    await handler({ Records: [record] });

    const rows = await ledger.list(toldPartitionOf(secretArn), '', z.unknown());
    const said = [JSON.stringify(dead), JSON.stringify(rows), JSON.stringify(log.lines)];
    const errors = log.lines.map((line) => renderings((line as { error?: unknown }).error));
    expect(server.received.length).toBe(1);
    expect(rows.length).toBeGreaterThan(0);
    expect(log.lines.length).toBeGreaterThan(1);
    for (const text of [...said, ...errors]) for (const trace of traces) expect(text).not.toContain(trace);
  },
);

function setUp(url: string, channel: (typeof channels)[number]) {
  const allowHttp = ['127.0.0.1'];
  const clock = { now: () => Date.parse('2027-03-01T08:00:00Z'), sleep: async () => {} };
  const http = { clock, random: () => 0, allowHttp, timeoutMs: 2000 };
  const value = async (name: string) => ({ versionId: 'v', text: hidden(secrets[name as 'slack']), createdAt: 0 });
  const hooks = formats.map((format) => [format, { url, secret: format, format, allowHttp }] as const);
  const config = configSchema.parse({
    stage: 'prod',
    providers: {},
    shapes: {},
    readers: {},
    policies: {},
    routes: {
      default: { mail: ['a@example.com'] },
      payments: channel === 'slack' ? { slack: 'C01' } : { webhooks: [channel] },
    },
    notifications: {},
    runbooks: 'https://runbooks.example.com',
  });
  const ledger = memoryLedger();
  let ids = 0;
  const deps: Deps = {
    config,
    ledger,
    clock,
    newId: () => String((ids += 1)),
    slack: undefined,
    slackWebhook: slackWebhook({ secrets: { value }, webhookSecret: 'slack', webhookUrl: `${url}/services/`, http }),
    mailer: undefined,
    webhooks: new Map(hooks.map(([id, config]) => [id, webhook({ id, config, secrets: { value }, http })])),
  };
  return { deps, ledger };
}
