import type { SimulatorOptions } from '@keyturn/apigee-simulator/simulator';
import { loopbackServer, type Reply } from '@keyturn/http/loopback-server';
import { expect, onTestFinished, test } from 'vitest';

import { authorizationBench, type AuthorizationBench } from './authorization-bench.conformance.ts';
import { edgeToken } from './edge-token.ts';
import { printed } from './printed.ts';

const totpSecret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

async function setUp(edgeLogin: SimulatorOptions['edgeLogin'] = {}) {
  const bench = await authorizationBench({ flavour: 'edge', edgeLogin });
  bench.secret.text = userOf(bench);
  return { ...bench, token: tokens(bench) };
}

const userOf = ({ apigee: { edgeLogin } }: AuthorizationBench, more: object = {}) =>
  JSON.stringify({ username: edgeLogin.username, password: edgeLogin.password(), ...more });

const tokens = ({ apigee, secrets, http }: AuthorizationBench, tokenUrl = apigee.tokenUrl) =>
  edgeToken({ secrets, adminSecret: 'apigee/admin', tokenUrl, http });

const caught = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

/** Takes every request and answers the same. */
async function answering(reply: Reply) {
  const server = await loopbackServer(() => reply);
  onTestFinished(() => server.close());
  const bench = await authorizationBench();
  return { ...bench, server, token: tokens(bench, `${server.url}/oauth/token`) };
}

const formOf = (body = ''): unknown => Object.fromEntries(new URLSearchParams(body));
const granted: Reply = { status: 200, body: '{"access_token":"a","expires_in":1799,"refresh_token":"r"}' };

test.each<[object, object]>([
  [
    { username: 'm@x.io', password: 'p w&ü' },
    { grant_type: 'password', username: 'm@x.io', password: 'p w&ü' },
  ],
  [
    { username: 'm@x.io', password: 'p', totpSecret },
    {
      grant_type: 'password',
      username: 'm@x.io',
      password: 'p',
      mfa_token: expect.stringMatching(/^\d{6}$/) as string,
    },
  ],
  [{ passcode: 'a1b2' }, { grant_type: 'password', response_type: 'token', passcode: 'a1b2' }],
  [{ refreshToken: 'r-1' }, { grant_type: 'refresh_token', refresh_token: 'r-1' }],
])('with %j sends the form of its grant, as the client that everybody is', async (content, form) => {
  const { secret, server, token } = await answering(granted);
  secret.text = JSON.stringify(content);

  expect((await token()).reveal()).toBe('Bearer a');

  const [request] = server.received;
  expect(request).toMatchObject({ method: 'POST', url: '/oauth/token' });
  expect(request?.headers).toMatchObject({
    authorization: 'Basic ZWRnZWNsaTplZGdlY2xpc2VjcmV0',
    'content-type': 'application/x-www-form-urlencoded',
    accept: 'application/json;charset=utf-8',
  });
  expect(formOf(request?.body)).toEqual(form);
});

test('gets a token that the management API takes, with an MFA code where the user has MFA', async () => {
  const simple = await setUp();
  const careful = await setUp({ totpSecret });
  careful.secret.text = userOf(careful, { totpSecret: 'gezd gnbv gy3t qojq gezd gnbv gy3t qojq' });

  expect(await simple.statusWith(await simple.token())).toBe(200);
  expect(await careful.statusWith(await careful.token())).toBe(200);
});

test('keeps a token until shortly before it ends, and asks once for many callers', async () => {
  const { token, tokenCalls, wait } = await setUp();

  const [first, same] = await Promise.all([token(), token()]);
  wait(1738);
  const second = await token();
  wait(1);
  const third = await token();

  expect([same, second]).toEqual([first, first]);
  expect(third).not.toBe(first);
  expect(tokenCalls()).toBe(2);
});

test('goes on with the refresh token that came last, not with the password', async () => {
  const { apigee, token, statusWith } = await setUp();
  await token();
  // No login works from here on, and the secret says nothing of it.
  apigee.edgeLogin.setPassword('changed at Apigee alone');

  const second = await token(await token());
  const third = await token(second);

  expect(await statusWith(third)).toBe(200);
  expect(third).not.toBe(second);
});

test('falls back to what the secret holds where the refresh token is refused', async () => {
  const { apigee, token, statusWith, tokenCalls } = await setUp();
  const refused = await token();
  apigee.revokeAccessToken();
  apigee.edgeLogin.revokeRefreshTokens();

  const next = await token(refused);

  expect(await statusWith(next)).toBe(200);
  expect(tokenCalls()).toBe(3);
});

