import { generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { cloudPlatform } from './access-tokens.ts';
import { appPath, send, simulatorUnderTest, type UnderTest } from './simulator-under-test.ts';

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const seconds = () => Math.floor(Date.now() / 1000);

function assertionOf({ simulator }: UnderTest, claims: object = {}, header: object = {}, key?: string): string {
  const { client_email: iss, token_uri: aud, private_key: own } = simulator.serviceAccount;
  const iat = seconds();
  const all = { iss, aud, iat, exp: iat + 3600, scope: cloudPlatform, ...claims };
  const signed = `${part({ alg: 'RS256', ...header })}.${part(all)}`;
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), key ?? own).toString('base64url')}`;
}

const grantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

const exchange = ({ simulator }: UnderTest, assertion: string, grant = grantType) =>
  send(simulator.tokenUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: grant, assertion }).toString(),
  });

test('the key file is complete, and its token_uri is the endpoint', async () => {
  const { simulator } = await simulatorUnderTest();

  expect(simulator.serviceAccount).toMatchObject({
    type: 'service_account',
    client_email: 'keyturn@acme.iam.gserviceaccount.com',
    token_uri: simulator.tokenUrl,
  });
  expect(simulator.serviceAccount.private_key).toContain('BEGIN PRIVATE KEY');
});

test.each([
  ['its own URL', {}],
  ["Google's endpoint, which google-auth-library always names", { aud: 'https://oauth2.googleapis.com/token' }],
])('gives a token that the management API takes, for the audience %s', async (_, claims) => {
  const underTest = await simulatorUnderTest({ accessTokenSeconds: 120 });

  const { status, json } = await exchange(underTest, assertionOf(underTest, claims));

  expect({ status, json }).toMatchObject({ status: 200, json: { token_type: 'Bearer', expires_in: 120 } });
  const authorization = `Bearer ${String(json['access_token'])}`;
  expect((await underTest.manage('GET', appPath, { headers: { authorization } })).status).toBe(200);
});

test.each([
  ['for another audience', { aud: 'https://elsewhere.example/token' }, {}],
  ['from another account', { iss: 'someone@acme.iam.gserviceaccount.com' }, {}],
  ['that has expired', { iat: seconds() - 7200, exp: seconds() - 3600 }, {}],
  ['that lives too long', { exp: seconds() + 7200 }, {}],
  ['from the future', { iat: seconds() + 3600, exp: seconds() + 7200 }, {}],
  ['by another algorithm', {}, { alg: 'HS256' }],
  ['by a key that was replaced', {}, { kid: 'older' }],
])('refuses an assertion %s', async (_, claims, header) => {
  const underTest = await simulatorUnderTest();

  const answer = await exchange(underTest, assertionOf(underTest, claims, header));

  expect(answer).toMatchObject({ status: 400, json: { error: 'invalid_grant' } });
});

test('refuses an assertion that another key signed', async () => {
  const underTest = await simulatorUnderTest();
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const stranger = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

  const answer = await exchange(underTest, assertionOf(underTest, {}, {}, stranger));

  expect(answer).toMatchObject({ status: 400, json: { error: 'invalid_grant' } });
});

test.each(['', 'a.b', 'a.b.c', 'a.b.c.d'])('refuses the assertion "%s"', async (assertion) => {
  const underTest = await simulatorUnderTest();

  expect(await exchange(underTest, assertion)).toMatchObject({ status: 400, json: { error: 'invalid_grant' } });
});

test('refuses another grant, another form and another path', async () => {
  const underTest = await simulatorUnderTest();
  const { tokenUrl } = underTest.simulator;

  const grant = await exchange(underTest, assertionOf(underTest), 'password');
  const form = await send(tokenUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
  const path = await send(`${tokenUrl}s`, { method: 'POST' });

  expect(grant.json).toMatchObject({ error: 'unsupported_grant_type' });
  expect(form.json).toMatchObject({ error: 'invalid_request' });
  expect(path.status).toBe(404);
});

test('a token without a scope is refused, one for another scope may not manage keys', async () => {
  const underTest = await simulatorUnderTest();

  const none = await exchange(underTest, assertionOf(underTest, { scope: '' }));
  const { json } = await exchange(underTest, assertionOf(underTest, { scope: 'openid' }));
  const authorization = `Bearer ${String(json['access_token'])}`;
  const answer = await underTest.manage('GET', appPath, { headers: { authorization } });

  expect(none.json).toMatchObject({ error: 'invalid_scope' });
  expect(answer.status).toBe(403);
});
