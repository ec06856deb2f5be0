import { organization } from '@keyturn/token-api-simulator/datadog-dialect';
import { oktaScope } from '@keyturn/token-api-simulator/okta-dialect';

import type { Described } from './simulated-api.conformance.ts';
import type { Shown } from './token-fixture.conformance.ts';
import { hashOf } from './token-key.ts';

/** For tests: a shipped preset on the dialect that it is for, as a configuration names it. */
export type PresetUnderTest = { readonly described: Described; readonly shown: Shown };

const apps = ['0oa1gjh63g214q0Hq0g4', '0oa9other3g214q0Hq0g'] as const;

const okta: PresetUnderTest = {
  described: {
    simulator: { dialect: 'okta' },
    describe: ({ managementUrl }) => ({
      preset: 'okta',
      parameters: { domain: 'acme.okta.com', scope: oktaScope },
      urls: { api: managementUrl },
      targets: { known: apps },
    }),
    targets: apps,
  },
  shown: {
    target: apps[0],
    otherTarget: apps[1],
    missingTarget: '0oaNothing214q0Hq0g4',
    malformedTargets: ['0oa1', `${apps[0]}/credentials`, `${apps[0]}\n`],
    entitlements: [],
    maxKeys: 2,
    tellsSecret: true,
    lacks: ['expired'],
    keysByTarget: true,
    nameOf: () => '',
    keyIdOf: ({ secret }) => hashOf(secret),
  },
};

const datadog: PresetUnderTest = {
  described: {
    simulator: { dialect: 'datadog' },
    describe: ({ managementUrl }) => ({
      preset: 'datadog',
      urls: { api: managementUrl },
      targets: { known: ['orders', 'billing'] },
    }),
    targets: [],
  },
  shown: {
    target: 'orders',
    otherTarget: 'billing',
    missingTarget: 'nowhere',
    malformedTargets: ['two words', 'a/b', '-a'],
    entitlements: [],
    // More than a test should make.
    maxKeys: undefined,
    tellsSecret: true,
    lacks: ['disabled', 'expired'],
    apiTargetOf: () => organization,
    nameOf: (target) => target,
  },
};

const gitlab = (preset: 'gitlab' | 'gitlab-new-token'): PresetUnderTest => ({
  described: {
    simulator: { dialect: 'gitlab', scopes: ['api', 'read_api', 'read_repository'] },
    describe: ({ managementUrl }) => ({
      preset,
      urls: { api: `${managementUrl}/api/v4` },
      targets: { known: ['acme/orders', 'acme/billing', 'acme/nowhere'] },
      expiry: '90d',
    }),
    targets: ['acme/orders', 'acme/billing'],
  },
  shown: {
    target: 'acme/orders',
    otherTarget: 'acme/billing',
    missingTarget: 'acme/nowhere',
    malformedTargets: ['acme//orders', 'acme/orders/', '/acme', 'a b', 'acme/../orders', 'acme?orders'],
    entitlements: ['api', 'read_api'],
    maxKeys: undefined,
    tellsSecret: false,
    // A token that is revoked or expired is listed for the record alone.
    lacks: ['disabled', 'expired'],
    isThere: ({ enabled }) => enabled,
    marksNewKeysAlone: true,
    entitlesNewKeysAlone: true,
  },
});

const portal = (more: Readonly<Record<string, unknown>> = {}): PresetUnderTest => ({
  described: {
    simulator: { dialect: 'portal' },
    describe: ({ managementUrl, gatewayUrl }) => ({
      preset: 'developer-portal',
      parameters: { portal: managementUrl, gateway: gatewayUrl, probe: '/orders/ping' },
      targets: { known: ['orders', 'billing'] },
      urls: {},
      ...more,
    }),
    targets: ['orders', 'billing'],
  },
  shown: {
    target: 'orders',
    otherTarget: 'billing',
    missingTarget: 'nowhere',
    malformedTargets: ['two words', 'a/b', 'a?b'],
    entitlements: [],
    maxKeys: 2,
    tellsSecret: false,
    lacks: ['disabled', 'expired'],
    marksNewKeysAlone: more['requests'] === undefined,
  },
});
const label = { method: 'PUT', path: '/api/apps/{target}/keys/{keyId}', json: { label: '{label}' } };

export const presetsUnderTest = {
  'Okta, two slots': okta,
  Datadog: datadog,
  'GitLab, without overlap': gitlab('gitlab'),
  'GitLab, a new token beside the old one': gitlab('gitlab-new-token'),
  'a developer portal': portal(),
  'a developer portal whose labels can be changed': portal({ requests: { label } }),
} as const satisfies Readonly<Record<string, PresetUnderTest>>;
