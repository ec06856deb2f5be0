import { createHash, createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import type { WorkloadIdentityOptions } from './simulated-identity.ts';
import { appPath, send, simulatorUnderTest, type UnderTest } from './simulator-under-test.ts';

const underTest = (workloadIdentity: WorkloadIdentityOptions = {}) => simulatorUnderTest({ workloadIdentity });
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

type Change = {
  url?: string;
  signedFor?: string;
  headers?: Record<string, string>;
  unsigned?: string;
  secretAccessKey?: string;
  at?: number;
};

/** Written down from AWS's description of Signature Version 4, step by step, for this one request. */
function subjectToken({ simulator }: UnderTest, change: Change = {}): string {
  const { audience, region, awsKeys } = simulator.workloadIdentity;
  const { accessKeyId, secretAccessKey, sessionToken } = awsKeys();
  const host = `sts.${region}.amazonaws.com`;
  const at = new Date(change.at ?? Date.now()).toISOString().replaceAll(/[-:]|\.\d+/gu, '');
  const day = at.slice(0, 8);
  const headers: Record<string, string> = {
    host,
    'x-amz-date': at,
    'x-amz-security-token': sessionToken,
    'x-goog-cloud-target-resource': audience,
    ...change.headers,
  };
  const names = Object.keys(headers)
    .filter((name) => name !== change.unsigned)
    .toSorted();
  const canonical = `POST\n/\nAction=GetCallerIdentity&Version=2011-06-15\n${names
    .map((name) => `${name}:${headers[name]}\n`)
    .join('')}\n${names.join(';')}\n${sha256('')}`;
  const scope = `${day}/${region}/sts/aws4_request`;
  const key = hmac(
    hmac(hmac(hmac(`AWS4${change.secretAccessKey ?? secretAccessKey}`, day), region), 'sts'),
    'aws4_request',
  );
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${at}\n${scope}\n${sha256(canonical)}`).toString('hex');
  headers['authorization'] =
    `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  const url = change.url ?? `https://${host}?Action=GetCallerIdentity&Version=2011-06-15`;
  const list = Object.entries(headers).map(([name, value]) => ({ key: name, value }));
  return encodeURIComponent(JSON.stringify({ url, method: 'POST', headers: list }));
}

const exchange = ({ simulator }: UnderTest, subject: string, more: Record<string, string> = {}) =>
  send(simulator.workloadIdentity.stsUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      audience: simulator.workloadIdentity.audience,
      scope: 'https://www.googleapis.com/auth/cloud-platform',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      subject_token: subject,
      subject_token_type: 'urn:ietf:params:aws:token-type:aws4_request',
      ...more,
    }).toString(),
  });

const impersonate = ({ simulator }: UnderTest, token: unknown, account = simulator.workloadIdentity.serviceAccount) =>
  send(
    `${simulator.workloadIdentity.iamCredentialsUrl}/projects/-/serviceAccounts/${encodeURIComponent(account ?? '')}:generateAccessToken`,
    {
      method: 'POST',
      headers: { authorization: `Bearer ${String(token)}`, 'content-type': 'application/json' },
      body: JSON.stringify({ scope: ['https://www.googleapis.com/auth/cloud-platform'], lifetime: '3600s' }),
    },
  );
const statusWith = async (under: UnderTest, token: unknown) =>
  (await under.manage('GET', appPath, { headers: { authorization: `Bearer ${String(token)}` } })).status;

test('a role of AWS gets a federated token, and with it that of the service account', async () => {
  const under = await underTest();

  const { status, json } = await exchange(under, subjectToken(under));
  const impersonated = await impersonate(under, json['access_token']);

  expect({ status, json }).toMatchObject({ status: 200, json: { token_type: 'Bearer', expires_in: 3600 } });
  expect(impersonated).toMatchObject({ status: 200, json: { expireTime: '2027-01-15T08:59:59Z' } });
  expect(await statusWith(under, json['access_token'])).toBe(401);
  expect(await statusWith(under, impersonated.json['accessToken'])).toBe(200);
});

test('without a service account the federated token is enough', async () => {
  const under = await underTest({ serviceAccount: 'none' });

  const { json } = await exchange(under, subjectToken(under));

  expect(under.simulator.workloadIdentity.serviceAccount).toBeUndefined();
  expect(await statusWith(under, json['access_token'])).toBe(200);
});

test.each<[string, Change]>([
  ['another secret key', { secretAccessKey: 'another' }],
  ['another session', { headers: { 'x-amz-security-token': 'another' } }],
  ['another provider', { headers: { 'x-goog-cloud-target-resource': '//iam.googleapis.com/another' } }],
  ['another Region', { url: 'https://sts.us-east-1.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15' }],
  ['another action', { url: 'https://sts.eu-west-1.amazonaws.com?Action=GetSessionToken&Version=2011-06-15' }],
  ['another host', { headers: { host: 'sts.us-east-1.amazonaws.com' } }],
  ['a time long past', { at: Date.now() - 3_600_000 }],
  ['a provider that was not signed', { unsigned: 'x-goog-cloud-target-resource' }],
  ['a session that was not signed', { unsigned: 'x-amz-security-token' }],
])('refuses a request with %s', async (_, change) => {
  const under = await underTest();

  expect(await exchange(under, subjectToken(under, change))).toMatchObject({
    status: 400,
    json: { error: 'invalid_grant' },
  });
});

test('refuses keys that were replaced, and takes the new ones', async () => {
  const under = await underTest();
  const old = subjectToken(under);

  under.simulator.workloadIdentity.replaceAwsKeys();

  expect((await exchange(under, old)).status).toBe(400);
  expect((await exchange(under, subjectToken(under))).status).toBe(200);
});

test.each([
  [{ audience: '//iam.googleapis.com/another' }, 'invalid_target'],
  [{ grant_type: 'password' }, 'invalid_request'],
  [{ scope: '' }, 'invalid_request'],
  [{ subject_token_type: 'urn:ietf:params:oauth:token-type:jwt' }, 'invalid_request'],
  [{ subject_token: '{' }, 'invalid_request'],
  [{ subject_token: '%' }, 'invalid_request'],
])('refuses a form with %j as %s', async (more, error) => {
  const under = await underTest();

  expect(await exchange(under, subjectToken(under), more)).toMatchObject({ status: 400, json: { error } });
});

test('refuses a role that the condition does not allow, and one that may not impersonate', async () => {
  const under = await underTest();
  const { json } = await exchange(under, subjectToken(under));

  under.simulator.workloadIdentity.allowRole(false);
  under.simulator.workloadIdentity.allowImpersonation(false);

  expect((await exchange(under, subjectToken(under))).json).toMatchObject({ error: 'unauthorized_client' });
  expect((await impersonate(under, json['access_token'])).status).toBe(403);
  under.simulator.workloadIdentity.allowImpersonation(true);
  expect((await impersonate(under, json['access_token'], 'another@acme.iam.gserviceaccount.com')).status).toBe(403);
  expect((await impersonate(under, 'another')).status).toBe(401);
});
