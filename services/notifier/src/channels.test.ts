import { loopbackAws } from '@keyturn/aws/loopback-aws';
import { renderings } from '@keyturn/aws/renderings';
import { network as networkSchema } from '@keyturn/config/network-config';
import { loopbackProxy } from '@keyturn/http/loopback-proxy';
import { loopbackServer } from '@keyturn/http/loopback-server';
import { loopbackTls } from '@keyturn/http/loopback-tls';
import { authorityCertificate } from '@keyturn/http/private-authority';
import { hidden } from '@keyturn/rotation/hidden';
import { describe, expect, onTestFinished, test } from 'vitest';

import { channels } from './channels.ts';
import type { Delivery } from './webhook.ts';

const delivery: Delivery = {
  id: 'd1',
  type: 'RotationFailed',
  kind: 'alert',
  notice: {
    tone: 'bad',
    headline: 'h',
    lines: [],
    facts: [],
    link: { label: 'l', url: 'https://runbooks.example.com' },
  },
  owner: 'payments',
  environment: 'prod',
  correlationId: 'c',
  secret: null,
};
const canary = 'canary-proxy-password-31';
const authorization = `Basic ${Buffer.from(`keyturn:${canary}`).toString('base64')}`;
const secrets: Record<string, string> = {
  'keyturn/slack': 'xoxb-canary-4711',
  'keyturn/slack-webhook': 'T0000/B0000/webhook-canary-16ch',
  'keyturn/signature': 'signature-canary-of-32-characters',
  'keyturn/proxy': JSON.stringify({ username: 'keyturn', password: canary }),
};

type Wish = { readonly proxied?: boolean; readonly caBundle?: string; readonly proxySecret?: string };

/** Slack and SES behind a proxy, with names and certificates of the company's own. */
async function company({ proxied = true, ...wish }: Wish) {
  const slackServer = await loopbackServer(() => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ok: true, ts: '1.2' }),
  }));
  const sesServer = await loopbackAws(() => ({ json: { MessageId: '1' } }));
  const slackTls = await loopbackTls(slackServer.url);
  const sesTls = await loopbackTls(sesServer.endpoint);
  const proxy = await loopbackProxy({
    hosts: { 'slack.corp.internal:443': slackTls.url, 'email.corp.internal:443': sesTls.url },
  });
  proxy.manners.credentials = authorization;
  onTestFinished(async () => {
    await Promise.all([proxy, slackTls, sesTls, slackServer].map((one) => one.close()));
    await sesServer.stop();
  });
  const { slack, mailer, slackWebhook, webhooks } = channels({
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    random: () => 0,
    notifications: {
      slack: {
        tokenSecret: 'keyturn/slack',
        webhookSecret: 'keyturn/slack-webhook',
        apiUrl: 'https://slack.corp.internal/api/',
        webhookUrl: 'https://slack.corp.internal/services/',
        allowHttp: [],
      },
      webhooks: {
        audit: {
          format: 'keyturn',
          url: 'https://slack.corp.internal/audit',
          secret: 'keyturn/signature',
          allowHttp: [],
        },
      },
      mail: { from: 'keyturn@example.com' },
      network: networkSchema.parse({ ...wish, ...(proxied && { proxy: proxy.url }) }),
    },
    secrets: { value: async (name) => ({ versionId: 'v1', text: hidden(secrets[name] ?? ''), createdAt: 0 }) },
    aws: {
      endpoint: 'https://email.corp.internal',
      region: 'eu-west-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      attempts: 1,
    },
  });
  const tell = {
    Slack: () =>
      slack!.post(
        { channel: 'C000000001', route: 'routes.payments.slack' },
        { text: 'größer & <b>', blocks: [], metadata: { event_type: 'keyturn', event_payload: {} } },
      ),
    'a Slack webhook': () =>
      slackWebhook!.post({ text: 't', blocks: [], metadata: { event_type: 'keyturn', event_payload: {} } }),
    'another webhook': () => webhooks.get('audit')!.send(delivery),
    mail: () => mailer!.send({ to: ['a@example.com'], subject: 's', text: 't', html: '<p>t</p>', thread: 'x' }),
  };
  return { proxy, tell, slackServer, sesServer };
}

const whole = { caBundle: authorityCertificate, proxySecret: 'keyturn/proxy' };

test('Slack and SES are reached by the proxy, by names that nobody else can resolve', async () => {
  const { proxy, tell, slackServer, sesServer } = await company(whole);

  const posted = await tell.Slack();
  await tell.mail();

  expect(posted).toEqual({ ts: '1.2' });
  expect(proxy.asked.map(({ target }) => target)).toEqual(['slack.corp.internal:443', 'email.corp.internal:443']);
  expect(slackServer.received[0]).toMatchObject({
    url: '/api/chat.postMessage',
    headers: { authorization: 'Bearer xoxb-canary-4711' },
  });
  expect(new URLSearchParams(slackServer.received[0]?.body).get('text')).toBe('größer & <b>');
  expect(sesServer.received[0]).toMatchObject({ operation: 'POST /v2/email/outbound-emails' });
});

const ofNotifications = expect.stringMatching(/^notifications\./) as string;

describe.each(['Slack', 'a Slack webhook', 'another webhook', 'mail'] as const)('%s', (channel) => {
  test.each([
    ['without the bundle', { proxySecret: 'keyturn/proxy' }, 'PermanentError', 'misconfigured', /not trusted/],
    ['without the proxy', { proxied: false, caBundle: authorityCertificate }, 'TransientError', undefined, /./],
    ['without credentials', { caBundle: authorityCertificate }, 'PermanentError', 'access-denied', /answers 407/],
  ])('%s fails for a reason that is named', async (_, wish, name, reason, message) => {
    const { tell } = await company(wish);

    const error: unknown = await tell[channel]().catch((error: unknown) => error);

    expect(error).toMatchObject({
      name,
      ...(reason && { reason, field: ofNotifications }),
    });
    expect(String(error)).toMatch(message);
  });

  test.each([403, 407, 502])('a refusal of the proxy names it and shows no credentials: %i', async (status) => {
    const { proxy, tell } = await company(whole);
    proxy.manners.whim = status;

    const error: unknown = await tell[channel]().catch((error: unknown) => error);

    expect(proxy.asked[0]).toMatchObject({ authorization });
    expect(error).toMatchObject(
      status === 502
        ? { name: 'TransientError' }
        : { name: 'PermanentError', field: `notifications.network.${status === 407 ? 'proxySecret' : 'proxy'}` },
    );
    expect(String(error)).toContain(`the proxy ${new URL(proxy.url).host} answers ${status}`);
    for (const secret of [canary, authorization.slice('Basic '.length), 'xoxb', 'webhook-canary', 'signature-canary']) {
      expect(renderings(error)).not.toContain(secret);
    }
  });
});
