import { describe, expect, test } from 'vitest';

import { parseConfig } from './parse-config.ts';
import { PermanentError } from '@keyturn/rotation/errors';

const audience = '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/a/providers/b';
const managementUrl = 'https://apigee.acme.example/v1';

/** A stage with one provider of Apigee, which says so much. */
const withProvider = (given: object): string =>
  JSON.stringify({
    stage: 'dev',
    providers: { main: { kind: 'apigee', organization: 'acme', ...given } },
    shapes: {},
    readers: {},
    policies: {},
    routes: { default: { mail: ['a@example.com'] } },
    notifications: { mail: { from: 'Keyturn <keyturn@example.com>' } },
    runbooks: 'https://example.com',
  });
const parsed = (given: object) => parseConfig(withProvider(given)).providers['main'];

describe('what is not said comes with the flavour:', () => {
  const google = {
    managementUrl: 'https://apigee.googleapis.com/v1',
    auth: { as: 'serviceAccount', tokenUrl: 'https://oauth2.googleapis.com/token' },
  };
  test.each<[string, object, object]>([
    ['x', {}, { ...google, propagation: 180_000, revocation: 180_000 }],
    ['hybrid', {}, { ...google, propagation: 300_000, revocation: 300_000 }],
    [
      'edge',
      {},
      {
        managementUrl: 'https://api.enterprise.apigee.com/v1',
        auth: { as: 'oauth', tokenUrl: 'https://login.apigee.com/oauth/token' },
        propagation: 180_000,
      },
    ],
    ['opdk', { managementUrl }, { managementUrl, auth: { as: 'basic' }, propagation: 180_000 }],
  ])('%s', (flavour, given, expected) => {
    expect(parsed({ flavour, adminSecret: 'admin', ...given })).toMatchObject({ flavour, mint: 'chosen', ...expected });
  });

  test('x, where no flavour is said', () => {
    expect(parsed({ adminSecret: 'admin' })).toMatchObject({ flavour: 'x', ...google });
  });

  test("Google's addresses of a workload identity", () => {
    expect(parsed({ auth: { as: 'workloadIdentity', audience } })).toMatchObject({
      auth: {
        stsUrl: 'https://sts.googleapis.com/v1/token',
        iamCredentialsUrl: 'https://iamcredentials.googleapis.com/v1',
      },
    });
  });
});

const accounts = { serviceAccount: 'a@b.iam.gserviceaccount.com', retireServiceAccount: 'c@b.iam.gserviceaccount.com' };

test.each<[string, object]>([
  ['basic authorization at Edge', { flavour: 'edge', auth: { as: 'basic' }, adminSecret: 'a' }],
  [
    'OAuth at OPDK',
    {
      flavour: 'opdk',
      managementUrl,
      auth: { as: 'oauth', tokenUrl: 'https://sso.acme.example/oauth/token' },
      adminSecret: 'a',
    },
  ],
  [
    'the login server of a zone',
    { flavour: 'edge', auth: { as: 'oauth', tokenUrl: 'https://acme.login.apigee.com/oauth/token' }, adminSecret: 'a' },
  ],
  ['a secret for each function', { adminSecret: 'a', retireSecret: 'b' }],
  ['a service account for each function', { auth: { as: 'workloadIdentity', audience, ...accounts } }],
  ['hybrid without a key', { flavour: 'hybrid', auth: { as: 'workloadIdentity', audience } }],
])('takes %s', (_, given) => {
  expect(parsed(given)).toMatchObject(given);
});

test.each<[string, object, string, string]>([
  [
    'opdk without an address',
    { flavour: 'opdk', adminSecret: 'a' },
    'managementUrl',
    'is missing: opdk has no public one',
  ],
  [
    'x by user and password',
    { auth: { as: 'basic' }, adminSecret: 'a' },
    'auth',
    'basic is not for x, which takes serviceAccount or workloadIdentity',
  ],
  [
    'hybrid by the login of Edge',
    { flavour: 'hybrid', auth: { as: 'oauth' }, adminSecret: 'a' },
    'auth',
    'oauth is not for hybrid, which takes serviceAccount or workloadIdentity',
  ],
  [
    'edge by a service account',
    { flavour: 'edge', auth: { as: 'serviceAccount' }, adminSecret: 'a' },
    'auth',
    'serviceAccount is not for edge, which takes oauth or basic',
  ],
  [
    'opdk without a key',
    { flavour: 'opdk', managementUrl, auth: { as: 'workloadIdentity', audience } },
    'auth',
    'workloadIdentity is not for opdk, which takes basic or oauth',
  ],
  ['x without a secret', {}, 'adminSecret', 'is missing: serviceAccount needs it'],
  ['edge without a secret', { flavour: 'edge' }, 'adminSecret', 'is missing: oauth needs it'],
  ['a retireSecret alone', { retireSecret: 'b' }, 'adminSecret', 'is missing: serviceAccount needs it'],
  [
    'keyless with a secret',
    { auth: { as: 'workloadIdentity', audience }, adminSecret: 'a' },
    'adminSecret',
    'is of no use: workloadIdentity is keyless',
  ],
  [
    'keyless with a retireSecret',
    { auth: { as: 'workloadIdentity', audience }, retireSecret: 'a' },
    'retireSecret',
    'is of no use: workloadIdentity is keyless',
  ],
  [
    'an audience of another form',
    { auth: { as: 'workloadIdentity', audience: `https:${audience}` } },
    'auth.audience',
    '//iam.googleapis.com/projects/…',
  ],
  [
    'a service account that is no address',
    { auth: { as: 'workloadIdentity', audience, retireServiceAccount: 'x' } },
    'auth.retireServiceAccount',
    'Invalid email',
  ],
  [
    'a mode that does not exist',
    { auth: { as: 'apiKey' }, adminSecret: 'a' },
    'auth.as',
    'Invalid discriminator value',
  ],
  [
    'a password in the place of a name',
    { flavour: 'edge', adminSecret: '{"username":"a","password":"hunter2"}' },
    'adminSecret',
    '',
  ],
  [
    'a login server without TLS',
    { flavour: 'edge', auth: { as: 'oauth', tokenUrl: 'http://login.acme.example/oauth/token' }, adminSecret: 'a' },
    'auth.tokenUrl',
    'is not https, and allowHttp does not list login.acme.example',
  ],
  [
    'a login server with a query',
    {
      flavour: 'edge',
      auth: { as: 'oauth', tokenUrl: 'https://login.apigee.com/oauth/token?mfa_token=123456' },
      adminSecret: 'a',
    },
    'auth.tokenUrl',
    'has a query or a fragment',
  ],
  [
    "OPDK's user at Apigee's own login server",
    { flavour: 'opdk', managementUrl, auth: { as: 'oauth' }, adminSecret: 'a' },
    'auth.tokenUrl',
    "is that of Apigee's public cloud",
  ],
  [
    'an STS with credentials',
    { auth: { as: 'workloadIdentity', audience, stsUrl: 'https://a:hunter2@sts.googleapis.com/v1/token' } },
    'auth.stsUrl',
    'holds credentials',
  ],
])('refuses %s', (_, given, field, message) => {
  const error = refusal(given);

  expect(error).toMatchObject({ reason: 'misconfigured', field: `providers.main.${field}` });
  expect(error.message).toContain(`providers.main.${field}: ${message}`);
  expect(error.message).not.toContain('hunter2');
});

function refusal(given: object): PermanentError {
  try {
    parseConfig(withProvider(given));
  } catch (error) {
    if (error instanceof PermanentError) return error;
    throw error;
  }
  throw new Error('It was accepted');
}
