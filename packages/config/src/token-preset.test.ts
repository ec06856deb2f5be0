import { PermanentError } from '@keyturn/rotation/errors';
import { describe, expect, test } from 'vitest';

import { parseConfig } from './parse-config.ts';
import { presetNames } from './token-preset.ts';

/** What each preset asks for, and a target has. */
const given = {
  oauth: { parameters: { issuer: 'https://auth.acme.example', admin: 'https://admin.acme.example' } },
  okta: { parameters: { domain: 'acme.okta.com', scope: 'orders.read' } },
  datadog: {},
  gitlab: { expiry: '90d' },
  'gitlab-new-token': { expiry: '90d' },
  'developer-portal': {
    parameters: { portal: 'https://portal.acme.example', gateway: 'https://api.acme.example', probe: '/orders/ping' },
  },
} as const satisfies Record<(typeof presetNames)[number], object>;

function parsed(provider: object) {
  const { providers } = parseConfig(
    JSON.stringify({
      stage: 'dev',
      providers: { vendor: { kind: 'token', adminSecret: 'vendor/master', ...provider } },
      shapes: {},
      readers: {},
      policies: {},
      routes: { default: { mail: ['a@example.com'] } },
      notifications: { mail: { from: 'Keyturn <keyturn@example.com>' } },
      runbooks: 'https://example.com',
    }),
  );
  const { vendor } = providers;
  if (vendor?.kind === 'token') return vendor;
  throw new Error('The provider is of another kind');
}

function problems(provider: object): string {
  try {
    parsed(provider);
  } catch (error) {
    if (error instanceof PermanentError) return error.message;
    throw error;
  }
  return '';
}

describe.each(presetNames)('the preset %s', (preset) => {
  test('is whole with what it asks for, and all of its addresses are HTTPS', () => {
    const config = parsed({ preset, ...given[preset] });

    expect(config.requests.list).toBeDefined();
    expect(config.probes.length).toBeGreaterThan(0);
    for (const url of Object.values(config.urls)) expect(url).toMatch(/^https:\/\//);
  });

  test('has no parameter left in it', () => {
    expect(JSON.stringify(parsed({ preset, ...given[preset] }))).not.toContain('{{');
  });

  test('names a parameter that it does not know', () => {
    const { parameters } = { parameters: {}, ...given[preset] };

    const found = problems({ preset, ...given[preset], parameters: { ...parameters, nonsense: 'x' } });

    expect(found).toContain('parameters.nonsense: is none that the preset knows');
  });
});

test.each([
  ['okta', 'domain'],
  ['okta', 'scope'],
  ['developer-portal', 'portal'],
  ['developer-portal', 'probe'],
  ['oauth', 'issuer'],
])('the preset %s names %s where it is missing', (preset, parameter) => {
  expect(problems({ preset })).toContain(`parameters.${parameter}: is missing`);
});

test.each([
  ['okta', { domain: 'https://acme.okta.com', scope: 'x' }, 'domain'],
  ['okta', { domain: 'acme.okta.com/elsewhere', scope: 'x' }, 'domain'],
  ['datadog', { site: 'datadoghq.com@evil.example' }, 'site'],
  ['gitlab', { host: 'gitlab.com/evil' }, 'host'],
])('the preset %s takes no address for a name: %o', (preset, parameters, field) => {
  expect(problems({ preset, parameters, expiry: '90d' })).toContain(`parameters.${field}: is not of the form`);
});

test('GitLab without an expiry would make tokens that live a week: it has to be given', () => {
  expect(problems({ preset: 'gitlab' })).toContain('expiry: is missing');
});

test('what is given comes before what the preset says, request by request', () => {
  const label = { method: 'PUT', path: '/own/{keyId}', json: { label: '{label}' } };

  const config = parsed({ preset: 'developer-portal', ...given['developer-portal'], requests: { label } });

  expect(config.requests.label?.path).toBe('/own/{keyId}');
  expect(config.requests.create?.path).toBe('/api/apps/{target}/keys');
});