test.each<[string, Reply]>([
  ['in other words', { status: 400, body: '{"error":"invalid_request"}' }],
  ['in HTML', { status: 403, body: '<html>' }],
  ['by an answer that is none', { status: 200, body: '<html>' }],
])('falls back as well where it is refused %s', async (_, refusal) => {
  const server = await loopbackServer(({ body }) => (body.includes('refresh_token=') ? refusal : granted));
  onTestFinished(() => server.close());
  const bench = await authorizationBench();
  bench.secret.text = JSON.stringify({ username: 'm', password: 'p' });
  const token = tokens(bench, `${server.url}/oauth/token`);

  const next = await token(await token());

  expect(next.reveal()).toBe('Bearer a');
  expect(server.received.map(({ body }) => new URLSearchParams(body).get('grant_type'))).toEqual([
    'password',
    'refresh_token',
    'password',
  ]);
});

test('does not fall back while the login server is away', async () => {
  const server = await loopbackServer(({ body }) => (body.includes('refresh_token=') ? { status: 503 } : granted));
  onTestFinished(() => server.close());
  const bench = await authorizationBench();
  bench.secret.text = JSON.stringify({ username: 'm', password: 'p' });
  const token = tokens(bench, `${server.url}/oauth/token`);

  await expect(token(await token())).rejects.toMatchObject({ name: 'TransientError' });
});

test('a changed secret is used at once, and not the refresh token of the old one', async () => {
  const bench = await setUp();
  const refused = await bench.token();
  bench.apigee.edgeLogin.setPassword('next');
  bench.apigee.revokeAccessToken();
  bench.apigee.edgeLogin.revokeRefreshTokens();
  bench.secret.text = userOf(bench);

  expect(await bench.statusWith(await bench.token(refused))).toBe(200);
  expect(bench.tokenCalls()).toBe(2);
});

test('a passcode is sent once, and its refresh tokens go on', async () => {
  const { apigee, secret, token, statusWith } = await setUp();
  secret.text = JSON.stringify({ passcode: apigee.edgeLogin.passcode() });

  const second = await token(await token());

  expect(await statusWith(second)).toBe(200);
});

test('a passcode is not sent again when no answer came, because it may be used up', async () => {
  const { secret, server, token } = await answering('reset');
  secret.text = JSON.stringify({ passcode: 'a1b2' });

  await expect(token()).rejects.toMatchObject({ name: 'TransientError' });
  expect(server.received).toHaveLength(1);

  secret.text = JSON.stringify({ username: 'm', password: 'p', totpSecret });
  await expect(token()).rejects.toMatchObject({ name: 'TransientError' });
  expect(server.received).toHaveLength(2);

  secret.text = JSON.stringify({ username: 'm', password: 'p' });
  await expect(token()).rejects.toMatchObject({ name: 'TransientError' });
  expect(server.received).toHaveLength(4);
});

test('a refresh token from the secret works, and the one that came with the answer is next', async () => {
  const { apigee, secret, token, statusWith } = await setUp();
  secret.text = JSON.stringify({ refreshToken: apigee.edgeLogin.refreshToken() });

  const second = await token(await token());

  expect(await statusWith(second)).toBe(200);
});

type Bench = Awaited<ReturnType<typeof setUp>>;

test.each<[string, (bench: Bench) => string | Promise<string>, string]>([
  ['a wrong password', (bench) => userOf(bench, { password: 'canary-sent' }), 'username or password is refused'],
  [
    'an MFA code that is missing',
    (bench) => {
      bench.apigee.edgeLogin.setTotpSecret(totpSecret);
      return userOf(bench);
    },
    'the user needs an MFA code. Add the totpSecret',
  ],
  [
    'an MFA code that is wrong',
    (bench) => {
      bench.apigee.edgeLogin.setTotpSecret(totpSecret);
      return userOf(bench, { totpSecret: 'CANARYCANARYCANARYCANARYCANARYCA' });
    },
    'the MFA code is refused. Check that totpSecret',
  ],
  ['a passcode that is used up', () => JSON.stringify({ passcode: 'canary-sent' }), 'each works once'],
  ['a refresh token that has ended', () => JSON.stringify({ refreshToken: 'canary-sent' }), 'it lives for about a day'],
])('after %s says what to do, and names the secret', async (_, content, words) => {
  const bench = await setUp();
  bench.secret.text = await content(bench);

  const error = await caught(bench.token());

  expect(error).toMatchObject({ name: 'PermanentError', reason: 'access-denied', field: 'adminSecret' });
  expect(error).toHaveProperty('message', expect.stringContaining(words));
  expect(error).toHaveProperty('message', expect.stringContaining('machine user'));
  expect(error).toHaveProperty('message', expect.stringContaining('apigee/admin'));
  for (const canary of ['canary-sent', 'CANARYCANARY', totpSecret, bench.apigee.edgeLogin.password()]) {
    expect(printed(error)).not.toContain(canary);
  }
});

