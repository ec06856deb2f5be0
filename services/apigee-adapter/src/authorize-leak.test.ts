import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';

import type { ApigeeAuth } from '@keyturn/config/apigee-config';
import { apigee as providerSchema } from '@keyturn/config/apigee-config';
import { redactor } from '@keyturn/credential-provider/redactor';
import { serveIssue } from '@keyturn/credential-provider/serve-provider';
import { loopbackServer, type Received, type Reply } from '@keyturn/http/loopback-server';
import { memoryLog } from '@keyturn/lambda/memory-log';
import { onInvoke } from '@keyturn/lambda/on-invoke';
import { hidden } from '@keyturn/rotation/hidden';
import { expect, onTestFinished, test } from 'vitest';

import { apigeeProvider } from './apigee-provider.ts';
import { authorizeBy } from './authorize.ts';
import { printed } from './printed.ts';
import { totp } from './totp.ts';

const nowMs = 1_800_000_000_000;
const canaries = {
  password: 'canary/pass+word 1',
  totpSecret: 'CANARYCANARYCANARYCANARYCANARYCA',
  passcode: 'canary-passcode-2',
  refreshToken: 'canary-refresh-3',
  granted: 'canary-granted-4',
  refreshed: 'canary-refreshed-5',
  accessKeyId: 'ASIACANARY6',
  secretAccessKey: 'canary/secret+key/7',
  sessionToken: 'canary/session+token/8==',
};
const username = 'machine@acme.example';
const confidential = [
  ...Object.values(canaries),
  totp(canaries.totpSecret, nowMs) ?? '',
  `${username}:${canaries.password}`,
].map((secret) => ({ secret }));

/** Which of what is confidential can be read there, in whatever form. */
const leaksIn = (text: string): string[] =>
  confidential.filter((one) => redactor(one)(text) !== text).map(({ secret }) => secret);

const headers = {
  'content-type': 'application/json',
  'x-request-id': canaries.granted,
  location: `/${canaries.granted}`,
};
const good: Reply = {
  status: 200,
  headers,
  body: JSON.stringify({
    access_token: canaries.granted,
    refresh_token: canaries.refreshed,
    expires_in: 3600,
    accessToken: canaries.granted,
    expireTime: '2100-01-01T00:00:00Z',
  }),
};

const statuses = [400, 401, 403, 404, 500];
const errors = ['unauthorized', 'invalid_grant', 'invalid_token', 'invalid_target', 'unauthorized_client'];

/** Answers that say all they heard. */
function repliesTo({ body, headers: sent }: Received): readonly Reply[] {
  const heard = [
    body,
    decodeURIComponent(body.replaceAll('+', ' ')),
    sent.authorization,
    ...Object.values(canaries),
  ].join(' ');
  const json = (status: number, value: unknown): Reply => ({ status, headers, body: JSON.stringify(value) });
  return [
    ...statuses.flatMap((status) => errors.map((error) => json(status, { error, error_description: heard }))),
    ...statuses.map((status) => json(status, { error: heard, error_description: heard })),
    ...statuses.map((status) =>
      json(status, {
        error: { code: status, message: heard, status: heard, details: [{ violations: [{ type: heard }] }] },
      }),
    ),
    ...statuses.map((status) => json(status, { code: heard, message: heard })),
    ...statuses.map((status): Reply => ({ status, headers, body: `<html>${heard}</html>` })),
    json(200, { access_token: `${heard}\n`, accessToken: `${heard}\n`, expires_in: 60 }),
    json(200, { [heard]: heard }),
    { status: 200, headers, body: heard },
    { status: 302, headers, body: heard },
    'reset',
  ];
}
const replies = Array.from(repliesTo({ method: '', url: '', headers: {}, body: '', connection: 0 }).keys());

type Mode = {
  readonly flavour: 'x' | 'edge' | 'opdk';
  readonly auth: (url: string) => ApigeeAuth;
  readonly secret?: object;
};

const oauth = (url: string): ApigeeAuth => ({ as: 'oauth', tokenUrl: `${url}/oauth/token` });
const user = { username, password: canaries.password };
const modes: Record<string, Mode> = {
  'oauth with a password': { flavour: 'edge', auth: oauth, secret: user },
  'oauth with MFA': { flavour: 'edge', auth: oauth, secret: { ...user, totpSecret: canaries.totpSecret } },
  'oauth with a passcode': { flavour: 'edge', auth: oauth, secret: { passcode: canaries.passcode } },
  'oauth with a refresh token': { flavour: 'opdk', auth: oauth, secret: { refreshToken: canaries.refreshToken } },
  basic: { flavour: 'opdk', auth: () => ({ as: 'basic' }), secret: user },
  'workload identity': {
    flavour: 'x',
    auth: (url) => ({
      as: 'workloadIdentity',
      audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/a/providers/b',
      serviceAccount: 'keyturn@acme.iam.gserviceaccount.com',
      stsUrl: `${url}/v1/token`,
      iamCredentialsUrl: `${url}/v1`,
    }),
  },
};

const identity = () =>
  Promise.resolve({
    region: 'eu-west-1',
    accessKeyId: canaries.accessKeyId,
    secretAccessKey: hidden(canaries.secretAccessKey),
    sessionToken: hidden(canaries.sessionToken),
  });

