import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { renderings } from '@keyturn/aws/renderings';
import { httpFetch } from '@keyturn/http/http-fetch';
import { hidden } from '@keyturn/rotation/hidden';
import { createEmulator } from 'emulate';
import { expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';

import { renderSlack } from './render-slack.ts';
import { slackChannel } from './slack-channel.ts';

const token = 'xoxb-canary-4711';
const place = { channel: 'C000000001', route: 'routes.payments.slack' };
const message = renderSlack(
  {
    tone: 'warning',
    headline: 'orders & <api-key> (prod): rotation failed',
    lines: ['The secret still holds the old key.'],
    facts: [{ label: 'Owner', value: 'payments' }],
    link: { label: 'What to do, step by step', url: 'https://runbooks.example.com/x' },
  },
  { correlationId: 'hash/v2', fact: 'failed', alert: true },
);

test('posts, replies to everybody and edits, as Slack shows it', async () => {
  const { apiUrl, channel } = await emulatedSlack();
  const slack = slackChannel({ ...secretWith(token), apiUrl });
  const place = { channel, route: 'routes.payments.slack' };

  const head = await slack.post(place, message);
  await slack.post(place, message, { replyTo: head.ts, broadcast: true });
  const updated = await slack.update(place, head.ts, { ...message, text: 'resolved' });
  const { messages } = await callSlack(apiUrl, 'conversations.replies', { channel, ts: head.ts });

  expect(updated).toBe('updated');
  expect(messages).toMatchObject([
    { ts: head.ts, text: 'resolved', blocks: message.blocks, metadata: message.metadata },
    { thread_ts: head.ts, text: message.text, reply_broadcast: true, unfurl_links: false, unfurl_media: false },
  ]);
});

test('a message that is not there cannot be edited, which is no failure', async () => {
  const { apiUrl, channel } = await emulatedSlack();
  const slack = slackChannel({ ...secretWith(token), apiUrl });

  const updated = await slack.update({ channel, route: 'r' }, '1700000000.000001', message);

  expect(updated).toBe('gone');
});

test('an unknown channel names the route', async () => {
  const { apiUrl } = await emulatedSlack();
  const slack = slackChannel({ ...secretWith(token), apiUrl });

  await expect(slack.post({ channel: 'C0NOWHERE', route: 'routes.payments.slack' }, message)).rejects.toMatchObject({
    name: 'PermanentError',
    reason: 'provider-refused',
    field: 'routes.payments.slack',
    message: 'Slack answered channel_not_found',
  });
});

test.each([
  ['not_in_channel', 'routes.payments.slack'],
  ['is_archived', 'routes.payments.slack'],
  ['missing_scope', 'notifications.slack.tokenSecret'],
  ['invalid_auth', 'notifications.slack.tokenSecret'],
])('%s is refused for good and names what to change', async (error, field) => {
  const { slack } = await answeringSlack(() => json({ ok: false, error }));

  await expect(slack.post(place, message)).rejects.toMatchObject({ reason: 'provider-refused', field });
});

test('blocks that Slack does not take are our own fault', async () => {
  const { slack } = await answeringSlack(() => json({ ok: false, error: 'invalid_blocks' }));

  await expect(slack.post(place, message)).rejects.toMatchObject({ reason: 'internal', field: undefined });
});

test('a token that was replaced is read again, and the message goes out', async () => {
  const { slack, tokens } = await answeringSlack(
    (bearer) => json(bearer === 'Bearer xoxb-new' ? { ok: true, ts: '1.2' } : { ok: false, error: 'token_revoked' }),
    [token, 'xoxb-new'],
  );

  const first = await slack.post(place, message);
  const second = await slack.post(place, message);

  expect([first, second]).toEqual([{ ts: '1.2' }, { ts: '1.2' }]);
  expect(tokens).toEqual([`Bearer ${token}`, 'Bearer xoxb-new', 'Bearer xoxb-new']);
});

test('a token that is refused and was not replaced is tried once', async () => {
  const { slack, tokens } = await answeringSlack(() => json({ ok: false, error: 'invalid_auth' }));

  await expect(slack.post(place, message)).rejects.toMatchObject({ field: 'notifications.slack.tokenSecret' });

  expect(tokens).toHaveLength(1);
});

test('no token is refused without a call', async () => {
  const { slack, tokens } = await answeringSlack(() => json({ ok: true }), ['']);

  await expect(slack.post(place, message)).rejects.toMatchObject({
    reason: 'secret-missing',
    field: 'notifications.slack.tokenSecret',
  });
  expect(tokens).toEqual([]);
});

test('who is asked to wait says for how long', async () => {
  const { slack, tokens } = await answeringSlack(() => ({ status: 429, headers: { 'retry-after': '17' }, body: '{}' }));

  await expect(slack.post(place, message)).rejects.toMatchObject({ name: 'TransientError', retryAfterMs: 17_000 });
  expect(tokens).toHaveLength(1);
});

test.each([
  ['a 429 without a time', { status: 429, headers: {}, body: '{}' }],
  ['a 500', { status: 500, headers: {}, body: `<html>${token}</html>` }],
  ['a page in place of an answer', { status: 200, headers: {}, body: `<html>${token}</html>` }],
  ['null', { status: 200, headers: {}, body: 'null' }],
  ['internal_error', json({ ok: false, error: 'internal_error' })],
  ['nothing', 'hang'],
  ['a broken connection', 'break'],
] as const)('%s may be better next time, and is not tried again at once', async (_what, answer) => {
  const { slack, tokens } = await answeringSlack(() => answer);

  const error: unknown = await slack.post(place, message).catch((error: unknown) => error);

  expect(error).toMatchObject({ name: 'TransientError', retryAfterMs: undefined });
  expect(tokens).toHaveLength(1);
  expect(renderings(error)).not.toContain(token);
});

test('an address that is not Slack’s names the field that holds it', async () => {
  const { slack } = await answeringSlack(() => ({ status: 404, headers: {}, body: 'Not Found' }));

  await expect(slack.post(place, message)).rejects.toMatchObject({ field: 'notifications.slack.apiUrl' });
});

type Answer = { status: number; headers: Record<string, string>; body: string } | 'hang' | 'break';

function json(body: unknown): Answer {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function secretWith(...texts: string[]) {
  let reads = 0;
  const value = async () => {
    const text = hidden(`${texts[Math.min(reads, texts.length - 1)]}\n`);
    reads += 1;
    return { versionId: 'v1', text, createdAt: 0 };
  };
  return {
    secrets: { value },
    tokenSecret: 'keyturn/slack',
    fetch: httpFetch('call Slack', { allowHttp: ['127.0.0.1'], timeoutMs: 300 }),
  };
}

async function answeringSlack(answer: (authorization: string) => Answer, texts = [token]) {
  const tokens: string[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    request.resume();
    tokens.push(request.headers.authorization ?? '');
    const given = answer(request.headers.authorization ?? '');
    if (given === 'hang') return;
    if (given === 'break') response.destroy();
    else response.writeHead(given.status, given.headers).end(given.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  const apiUrl = `http://127.0.0.1:${port}/api/`;
  return { slack: slackChannel({ ...secretWith(...texts), apiUrl, timeoutMs: 300 }), tokens };
}

async function emulatedSlack() {
  const emulator = await createEmulator({
    service: 'slack',
    port: await freePort(),
    seed: { slack: { channels: [{ name: 'payments' }] } },
  });
  onTestFinished(() => emulator.close());
  const apiUrl = `${emulator.url.replace('localhost', '127.0.0.1')}/api/`;
  const { channels } = await callSlack(apiUrl, 'conversations.list', {});
  return { apiUrl, channel: channels!.find(({ name }) => name === 'payments')!.id };
}

const listing = z.object({
  ok: z.literal(true),
  channels: z.array(z.object({ id: z.string(), name: z.string() })).optional(),
  messages: z.array(z.unknown()).optional(),
});

async function callSlack(apiUrl: string, method: string, parameters: Record<string, string>) {
  const response = await fetch(`${apiUrl}${method}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: new URLSearchParams(parameters),
  });
  return listing.parse(await response.json());
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
