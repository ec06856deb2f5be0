import { renderings } from '@keyturn/aws/renderings';
import { loopbackServer, type Received, type Reply } from '@keyturn/http/loopback-server';
import { hidden } from '@keyturn/rotation/hidden';
import { expect, onTestFinished, test } from 'vitest';

import { slackBot } from './slack-bot.ts';

const token = hidden('xoxb-canary-4711');
const json = (body: unknown, headers = {}): Reply => ({
  status: 200,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

async function botAt(reply: (request: Received) => Reply) {
  const server = await loopbackServer(reply);
  onTestFinished(() => server.close());
  return { bot: slackBot(`${server.url}/api/`), received: server.received };
}

test('the scopes of a token are those that Slack names in its header', async () => {
  const { bot, received } = await botAt(() =>
    json({ ok: true, user: 'keyturn', team: 'Acme' }, { 'x-oauth-scopes': 'chat:write,files:read' }),
  );

  const identity = await bot.identify(token);

  expect(identity).toEqual({ name: 'keyturn', team: 'Acme', scopes: ['chat:write', 'files:read'] });
  expect(received[0]?.url).toBe('/api/auth.test');
  expect(received[0]?.headers.authorization).toBe('Bearer xoxb-canary-4711');
});

test('membership is what Slack says of the channel', async () => {
  const { bot } = await botAt(({ body }) => json({ ok: true, channel: { is_member: body.includes('C01') } }));

  expect([await bot.isMember(token, 'C01'), await bot.isMember(token, 'C02')]).toEqual([true, false]);
});

test.each([
  [json({ ok: false, error: 'token_revoked' }), 'PermanentError', 'Slack answered token_revoked'],
  [json({ ok: false, error: 'xoxb-canary-4711' }), 'TransientError', 'Slack gave no answer'],
  [{ status: 404, body: 'xoxb-canary-4711' } as const, 'TransientError', 'Slack gave no answer'],
])('%j is told without the token', async (reply, name, message) => {
  const { bot } = await botAt(() => reply);

  const error: unknown = await bot.identify(token).catch((error: unknown) => error);

  expect(error).toMatchObject({ name, message });
  expect(renderings(error)).not.toContain('canary');
});