/** The adapter's function between a login server and a management API that answer as they are told. */
async function setUp({ flavour, auth, secret }: Mode, text = JSON.stringify(secret)) {
  const at: { token: (request: Received) => Reply; management: (request: Received) => Reply } = {
    token: () => good,
    management: () => ({ status: 500 }),
  };
  const token = await loopbackServer((request) => at.token(request));
  const management = await loopbackServer((request) => at.management(request));
  onTestFinished(async () => void (await Promise.all([token.close(), management.close()])));
  const config = providerSchema.parse({
    kind: 'apigee',
    flavour,
    organization: 'acme',
    managementUrl: `${management.url}/v1`,
    auth: auth(token.url),
    ...(text !== undefined && { adminSecret: 'apigee/admin' }),
    allowHttp: ['127.0.0.1'],
  });
  const secrets = { value: () => Promise.resolve({ versionId: 'v', text: hidden(text), createdAt: 0 }) };
  const clock = { now: () => nowMs, sleep: () => Promise.resolve() };
  const common = { clock, random: () => 0 };
  const http = { ...common, allowHttp: config.allowHttp, timeoutMs: 2000 };
  const invoke = () => {
    const authorize = authorizeBy({ config, duty: 'issue', secrets, identity, http });
    const provider = apigeeProvider({ ...common, randomBytes, config, authorize });
    const log = memoryLog();
    const adapter = onInvoke({ service: 'adapter', handle: serveIssue(provider), log });
    const call = () =>
      adapter(list, { invokedFunctionArn: 'arn', awsRequestId: 'id', getRemainingTimeInMillis: () => 1 });
    /** All that the function says when it is called twice, and the error behind it. */
    return async () => {
      const answers = [await call(), await call()];
      const error: unknown = await provider.list({ target: list.target }).catch((caught: unknown) => caught);
      const told = error instanceof Error ? printed(error) : '';
      return [
        told,
        ...[answers, log.lines].map((what) => inspect(what, { depth: Infinity }) + JSON.stringify(what)),
      ].join();
    };
  };
  const urls = () => [...token.received, ...management.received].map(({ url }) => url).join('\n');
  return { at, token, management, invoke, urls };
}

const list = { version: 1, operation: 'list', target: 'developers/dev@example.com/apps/orders' };

for (const [name, mode] of Object.entries(modes)) {
  test(`${name}: nothing confidential is in what is said, logged, or asked by URL, whatever the login server answers`, async () => {
    const { at, invoke, urls, token } = await setUp(mode);
    for (const which of replies) {
      for (const skip of [0, 1]) {
        const before = token.received.length;
        // The second call of the two that workload identity makes, and the refresh after a refused token.
        at.token = (request) =>
          token.received.length - before <= skip ? good : (repliesTo(request)[which] ?? 'reset');
        at.management = () => ({ status: 401 });
        const said = await invoke()();
        expect(said).toContain('"ok":false');
        expect(leaksIn(said)).toEqual([]);
      }
    }
    expect(leaksIn(urls())).toEqual([]);
    expect(token.received.length > 0).toBe(name !== 'basic');
  });

  test(`${name}: nor whatever the management API answers`, async () => {
    const { at, invoke, urls, management } = await setUp(mode);
    for (const which of replies) {
      at.management = (request) => repliesTo(request)[which] ?? 'reset';
      const said = await invoke()();
      expect(said).toContain('"ok":false');
      expect(leaksIn(said)).toEqual([]);
    }
    expect(leaksIn(urls())).toEqual([]);
    expect(management.received.length).toBeGreaterThan(replies.length);
  });

  test(`${name}: nor when all is well`, async () => {
    const { at, invoke, urls } = await setUp(mode);
    const app = { name: 'orders', status: 'approved', appId: 'a', developerId: 'd', credentials: [] };
    at.management = ({ url }) => ({
      status: 200,
      body: JSON.stringify(url.includes('/apps/') ? app : { email: 'dev@example.com', status: 'active' }),
    });

    const said = await invoke()();

    expect(said).not.toContain('"ok":false');
    expect(leaksIn(said + urls())).toEqual([]);
  });
}

test.each(Object.entries(modes).filter(([, { secret }]) => secret !== undefined))(
  '%s: nor when the secret cannot be used',
  async (_, mode) => {
    const whole = JSON.stringify(mode.secret);
    for (const text of [whole.slice(0, -1), `${whole}}`, JSON.stringify([mode.secret]), JSON.stringify(whole)]) {
      const { invoke, token, management } = await setUp(mode, text);

      const said = await invoke()();

      expect(said).toContain('misconfigured');
      expect(leaksIn(said)).toEqual([]);
      expect([...token.received, ...management.received]).toEqual([]);
    }
  },
);

test('a leak would be seen', () => {
  expect(leaksIn(`Basic ${Buffer.from(`${username}:${canaries.password}`).toString('base64')}`)).not.toEqual([]);
  expect(leaksIn(new URLSearchParams({ passcode: canaries.passcode }).toString())).not.toEqual([]);
  expect(leaksIn(JSON.stringify({ a: canaries.sessionToken }))).not.toEqual([]);
});
