import { PermanentError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import { parseConfig } from './parse-config.ts';

/** A stage with one provider of API Gateway, which says so much. */
const parsed = (given: object, policy: object = {}) =>
  parseConfig(
    JSON.stringify({
      stage: 'dev',
      providers: { main: { kind: 'apigateway', ...given } },
      shapes: {},
      readers: { app: { refresh: '5m' } },
      policies: { standard: { schedule: 'rate(30 days)', readers: ['app'], ...policy } },
      routes: { default: { mail: ['a@example.com'] } },
      notifications: { mail: { from: 'Keyturn <keyturn@example.com>' } },
      runbooks: 'https://example.com',
    }),
  ).providers['main'];

function problemsOf(given: object, policy?: object): string {
  try {
    parsed(given, policy);
  } catch (error) {
    if (error instanceof PermanentError) return error.message;
    throw error;
  }
  return '';
}

test('needs nothing but its kind: it proves itself by its role', () => {
  expect(parsed({})).toMatchObject({
    usage: undefined,
    propagation: 300_000,
    revocation: 300_000,
  });
});

test('the usage data are read 30 days back, and lag an hour unless told otherwise', () => {
  expect(parsed({ usage: {} })).toMatchObject({ usage: { lag: 3_600_000, range: 30 * 86_400_000 } });
  expect(parsed({ usage: { lag: '2h' } })).toMatchObject({ usage: { lag: 7_200_000 } });
  expect(problemsOf({ usage: {} }, { unusedFor: '31d', grace: '40d', maxGrace: '40d' })).toContain('unusedFor');
});

test.each([
  ['adminSecret', { adminSecret: 'a/b' }],
  ['retireSecret', { retireSecret: 'a/b' }],
  ['endpointUrl', { endpointUrl: 'http://vpce.example' }],
  ['endpointUrl', { endpointUrl: 'https://user:password@vpce.example' }],
  ['endpointUrl', { endpointUrl: 'https://vpce.example?x=y' }],
  ['urls.api', { urls: { api: 'http://api.example' } }],
  ['probes.0.url', { probes: [{ id: 'a', url: 'nowhere', path: '/a' }] }],
  [
    'probes.0.header',
    { probes: [{ id: 'a', url: 'api', path: '/a', header: 'a b' }], urls: { api: 'https://a.example' } },
  ],
  [
    'probes.1.id',
    { probes: ['a', 'a'].map((id) => ({ id, url: 'api', path: '/a' })), urls: { api: 'https://a.example' } },
  ],
])('%s is refused where it cannot be right: %j', (field, given) => {
  expect(problemsOf(given)).toContain(`providers.main.${field}`);
});

test('a VPC endpoint without TLS has to be listed', () => {
  const endpointUrl = 'http://127.0.0.1:4567';

  expect(parsed({ endpointUrl, allowHttp: ['127.0.0.1'] })).toMatchObject({ endpointUrl });
});
