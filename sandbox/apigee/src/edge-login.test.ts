import { expect, test } from 'vitest';
import { authenticatorCodes } from './authenticator-codes.ts';
import type { EdgeLoginOptions } from './simulated-identity.ts';
import { appPath, send, simulatorUnderTest, type UnderTest } from './simulator-under-test.ts';

const client = 'Basic ZWRnZWNsaTplZGdlY2xpc2VjcmV0';

const underTest = (edgeLogin: EdgeLoginOptions = {}) => simulatorUnderTest({ flavour: 'edge', edgeLogin });

const signIn = ({ simulator }: UnderTest, form: Record<string, string>, authorization = client) =>
  send(simulator.tokenUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', authorization },
    body: new URLSearchParams(form).toString(),
  });

const byPassword = (under: UnderTest, more: Record<string, string> = {}) => {
  const { username, password } = under.simulator.edgeLogin;
  return signIn(under, { grant_type: 'password', username, password: password(), ...more });
};
const refresh = (under: UnderTest, refreshToken: unknown) =>
  signIn(under, { grant_type: 'refresh_token', refresh_token: String(refreshToken) });
const statusWith = async (under: UnderTest, authorization: string) =>
  (await under.manage('GET', appPath, { headers: { authorization } })).status;

test('gives user and password a token that the management API takes for half an hour', async () => {
  const under = await underTest();

  const { status, json } = await byPassword(under);

  expect({ status, json }).toMatchObject({ status: 200, json: { token_type: 'bearer', expires_in: 1799 } });
  const authorization = `Bearer ${String(json['access_token'])}`;
  expect(await statusWith(under, authorization)).toBe(200);
  under.wait(1_799_000);
  expect(await statusWith(under, authorization)).not.toBe(200);
});

test('knows the public client alone, and no token endpoint of Google', async () => {
  const under = await underTest();
  const { username, password, tokenUrl } = under.simulator.edgeLogin;
  const form = { grant_type: 'password', username, password: password() };

  expect(tokenUrl).toBe(under.simulator.tokenUrl);
  expect((await signIn(under, form, 'Basic b3RoZXI6b3RoZXI=')).status).toBe(401);
  expect((await send(tokenUrl.replace('/oauth/token', '/token'), { method: 'POST' })).status).toBe(404);
  expect((await send(`${tokenUrl}?mfa_token=123456`, { method: 'POST' })).status).toBe(404);
});

test('a refresh token works once, and brings the next', async () => {
  const under = await underTest();
  const { json: first } = await byPassword(under);

  const second = await refresh(under, first['refresh_token']);
  const again = await refresh(under, first['refresh_token']);

  expect(second.status).toBe(200);
  expect(again).toMatchObject({ status: 401, json: { error: 'invalid_token' } });
  expect((await refresh(under, second.json['refresh_token'])).status).toBe(200);
});

test('a refresh token that does not rotate works until it ends or is revoked', async () => {
  const under = await underTest({ rotateRefreshTokens: false, refreshTokenSeconds: 3600 });
  const { json } = await byPassword(under);
  const other = under.simulator.edgeLogin.refreshToken();

  expect((await refresh(under, json['refresh_token'])).json['refresh_token']).toBe(json['refresh_token']);
  expect((await refresh(under, json['refresh_token'])).status).toBe(200);
  under.simulator.edgeLogin.revokeRefreshTokens();
  expect((await refresh(under, json['refresh_token'])).status).toBe(401);
  expect((await refresh(under, other)).status).toBe(401);
  const ends = under.simulator.edgeLogin.refreshToken();
  under.wait(3_600_000);
  expect((await refresh(under, ends)).status).toBe(401);
});

test('a passcode works once and for five minutes', async () => {
  const under = await underTest();
  const passcode = under.simulator.edgeLogin.passcode();
  const late = under.simulator.edgeLogin.passcode();
  const by = (code: string) => signIn(under, { grant_type: 'password', response_type: 'token', passcode: code });

  expect((await by(passcode)).status).toBe(200);
  expect(await by(passcode)).toMatchObject({ status: 401, json: { error_description: 'Invalid passcode' } });
  under.wait(300_000);
  expect((await by(late)).status).toBe(401);
});

test('with MFA takes the code of this half minute and of the one before', async () => {
  const totpSecret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
  const under = await underTest({ totpSecret });
  const [code = ''] = authenticatorCodes(totpSecret, 1_800_000_000_000);

  const wrong = { status: 401, json: { error: 'unauthorized', error_description: 'Error: Invalid MFA code.' } };
  expect(await byPassword(under)).toMatchObject(wrong);
  expect((await byPassword(under, { mfa_token: code })).status).toBe(200);
  under.wait(30_000);
  expect((await byPassword(under, { mfa_token: code })).status).toBe(200);
  under.wait(30_000);
  expect(await byPassword(under, { mfa_token: code })).toMatchObject(wrong);
  under.simulator.edgeLogin.setTotpSecret(undefined);
  expect((await byPassword(under)).status).toBe(200);
});

test('an authenticator shows what RFC 6238 says', () => {
  const codes = [59, 1111111109, 20000000000].map(
    (seconds) => authenticatorCodes('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', seconds * 1000)[0],
  );

  expect(codes).toEqual(['287082', '081804', '353130']);
});

test('five wrong passwords in a row lock the user for two minutes', async () => {
  const under = await underTest();
  for (const password of ['a', 'b', 'c', 'd']) expect((await byPassword(under, { password })).status).toBe(401);
  expect((await byPassword(under)).status).toBe(200);
  for (const password of ['a', 'b', 'c', 'd', 'e']) await byPassword(under, { password });

  expect((await byPassword(under)).json['error_description']).toContain('locked');
  under.wait(120_000);

  expect((await byPassword(under)).status).toBe(200);
});

test.each(['edge', 'opdk'] as const)(
  '%s takes user and password in each call, and the new one once it was changed',
  async (flavour) => {
    const under = await simulatorUnderTest({ flavour, edgeLogin: { username: 'ops@acme.example', password: 'a:b' } });
    const basic = (password: string) => `Basic ${Buffer.from(`ops@acme.example:${password}`).toString('base64')}`;

    expect(await statusWith(under, basic('a:b'))).toBe(200);
    expect(await statusWith(under, basic('a'))).not.toBe(200);
    under.simulator.edgeLogin.setPassword('next');
    expect(await statusWith(under, basic('a:b'))).not.toBe(200);
    expect(await statusWith(under, basic('next'))).toBe(200);
  },
);

test('X takes nobody by password', async () => {
  const under = await simulatorUnderTest();
  const { username, password } = under.simulator.edgeLogin;

  expect(await statusWith(under, `Basic ${Buffer.from(`${username}:${password()}`).toString('base64')}`)).toBe(401);
});
