import { readFileSync } from 'node:fs';

import { authorityCertificate, expiredCertificate } from '@keyturn/http/private-authority';
import { PermanentError } from '@keyturn/rotation/errors';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';

import { expiredBundles } from './ca-bundle.ts';
import { ownProviders } from './own-providers.ts';
import { parseConfig } from './parse-config.ts';

const text = readFileSync(new URL('../../../config/example.yaml', import.meta.url), 'utf8');
const now = Date.parse('2026-12-01T00:00:00Z');
const proxy = 'http://proxy.corp.example:3128';

function withNetwork(network: object, of: 'provider' | 'notifier' = 'provider'): string {
  const file = parse(text) as { providers: { apigee: object }; notifications: object };
  Object.assign(of === 'provider' ? file.providers.apigee : file.notifications, { network });
  return stringify(file);
}

function refusal(file: string): PermanentError {
  try {
    parseConfig(file);
  } catch (error) {
    if (error instanceof PermanentError) return error;
    throw error;
  }
  throw new Error('It was accepted');
}

test.each(['provider', 'notifier'] as const)('accepts a whole network of a %s', (of) => {
  const network = {
    subnets: ['subnet-0a1b2c3d4e5f60718'],
    securityGroups: ['sg-0a1b2c3d4e5f60718'],
    proxy,
    noProxy: ['gateway.corp.example', '.internal.example', '10.0.0.1', '[fd00::1]'],
    proxySecret: 'keyturn/prod/proxy',
    caBundle: `# The company's.\n${authorityCertificate}\n${expiredCertificate}`,
  };

  const { providers, notifications } = parseConfig(withNetwork(network, of));

  expect(of === 'provider' ? ownProviders({ providers })[0]?.[1].network : notifications.network).toEqual(network);
});

test('accepts the networks that the example shows in its comments', () => {
  const shown = text
    .replaceAll(/^ {4}# (?=network:| {2})/gm, '    ')
    .replaceAll(/^ {6} {2}# .*$/gm, '')
    .replace('# network: {', 'network: {')
    .replace(/ +-----BEGIN[^]*?-----END CERTIFICATE-----/, authorityCertificate.trim().replaceAll(/^/gm, '        '));

  const { providers, notifications } = parseConfig(shown);

  expect(ownProviders({ providers })[0]?.[1].network).toMatchObject({ proxy, proxySecret: 'keyturn/prod/proxy' });
  expect(notifications.network.proxy).toBe(proxy);
});

describe('refuses', () => {
  test.each([
    ['subnets without security groups', { subnets: ['subnet-0a1b2c3d'] }, 'securityGroups', 'is missing'],
    ['security groups without subnets', { securityGroups: ['sg-0a1b2c3d'] }, 'subnets', 'is missing'],
    ['a proxy of another kind', { proxy: 'socks5://proxy.corp.example' }, 'proxy', 'is not an http or https URL'],
    ['a proxy with credentials', { proxy: 'http://me:canary@proxy.corp.example' }, 'proxy', 'holds credentials'],
    ['a proxy with a path', { proxy: `${proxy}/pac` }, 'proxy', 'no path'],
    ['a proxy with a query', { proxy: `${proxy}?canary` }, 'proxy', 'no query'],
    ['credentials without a proxy', { proxySecret: 'keyturn/proxy' }, 'proxySecret', 'is of no use'],
    ['exceptions without a proxy', { noProxy: ['a.example'] }, 'noProxy', 'is of no use'],
    ['an exception that is a URL', { proxy, noProxy: ['http://a.example'] }, 'noProxy.0', 'a host name'],
    ['an exception that is a pattern', { proxy, noProxy: ['*.a.example'] }, 'noProxy.0', 'a host name'],
    ['a bundle that is none', { caBundle: 'canary' }, 'caBundle', 'holds no certificate'],
    [
      'a certificate that is cut off',
      { caBundle: authorityCertificate + authorityCertificate.replace(/\n.{20}/, '\n') },
      'caBundle',
      'certificate 2 of 2 cannot be read',
    ],
    [
      'a private key',
      { caBundle: `${authorityCertificate}-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----` },
      'caBundle',
      'holds a private key',
    ],
    [
      'a certificate without its end',
      { caBundle: `${authorityCertificate}-----BEGIN CERTIFICATE-----\ncanary` },
      'caBundle',
      'something else',
    ],
  ])('%s, without quoting it', (_, network, field, message) => {
    for (const [of, at] of [
      ['provider', 'providers.apigee.network'],
      ['notifier', 'notifications.network'],
    ] as const) {
      const error = refusal(withNetwork(network, of));

      expect(error.message).toContain(`\n${at}.${field}: `);
      expect(error.message).toContain(message);
      expect(error.message).not.toContain('canary');
    }
  });
});

test('tells which certificates of a bundle are over, where none is left', () => {
  const expired = (caBundle: string) => [...expiredBundles(parseConfig(withNetwork({ caBundle })), now)];

  expect(expired(expiredCertificate)).toEqual([
    { field: 'providers.apigee.network.caBundle', message: 'has expired: certificate 1 on 2021-01-01' },
  ]);
  expect(expired(expiredCertificate + authorityCertificate)).toEqual([]);
});

test('a function starts with a bundle that is over', () => {
  expect(() => parseConfig(withNetwork({ caBundle: expiredCertificate }))).not.toThrow();
});
