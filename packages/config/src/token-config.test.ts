import { PermanentError } from '@keyturn/rotation/errors';
import { describe, expect, test } from 'vitest';

import { parseConfig } from './parse-config.ts';

const requests = {
  create: { method: 'POST', path: '/{target}/keys', json: { name: '{label}' } },
  list: { path: '/{target}/keys', items: '/keys' },
  label: { method: 'PATCH', path: '/{target}/keys/{keyId}', json: { name: '{label}' } },
  revoke: { method: 'DELETE', path: '/{target}/keys/{keyId}' },
};
const whole = {
  adminSecret: 'vendor/master',
  auth: { as: 'headers', headers: { authorization: 'Bearer {master.token}' } },
  urls: { api: 'https://api.vendor.example/v1' },
  key: { keyId: '/id', secret: '/secret', label: '/name' },
  requests,
};

/** A stage with one provider of kind token, which says so much. */
const withProvider = (given: object): string =>
  JSON.stringify({
    stage: 'dev',
    providers: { vendor: { kind: 'token', ...given } },
    shapes: {},
    readers: {},
    policies: {},
    routes: { default: { mail: ['a@example.com'] } },
    notifications: { mail: { from: 'Keyturn <keyturn@example.com>' } },
    runbooks: 'https://example.com',
  });
const parsed = (given: object) => parseConfig(withProvider(given)).providers['vendor'];
const problems = (given: object): string => {
  try {
    parsed(given);
  } catch (error) {
    if (error instanceof PermanentError) return error.message;
    throw error;
  }
  return '';
};
const without = (name: keyof typeof requests) => ({ ...requests, [name]: undefined });

test('a description of its requests is all that an API needs', () => {
  expect(parsed(whole)).toMatchObject({
    model: 'multi',
    mint: 'generated',
    secretIn: 'create',
    longestLabel: 255,
    propagation: 60_000,
    requests: { list: { method: 'GET', url: 'api' } },
  });
});

describe('what a model lacks is told by name:', () => {
  test.each<[string, object, string]>([
    ['multi without create', { requests: without('create') }, 'requests.create: is missing: model multi'],
    ['multi without list', { requests: without('list') }, 'requests.list: is missing: model multi'],
    ['two-slot without revoke', { model: 'two-slot', requests: without('revoke') }, 'requests.revoke: is missing'],
    ['none without replace', { model: 'none' }, 'requests.replace: is missing: model none'],
    ['no label and no age', { requests: without('label') }, 'requests.label: is missing, and so is key.created'],
    ['no place for a label', { key: { keyId: '/id', secret: '/s' } }, 'key.label: is missing'],
    [
      'a new key without its mark',
      { requests: { ...requests, create: { method: 'POST', path: '/keys' } } },
      'requests.create: has no {label}',
    ],
    [
      'enable without disable',
      { requests: { ...requests, enable: { method: 'PUT', path: '/on' } } },
      'requests.disable',
    ],
    ['a secret that read tells, and no read', { secretIn: 'read' }, 'requests.read: is missing'],
    ['an own secret that nobody sends', { mint: 'chosen' }, 'requests.create: has no {secret}'],
    ['no master', { adminSecret: undefined }, 'adminSecret: is missing'],
    ['no way to prove it', { auth: undefined }, 'auth: is missing'],
    ['an expiry that no request sends', { expiry: '90d' }, 'expiry: has no effect'],
    [
      'a placeholder that nobody fills',
      { requests: { ...requests, list: { path: '/{project}' } } },
      'requests.list: has {project}',
    ],
    ['a URL id that is none', { requests: { ...requests, list: { path: '/', url: 'other' } } }, 'requests.list.url'],
    ['a form that cannot be read', { targets: { form: '(' } }, 'targets.form: is no regular expression'],
    ['a target of another form', { targets: { known: ['a b'] } }, 'targets.known.0: is not of the form'],
    ['a probe of nowhere', { probes: [{ id: 'use', url: 'gateway', path: '/' }] }, 'probes.0.url'],
    ['a host without TLS', { urls: { api: 'http://api.vendor.example' } }, 'urls.api: is not https'],
    ['a path to another host', { requests: { ...requests, list: { path: '//evil.example/' } } }, 'requests.list.path'],
    ['a master that was pasted', { masters: ['xoxb-1-2-3'] }, 'masters.0: the name or ARN of a secret'],
    ['a preset that nobody knows', { preset: 'nobody' }, 'preset: '],
    ['a preset without its parameter', { preset: 'oauth', parameters: {} }, 'parameters.issuer: is missing'],
  ])('%s', (_, given, told) => {
    expect(problems({ ...whole, ...given })).toContain(`providers.vendor.${told.split(':')[0]}`);
    expect(problems({ ...whole, ...given })).toContain(told.split(':').slice(1).join(':').trim());
  });
});

test('what is given beside a preset comes first, request by request', () => {
  const revoke = { method: 'POST', path: '/clients/{keyId}/delete' };
  const config = parsed({
    adminSecret: 'oauth/admin',
    preset: 'oauth',
    parameters: { issuer: 'https://login.vendor.example', admin: 'https://admin.vendor.example' },
    requests: { revoke },
    propagation: '5m',
  });

  expect(config).toMatchObject({
    urls: { issuer: 'https://login.vendor.example', api: 'https://admin.vendor.example' },
    requests: { revoke, create: { path: '/admin/clients' } },
    propagation: 300_000,
  });
});

describe('a secret never stands in a URL:', () => {
  const probe = { id: 'use', url: 'api', path: '/ping' };
  const login = { path: '/login', form: { password: '{master.password}' } };
  test.each<[string, object, string]>([
    ['a probe', { probes: [{ ...probe, query: { key: '{secret}' } }] }, 'probes.0.query: has {secret}'],
    ['the path of a probe', { probes: [{ ...probe, path: '/{basic}/ping' }] }, 'probes.0.path: has {basic}'],
    [
      'a request',
      { requests: { ...requests, create: { ...requests.create, query: { s: '{secret}' } } } },
      'requests.create.query: has {secret}',
    ],
    [
      'what calls a key by its secret',
      {
        key: { ...whole.key, handle: '/secret' },
        requests: { ...requests, revoke: { method: 'DELETE', path: '/keys/{handle}' } },
      },
      'requests.revoke.path: has {handle}',
    ],
    [
      'a login',
      { auth: { as: 'login', login: { ...login, query: { u: '{master.user}' } } } },
      'auth.login.query: has {master.user}',
    ],
    [
      'a key id that is the secret',
      { key: { ...whole.key, keyId: '/secret' } },
      'key.keyId: is where the secret stands',
    ],
  ])('%s', (_, given, problem) => {
    expect(problems({ ...whole, ...given })).toContain(problem);
  });

  test('the token of a form may, and so may a handle that is none', () => {
    const key = { ...whole.key, handle: '/handle' };
    const revoke = { method: 'DELETE', path: '/keys/{handle}' };
    const auth = {
      as: 'login',
      login: { ...login, query: { t: '{csrf}' } },
      page: { path: '/login' },
      csrf: { cookie: 'c' },
    };

    expect(problems({ ...whole, key, auth, requests: { ...requests, revoke } })).toBe('');
  });
});

test.each([
  ['the admin secret', ['vendor/master']],
  ['one of them', ['vendor/eu', 'vendor/eu']],
])('a master that is %s already would give its targets two names', (_, masters) => {
  expect(problems({ ...whole, masters })).toContain(`masters.${masters.length - 1}: is named already`);
});