test('says that an account is locked', async () => {
  const bench = await setUp();
  for (const password of ['a', 'b', 'c', 'd', 'e']) {
    bench.secret.text = userOf(bench, { password });
    await caught(bench.token());
  }
  bench.secret.text = userOf(bench);

  const error = await caught(bench.token());

  expect(error).toMatchObject({ reason: 'access-denied', field: 'adminSecret' });
  expect(error).toHaveProperty('message', expect.stringContaining('the account is locked'));
});

test('does not lock the account: what was refused is not sent again for ten minutes, unless the secret changes', async () => {
  const bench = await setUp();
  bench.secret.text = userOf(bench, { password: 'wrong' });
  const first = await caught(bench.token());

  const second = await caught(bench.token());
  bench.wait(599);
  await caught(bench.token());
  expect(second).toBe(first);
  expect(bench.tokenCalls()).toBe(1);

  bench.wait(1);
  await caught(bench.token());
  expect(bench.tokenCalls()).toBe(2);

  bench.secret.text = userOf(bench);
  expect(await bench.statusWith(await bench.token())).toBe(200);
});

test('tries the next MFA code after a minute', async () => {
  const bench = await setUp({ totpSecret: 'AAAAAAAAAAAAAAAA' });
  bench.secret.text = userOf(bench, { totpSecret });
  await caught(bench.token());
  bench.apigee.edgeLogin.setTotpSecret(totpSecret);

  await expect(bench.token()).rejects.toMatchObject({ reason: 'access-denied' });
  bench.wait(60);

  expect(await bench.statusWith(await bench.token())).toBe(200);
});

test.each<[string, Reply, object]>([
  ['a refusal without words', { status: 401 }, { reason: 'access-denied', field: 'adminSecret' }],
  ['a refusal in HTML', { status: 401, body: '<html>canary' }, { reason: 'access-denied', field: 'adminSecret' }],
  [
    'a proxy that forbids',
    { status: 403, body: '<html>canary' },
    { reason: 'provider-answer', field: 'auth.tokenUrl' },
  ],
  [
    'a server that knows no such grant',
    { status: 400, body: '{"error":"unsupported_grant_type","error_description":"canary"}' },
    { reason: 'provider-answer', field: 'auth.tokenUrl' },
  ],
  ['HTML', { status: 200, body: '<html>canary' }, { reason: 'provider-answer' }],
  ['nothing', { status: 200 }, { reason: 'provider-answer' }],
  [
    'a token that is none',
    { status: 200, body: '{"access_token":"a\\nb","expires_in":60}' },
    { reason: 'provider-answer', field: 'access_token' },
  ],
  ['a redirect', { status: 302, headers: { location: '/canary' } }, { reason: 'provider-answer' }],
  ['an outage', { status: 503, body: 'canary' }, { name: 'TransientError' }],
  ['too many requests', { status: 429, body: 'canary' }, { name: 'TransientError' }],
])('after %s tells what is wrong, and shows no answer', async (_, reply, expected) => {
  const { secret, token } = await answering(reply);
  secret.text = JSON.stringify({ username: 'm@x.io', password: 'canary-password' });

  const error = await caught(token());

  expect(error).toMatchObject(expected);
  expect(printed(error)).not.toContain('canary');
});

test.each<[string, string, string]>([
  ['is empty', '', 'adminSecret'],
  ['is no JSON', 'canary{', 'adminSecret'],
  ['is a text', '"canary"', 'adminSecret'],
  ['has other names', '{"user":"canary","pass":"canary"}', 'password'],
  ['has no username', '{"password":"canary"}', 'username'],
  ['has an empty password', '{"username":"canary","password":""}', 'password'],
  ['has a number for a passcode', '{"passcode":123456}', 'passcode'],
  ['has two ways', '{"username":"canary","password":"canary","passcode":"canary"}', 'passcode'],
  ['has a code for a TOTP secret', '{"username":"canary","password":"canary","totpSecret":"123456"}', 'totpSecret'],
])('a secret that %s is named by its field, never by its value, and nobody is asked', async (_, text, field) => {
  const { secret, server, token } = await answering(granted);
  secret.text = text;

  const error = await caught(token());

  expect(error).toMatchObject({ name: 'PermanentError', reason: 'misconfigured', field });
  expect(printed(error)).not.toContain('canary');
  expect(printed(error)).not.toContain('123456');
  expect(server.received).toEqual([]);
});
